// Where the benchmarks send to: answers every HTTP request that has no body, on one thread, and keeps when each came.
//
//   receiver [--sql] [--first] [--arrivals] [--stamps FILE]
// listens on a free port of 127.0.0.1 and prints it. --sql: it is a MySQL server, and queries are what it keeps the times of.
// --first: before everything that is not real time. --arrivals: a request came when the kernel had it, not when we woke up.
// SIGTERM ends it; then it writes FILE: for each request when it came and when its answer was handed to the kernel, in the
// order in which they were read. Exit code 1 when there were more requests than it has room for.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "probes/priority.h"
#include "tests/benchmarks/arrival.h"
#include "tests/benchmarks/sql_talk.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;
using benchmark::Stamp;

// Linux lets 4,096 connections wait on one socket that listens; in a stall of 5 s at 1,000/s there are more.
constexpr int kListeners = 4, kBacklog = 4096;
constexpr int kAtOnce = 16;  // accepted from one of them before the others' turn, so that who came first is answered first
constexpr std::size_t kMostStamps = 2'000'000;
constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kKept =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nok\n";
constexpr std::string_view kLast =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

int checked(int result, const char* doing) {
  if (result < 0) throw_errno(doing, errno);
  return result;
}

// Does this connection go on after the request? `text` begins with it.
bool keeps(const std::string& text) {
  const bool old = text.find("HTTP/1.0\r\n") < text.find('\n');
  if (old) return ::strcasestr(text.c_str(), "\r\nconnection: keep-alive") != nullptr;
  return ::strcasestr(text.c_str(), "\r\nconnection: close") == nullptr;
}

class Receiver {
 public:
  Receiver(bool stamped, bool sql, bool arrivals) : sql_(sql), arrivals_(arrivals), stamps_(stamped ? kMostStamps : 0) {
    sigset_t end;
    ::sigemptyset(&end);
    ::sigaddset(&end, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &end, nullptr);
    signal_ = checked(::signalfd(-1, &end, SFD_CLOEXEC), "waiting for signals");
    watch(signal_);
    for (int& listener : listeners_) {
      listener = listen_on(port_);
      if (arrivals_) benchmark::stamp_arrivals(listener);
      watch(listener);
    }
  }

  std::uint16_t port() const { return port_; }

  void serve() {
    std::array<epoll_event, 256> ready;
    for (;;) {
      // SIGCONT interrupts it: then nothing is ready.
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
      const Time woken = real_clock().now();
      for (int i = 0; i < count; ++i) {
        const int fd = ready[static_cast<std::size_t>(i)].data.fd;
        if (fd == signal_) return;
        if (listens(fd))
          accept_some(fd);
        else
          read(fd, woken);
      }
    }
  }

  // Of all requests; throws Error(unmet) when there were more than there is room for.
  std::vector<Stamp> stamps() {
    if (requests_ > stamps_.size()) throw Error(ErrorKind::unmet, "keeping when requests came", "there were too many");
    stamps_.resize(requests_);
    return std::move(stamps_);
  }

 private:
  // Several sockets share one port; 0 makes a new one.
  static int listen_on(std::uint16_t& port) {
    const int fd = checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "opening a socket");
    const int yes = 1;
    checked(::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), "sharing a port");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    checked(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), "binding to 127.0.0.1");
    checked(::listen(fd, kBacklog), "listening");
    checked(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), "asking for the port");
    port = ntohs(address.sin_port);
    return fd;
  }

  bool listens(int fd) const {
    for (const int listener : listeners_)
      if (fd == listener) return true;
    return false;
  }

  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "watching a socket");
  }

  // The request is usually there already.
  void accept_some(int listener) {
    for (int i = 0; i < kAtOnce; ++i) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      if (pending_.size() <= static_cast<std::size_t>(fd)) pending_.resize(static_cast<std::size_t>(fd) + 1);
      pending_[static_cast<std::size_t>(fd)].clear();
      watch(fd);
      if (sql_) send(fd, greeting_);
      read(fd, real_clock().now());
    }
  }

  // `woken`: it was there by then.
  void read(int fd, Time woken) {
    std::array<char, 16384> bytes;
    const auto [size, arrived] = benchmark::receive(fd, bytes.data(), bytes.size(), offset_);
    const Time came = arrived.value_or(woken);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return void(::close(fd));
    std::string& text = pending_[static_cast<std::size_t>(fd)];
    text.append(bytes.data(), static_cast<std::size_t>(size));
    if (!(sql_ ? answer_packets(fd, text, came) : answer_requests(fd, text, came))) ::close(fd);
  }

  // False, as with those below: the connection is over.
  bool answer_requests(int fd, std::string& text, Time came) {
    for (std::size_t end; (end = text.find(kEnd)) != std::string::npos;) {
      const bool keep = keeps(text);
      stamp(came);
      if (!send(fd, keep ? kKept : kLast) || !keep) return false;
      text.erase(0, end + kEnd.size());
    }
    return true;
  }

  bool answer_packets(int fd, std::string& text, Time came) {
    while (const auto packet = benchmark::first_packet(text)) {
      const benchmark::SqlReply reply = benchmark::reply_to(*packet);
      if (reply.counts) stamp(came);
      if (reply.bytes.empty() || !send(fd, reply.bytes)) return false;
      text.erase(0, packet->size());
    }
    return true;
  }

  void stamp(Time came) {
    if (requests_ < stamps_.size()) stamps_[requests_] = {came, real_clock().now()};
    ++requests_;
  }

  static bool send(int fd, std::string_view text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  const bool sql_, arrivals_;
  const Time offset_ = benchmark::real_minus_monotonic();
  const std::string greeting_ = mysql_words::packet(0, mysql_words::greeting());

  int epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "making an epoll");
  int signal_ = -1;
  std::uint16_t port_ = 0;
  std::array<int, kListeners> listeners_{};
  std::vector<std::string> pending_;  // by descriptor: what has come of the next request
  std::vector<Stamp> stamps_;
  std::size_t requests_ = 0;
};

int run(int count, char** words) {
  bool first = false, sql = false, arrivals = false;
  std::filesystem::path file;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--first")
      first = true;
    else if (word == "--sql")
      sql = true;
    else if (word == "--arrivals")
      arrivals = true;
    else if (word == "--stamps" && i + 1 < count)
      file = words[++i];
    else
      throw Error(ErrorKind::usage, "", "receiver [--sql] [--first] [--arrivals] [--stamps FILE]");
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  benchmark::raise_open_files();
  Receiver receiver(!file.empty(), sql, arrivals);
  if (first) claim_processor("receiver");
  std::cout << receiver.port() << std::endl;
  receiver.serve();
  if (!file.empty()) benchmark::write_stamps(file, receiver.stamps());
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count, words);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
