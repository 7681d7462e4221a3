#include "probes/name_lookup.h"

#include <netdb.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace blackstart {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kMostThreads = 64;

// The same errors, and words, as those of Asio's resolver.
error_code error_of(int code, int number) {
  switch (code) {
    case 0: return {};
    case EAI_AGAIN: return asio::error::host_not_found_try_again;
    case EAI_BADFLAGS: return asio::error::invalid_argument;
    case EAI_FAIL: return asio::error::no_recovery;
    case EAI_FAMILY: return asio::error::address_family_not_supported;
    case EAI_MEMORY: return asio::error::no_memory;
    case EAI_NONAME:
    case EAI_ADDRFAMILY:
    case EAI_NODATA: return asio::error::host_not_found;
    case EAI_SERVICE: return asio::error::service_not_found;
    case EAI_SOCKTYPE: return asio::error::socket_type_not_supported;
    default: return {number, asio::error::get_system_category()};
  }
}

// A loop, as long as there is one: another thread may post to it under the mutex.
struct Door {
  std::mutex mutex;
  asio::io_context* io = nullptr;
};

// No signal is taken by the threads that are begun meanwhile.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

// Held by who asks and by the thread that answers.
struct NameLookup::Question {
  std::string host;
  std::uint16_t port = 0;
  std::shared_ptr<Door> door;
  std::atomic<bool> dropped = false;
  asio::steady_timer* wake = nullptr;  // the loop's thread only, as the next two
  bool answered = false;
  NameAnswer answer;
};

// Closes the door before the loop goes: the loop shuts its services down first of all.
class NameLookup::Loop final : public asio::execution_context::service {
 public:
  using key_type = Loop;
  static inline asio::execution_context::id id;
  explicit Loop(asio::io_context& io) : service(io), door(std::make_shared<Door>()) { door->io = &io; }
  void shutdown() noexcept override {
    const std::lock_guard lock(door->mutex);
    door->io = nullptr;
  }
  const std::shared_ptr<Door> door;
};

// Never ends: a thread that hangs in getaddrinfo() can't be cancelled, and nobody is to wait for it, not even exit().
class NameLookup::Threads {
 public:
  static Threads& all() {
    static Threads* const threads = new Threads;  // NOLINT(cppcoreguidelines-owning-memory)
    return *threads;
  }

  void use(GetAddresses get) {
    const std::lock_guard lock(mutex_);
    get_ = std::make_shared<const GetAddresses>(std::move(get));
  }

  // Whether there is a thread that will answer.
  bool add(std::shared_ptr<Question> question) {
    const std::lock_guard lock(mutex_);
    if (idle_ <= waiting_.size() && threads_ < kMostThreads) grow();
    if (threads_ == 0) return false;
    waiting_.push_back(std::move(question));
    more_.notify_one();
    return true;
  }

 private:
  void grow() {
    const NoSignals during;
    try {
      std::thread([this] { run(); }).detach();
      ++threads_;
    } catch (const std::system_error&) {  // no room for one more: those that are there have to do
    }
  }

  [[noreturn]] void run() {
    for (;;) {
      const auto [question, get] = next();
      if (!question->dropped) answer(question, *get);
    }
  }

  std::pair<std::shared_ptr<Question>, std::shared_ptr<const GetAddresses>> next() {
    std::unique_lock lock(mutex_);
    ++idle_;
    more_.wait(lock, [this] { return !waiting_.empty(); });
    --idle_;
    auto question = std::move(waiting_.front());
    waiting_.pop_front();
    return {std::move(question), get_};
  }

  static void answer(const std::shared_ptr<Question>& question, const GetAddresses& get) {
    NameAnswer found = get(question->host, question->port);
    const std::lock_guard lock(question->door->mutex);
    if (question->dropped || question->door->io == nullptr) return;
    asio::post(*question->door->io, [question, found = std::move(found)]() mutable {
      question->answer = std::move(found);
      question->answered = true;
      if (question->wake != nullptr) question->wake->cancel();
    });
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::shared_ptr<Question>> waiting_;
  std::size_t threads_ = 0, idle_ = 0;
  std::shared_ptr<const GetAddresses> get_ = std::make_shared<const GetAddresses>(get_addresses);
};

NameAnswer get_addresses(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  addrinfo* first = nullptr;
  const int code = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &first);
  NameAnswer answer{error_of(code, errno), {}};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(code == 0 ? first : nullptr, ::freeaddrinfo);
  for (const addrinfo* entry = all.get(); entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint to;
    if (entry->ai_addrlen > to.capacity()) continue;
    to.resize(entry->ai_addrlen);
    std::memcpy(to.data(), entry->ai_addr, entry->ai_addrlen);
    answer.endpoints.push_back(to);
  }
  return answer;
}

void NameLookup::ask_by(GetAddresses get) { Threads::all().use(std::move(get)); }

NameLookup::NameLookup(asio::io_context& io) : io_(io), wake_(io) {}

asio::awaitable<NameAnswer> NameLookup::ask(std::string host, std::uint16_t port) {
  const auto question = std::make_shared<Question>();
  question->host = std::move(host);
  question->port = port;
  question->door = asio::use_service<Loop>(io_).door;
  question->wake = &wake_;
  cancel();
  question_ = question;
  wake_.expires_at(asio::steady_timer::time_point::max());
  if (!Threads::all().add(question)) co_return NameAnswer{asio::error::no_memory, {}};
  error_code ignored;
  while (!question->answered && !question->dropped) {
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (question->dropped) co_return NameAnswer{asio::error::operation_aborted, {}};
  co_return std::move(question->answer);
}

void NameLookup::cancel() {
  if (!question_) return;
  question_->dropped = true;
  question_->wake = nullptr;
  question_.reset();
  wake_.cancel();
}

}  // namespace blackstart
