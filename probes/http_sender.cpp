#include "probes/http_sender.h"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

#include "probes/deadlines.h"
#include "probes/http_text.h"
#include "probes/http_wire.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kMostHeader = 64 << 10;
constexpr int kMostInterim = 8;  // answers 1xx that may precede the real one

}  // namespace

struct HttpSender::Impl {
  Impl(asio::io_context& io_, const HttpSettings& settings_)
      : io(io_), settings(settings_), pool(settings_.most_kept), deadlines(std::make_shared<Deadlines>(io_)) {
    if (!settings.ca_file.empty()) need_trust();
  }
  // This machine's own certificates are not read for those who ask without TLS.
  void need_trust() {
    if (!trust) trust = trusting(settings.ca_file);
  }
  asio::io_context& io;
  HttpSettings settings;
  std::shared_ptr<asio::ssl::context> trust;  // null before there was an address with TLS
  HttpPool pool;
  std::shared_ptr<Deadlines> deadlines;
};

struct HttpSender::Prepared {
  Url url;
  std::string text;
  bool kept = false, head = false;
  Wanted wanted;
  HttpPool::Idle* idle = nullptr;  // of the sender that prepared it
};

// One request under way. The wire that it asks on holds it, and before that its coroutine; whoever is first to know the outcome
// tells it.
class HttpSender::Exchange final : public HttpWire::Asker,
                                   public Deadlines::Waiting,
                                   public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<Impl> sender, std::shared_ptr<const Prepared> request, HttpClient::Done done)
      : sender_(std::move(sender)), request_(std::move(request)), done_(std::move(done)) {}
  ~Exchange() override { wait_no_more(); }

  void begin(Duration limit) {
    const auto now = Deadlines::Clock::now();
    end_ = now + limit;
    auto wire = request_->kept ? HttpPool::take(*request_->idle, now) : nullptr;
    if (wire) return ask(std::move(wire));
    const auto patience = now + sender_->settings.connect_timeout;
    wait_until(std::min(end_, patience), end_ <= patience ? kTimedOut : kNoConnection);
    opening_ = std::make_shared<HttpWire>(sender_->io, request_->url, sender_->trust.get());
    asio::co_spawn(
        sender_->io, [self = shared_from_this()] { return self->connect(); }, asio::detached);
  }

  void hear(const error_code& error) override { error ? ended(error) : parse(); }

  void too_late() override {
    waits_ = false;
    fail(late_, late_ == kTimedOut ? "no answer in time" : "no connection in time");
  }

 private:
  void wait_until(Deadlines::Clock::time_point at, OperationError error) {
    wait_no_more();
    late_ = error;
    place_ = sender_->deadlines->add(at, *this);
    waits_ = true;
  }

  void wait_no_more() {
    if (waits_) sender_->deadlines->remove(place_);
    waits_ = false;
  }

  asio::awaitable<void> connect() {
    co_await asio::post(asio::use_awaitable);  // what fails at once is told from the loop, too
    if (over_) co_return;
    TcpTrouble trouble = co_await opening_->open();
    if (over_) co_return;
    if (trouble.error != 0) co_return fail(trouble);
    ask(std::exchange(opening_, nullptr));
  }

  // From here on nobody knows how far the request came.
  void ask(std::shared_ptr<HttpWire> wire) {
    wait_until(end_, kTimedOut);
    answer_.sent = true;
    expect_answer();
    wire_ = wire.get();
    wire->ask(shared_from_this(), {request_, &request_->text});
  }

  void expect_answer() {
    forget_answer();
    parser_.emplace(answer_, request_->wanted.headers, request_->wanted.body);
    parser_->body_limit(sender_->settings.most_body);
    parser_->header_limit(kMostHeader);
    parser_->skip(request_->head);
  }

  void forget_answer() {
    answer_.status = 0;
    answer_.headers.clear();
    answer_.body.clear();
  }

  void parse() {
    auto& heard = wire_->heard();
    while (heard.size() > 0) {
      error_code problem;
      heard.consume(parser_->put(heard.cdata(), problem));
      if (problem == http::error::need_more) return;
      if (problem) return break_off(problem);
      if (!parser_->is_done()) continue;
      if (answer_.status >= 200) return take(parser_->keep_alive() && heard.size() == 0);
      if (++interim_ > kMostInterim) return fail(kWrongAnswer, "nothing but interim answers");
      expect_answer();
    }
  }

  // Where no length is told, the end of the connection is that of the answer.
  void ended(error_code error) {
    if (error == asio::error::eof) {
      error = http::error::end_of_stream;
      if (parser_->got_some()) parser_->put_eof(error);
      if (!error && answer_.status < 200) error = http::error::end_of_stream;  // interim, and nothing can follow
    }
    error ? break_off(error) : take(false);
  }

  // A server that does not want to read all of the request may have answered all the same; when it has not, that is the reason.
  void break_off(const error_code& error) { fail(trouble_of(wire_->unsent() ? wire_->unsent() : error)); }

  void take(bool lasts) {
    if (request_->kept && lasts && wire_->sent())
      sender_->pool.give_back(*request_->idle, std::exchange(wire_, nullptr)->shared_from_this(), Deadlines::Clock::now());
    finish();
  }

  void fail(const TcpTrouble& trouble) { fail(trouble.error, trouble.message); }
  void fail(std::uint16_t error, const std::string& message) {
    forget_answer();
    answer_.error = error;
    answer_.message = message;
    finish();
  }

  void finish() {
    const auto self = shared_from_this();
    over_ = true;
    wait_no_more();
    // What is under way there comes back as aborted.
    if (opening_) opening_->close();
    if (wire_) std::exchange(wire_, nullptr)->close();
    std::exchange(done_, nullptr)(std::move(answer_));
  }

  const std::shared_ptr<Impl> sender_;
  const std::shared_ptr<const Prepared> request_;
  HttpClient::Done done_;
  Deadlines::Clock::time_point end_;
  Deadlines::Place place_{};  // while it waits
  bool waits_ = false;
  OperationError late_ = kTimedOut;  // what it is when the time is up
  std::shared_ptr<HttpWire> opening_;
  HttpWire* wire_ = nullptr;  // it holds us
  HttpAnswer answer_;
  std::optional<HttpAnswerParser> parser_;
  int interim_ = 0;
  bool over_ = false;
};

HttpSender::HttpSender(asio::io_context& io, const HttpSettings& settings) : impl_(std::make_shared<Impl>(io, settings)) {}

HttpSender::~HttpSender() = default;

std::shared_ptr<const HttpSender::Prepared> HttpSender::prepare(HttpRequest request, HttpClient::Connection connection,
                                                                const Wanted& wanted) {
  const bool kept = connection == HttpClient::Connection::kept;
  if (request.url.tls) impl_->need_trust();
  auto prepared = std::make_shared<Prepared>();
  prepared->url = request.url;
  prepared->kept = kept;
  prepared->head = request.method == "HEAD";
  prepared->wanted = wanted;
  prepared->idle = &impl_->pool.of(request.url.origin());
  prepared->text = text_of(std::move(request), kept);
  return prepared;
}

void HttpSender::send(std::shared_ptr<const Prepared> request, Duration limit, HttpClient::Done done) {
  std::make_shared<Exchange>(impl_, std::move(request), std::move(done))->begin(limit);
}

}  // namespace blackstart
