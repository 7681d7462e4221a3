#include "probes/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <cctype>

#include "probes/http_wire.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kMostHeader = 64 << 10;
constexpr int kMostInterim = 8;  // answers 1xx that may precede the real one

bool same_letters(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return low(x) == low(y); });
}

http::request<http::string_body> on_the_wire(const HttpRequest& request, bool keep) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.url.path);
  message.set(http::field::host, request.url.authority());
  message.set(http::field::user_agent, "blackstart");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.keep_alive(keep);
  message.body() = request.body;
  if (request.writes() || !request.body.empty()) message.prepare_payload();
  return message;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  for (const auto& [key, value] : headers)
    if (same_letters(key, name)) return value;
  return "";
}

struct HttpClient::Impl {
  Impl(asio::io_context& io_, const HttpSettings& settings_)
      : io(io_), settings(settings_), trust(trusting(settings_.ca_file)), pool(settings_.most_kept) {}
  asio::io_context& io;
  HttpSettings settings;
  asio::ssl::context trust;
  HttpPool pool;
};

// One request under way. Its coroutine and its timers hold it alive; whoever is first to know the outcome tells it.
class HttpClient::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<Impl> client, HttpRequest request, Connection connection, Done done)
      : client_(std::move(client)),
        request_(std::move(request)),
        kept_(connection == Connection::kept),
        done_(std::move(done)),
        end_(client_->io),
        connecting_(client_->io) {}

  void begin(Duration limit) {
    expire(end_, limit, kTimedOut, "no answer in time");
    expire(connecting_, std::min(limit, client_->settings.connect_timeout),
           limit <= client_->settings.connect_timeout ? kTimedOut : kNoConnection, "no connection in time");
    asio::co_spawn(
        client_->io, [self = shared_from_this()] { return self->run(); }, asio::detached);
  }

 private:
  void expire(asio::steady_timer& timer, Duration after, OperationError error, const char* message) {
    timer.expires_after(after);
    timer.async_wait([self = shared_from_this(), &timer, error, message](error_code cancelled) {
      // Its wait may have ended in the same round in which the timer was cancelled.
      if (!cancelled && timer.expiry() <= asio::steady_timer::clock_type::now()) self->fail(error, message);
    });
  }

  asio::awaitable<void> run() {
    co_await asio::post(asio::use_awaitable);
    if (kept_) wire_ = client_->pool.take(request_.url.origin());
    if (!wire_ && !over_) co_await connect();
    if (!over_) end_of_connecting();
    if (!over_) co_await ask();
  }

  void end_of_connecting() {
    connecting_.expires_at(asio::steady_timer::time_point::max());
    connecting_.cancel();
  }

  asio::awaitable<void> connect() {
    wire_ = std::make_unique<HttpWire>(client_->io, request_.url, client_->trust);
    TcpTrouble trouble = co_await wire_->open();
    if (trouble.error != 0) fail(trouble.error, trouble.message);
  }

  asio::awaitable<void> ask() {
    answer_.sent = true;  // from here on nobody knows how far it came
    const auto message = on_the_wire(request_, kept_);
    error_code error;
    co_await wire_->write(message, error);
    // A server that does not want to read all of it may have answered all the same.
    const error_code unwritten = error;
    for (int interim = 0; !over_ && interim <= kMostInterim; ++interim) {
      http::response_parser<http::string_body> parser;
      parser.body_limit(client_->settings.most_body);
      parser.header_limit(kMostHeader);
      parser.skip(request_.method == "HEAD");
      co_await wire_->read(parser, error);
      if (over_) co_return;
      if (error) co_return fail(trouble_of(unwritten ? unwritten : error));
      if (parser.get().result_int() >= 200) co_return take(parser.get(), unwritten);
    }
    if (!over_) fail(kWrongAnswer, "nothing but interim answers");
  }

  void take(http::response<http::string_body>& message, error_code unwritten) {
    answer_.status = static_cast<int>(message.result_int());
    for (const auto& field : message) answer_.headers.emplace_back(field.name_string(), field.value());
    answer_.body = std::move(message.body());
    if (kept_ && message.keep_alive() && !unwritten && wire_->quiet())
      client_->pool.give_back(request_.url.origin(), std::move(wire_));
    finish();
  }

  void fail(const TcpTrouble& trouble) { fail(trouble.error, trouble.message); }
  void fail(std::uint16_t error, const std::string& message) {
    if (over_) return;
    answer_.error = error;
    answer_.message = message;
    finish();
  }

  void finish() {
    over_ = true;
    end_.cancel();
    end_of_connecting();
    if (wire_) wire_->close();  // what the coroutine waits for comes back as aborted
    std::exchange(done_, nullptr)(std::move(answer_));
  }

  std::shared_ptr<Impl> client_;
  HttpRequest request_;
  const bool kept_;
  Done done_;
  asio::steady_timer end_, connecting_;
  std::unique_ptr<HttpWire> wire_;
  HttpAnswer answer_;
  bool over_ = false;
};

HttpClient::HttpClient(asio::io_context& io, const HttpSettings& settings) : impl_(std::make_shared<Impl>(io, settings)) {}

HttpClient::~HttpClient() = default;

void HttpClient::send(HttpRequest request, Connection connection, Duration limit, Done done) {
  std::make_shared<Exchange>(impl_, std::move(request), connection, std::move(done))->begin(limit);
}

}  // namespace blackstart
