#include "probes/http_wire.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <cerrno>

#include "base/error.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kMostAtOnce = 64 << 10;           // bytes that one read may bring
constexpr auto kTurns = std::chrono::milliseconds(20);  // a loop that is at work has turned within that time

// A plain HTTP server's answer, read as a record of TLS.
bool speaks_no_tls(const error_code& error) {
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

// The handshake's own words: OpenSSL's "certificate verify failed" doesn't say why.
TcpTrouble untrusted(SSL* session, const error_code& error) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict != X509_V_OK) return {kUntrusted, fmt::format("certificate: {}", X509_verify_cert_error_string(verdict))};
  if (error.category() != asio::error::get_ssl_category())
    return {kBroken, fmt::format("in the TLS handshake: {}", error.message())};
  if (speaks_no_tls(error)) return {kWrongAnswer, fmt::format("it does not speak TLS: {}", error.message())};
  return {kUntrusted, error.message()};
}

std::shared_ptr<asio::ssl::context> read_trust(const std::string& ca_file) {
  auto trust = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(trust->native_handle(), TLS1_2_VERSION);
  trust->set_verify_mode(asio::ssl::verify_peer);
  error_code error;
  if (ca_file.empty())
    trust->set_default_verify_paths(error);
  else
    trust->load_verify_file(ca_file, error);
  if (error)
    throw Error(ErrorKind::bad_file, fmt::format("reading the CA certificates in '{}'", ca_file), error.message(),
                "'cacert' must name a readable file of certificates in PEM form");
  return trust;
}

}  // namespace

TcpTrouble trouble_of(const error_code& error) {
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  const bool garbage = error.category() == make_error_code(http::error::bad_version).category() && !ended;
  return {static_cast<std::uint16_t>(garbage ? kWrongAnswer : kBroken), error.message()};
}

std::shared_ptr<asio::ssl::context> trusting(const std::string& ca_file) {
  if (!ca_file.empty()) return read_trust(ca_file);
  static const auto machine = read_trust("");  // nobody changes it afterwards: then OpenSSL lets threads share it
  return machine;
}

HttpWire::HttpWire(asio::io_context& io, const Url& url, asio::ssl::context* trust) : url_(url), dial_(io) {
  if (!url.tls) return;
  tls_.emplace(dial_.socket(), *trust);
  tls_->set_verify_callback(asio::ssl::host_name_verification(url.host));
}

asio::awaitable<TcpTrouble> HttpWire::open() {
  TcpTrouble trouble = co_await dial_.open(url_.host, static_cast<std::uint16_t>(url_.port));
  if (trouble.error == 0 && tls_) co_return co_await shake_hands();
  co_return trouble;
}

asio::awaitable<TcpTrouble> HttpWire::shake_hands() {
  error_code error;
  asio::ip::make_address(url_.host, error);
  // Names only: RFC 6066 has no addresses there.
  if (error) SSL_set_tlsext_host_name(tls_->native_handle(), url_.host.c_str());
  co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return untrusted(tls_->native_handle(), error);
  co_return TcpTrouble{};
}

void HttpWire::ask(std::shared_ptr<Asker> asker, std::shared_ptr<const std::string> text) {
  asker_ = std::move(asker);
  unsent_ = {};
  const std::size_t count = tls_ ? 0 : send_now(*text);
  if (!unsent_ && count < text->size()) send_rest(std::move(text), count);
  if (!reading_) read();
}

// As much as the kernel takes at once: mostly all of it, and then nothing has to wait for the loop.
std::size_t HttpWire::send_now(const std::string& text) {
  const ssize_t count = ::send(dial_.socket().native_handle(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno != EAGAIN && errno != EINTR) unsent_ = error_code(errno, asio::error::get_system_category());
  return 0;
}

void HttpWire::send_rest(std::shared_ptr<const std::string> text, std::size_t from) {
  writing_ = true;
  const auto rest = asio::buffer(text->data() + from, text->size() - from);
  auto then = [self = shared_from_this(), text = std::move(text)](const error_code& error, std::size_t) {
    self->writing_ = false;
    self->unsent_ = error;
  };
  if (tls_)
    asio::async_write(*tls_, rest, std::move(then));
  else
    asio::async_write(dial_.socket(), rest, std::move(then));
}

void HttpWire::read() {
  reading_ = true;
  const auto room = heard_.prepare(at_once_);
  auto then = [self = shared_from_this()](const error_code& error, std::size_t count) { self->came(error, count); };
  if (tls_)
    tls_->async_read_some(room, std::move(then));
  else
    dial_.socket().async_read_some(room, std::move(then));
}

void HttpWire::came(const error_code& error, std::size_t count) {
  reading_ = false;
  heard_.commit(count);
  if (count == at_once_) at_once_ = std::min(2 * at_once_, kMostAtOnce);
  if (closed()) return;
  if (!asker_) return close();
  const auto asker = asker_;  // it may let go of this wire, and somebody else ask on it
  asker->hear(error);
  if (error || closed() || reading_) return;
  // What came right behind the answer would be told only after a request that is due now, and as its answer.
  if (!asker_ && !quiet()) return close();
  read();
}

void HttpWire::rest(time_point now) {
  asker_.reset();
  resting_since_ = now;
}

// The read that is under way has seen what a turning loop can see. Somebody who lets the loop stand between two questions has
// to look himself.
bool HttpWire::usable(time_point now) {
  if (closed()) return false;
  return (reading_ && now - resting_since_ < kTurns) || quiet();
}

bool HttpWire::quiet() {
  if (heard_.size() > 0 || (tls_ && SSL_pending(tls_->native_handle()) > 0)) return false;
  char byte;
  return ::recv(dial_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

void HttpWire::close() {
  dial_.close();
  asker_.reset();
}

HttpPool::~HttpPool() {
  for (auto& [origin, idle] : idle_)
    for (const auto& wire : idle) wire->close();  // its read would keep it
}

std::shared_ptr<HttpWire> HttpPool::take(Idle& idle, time_point now) {
  while (!idle.empty()) {
    auto wire = std::move(idle.back());
    idle.pop_back();
    if (wire->usable(now)) return wire;
    wire->close();
  }
  return nullptr;
}

void HttpPool::give_back(Idle& idle, std::shared_ptr<HttpWire> wire, time_point now) const {
  wire->rest(now);
  if (idle.size() >= most_)
    idle.erase(std::remove_if(idle.begin(), idle.end(), [](const auto& one) { return one->closed(); }), idle.end());
  if (idle.size() >= most_) return wire->close();
  idle.push_back(std::move(wire));
}

}  // namespace blackstart
