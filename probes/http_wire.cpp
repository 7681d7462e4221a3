#include "probes/http_wire.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/http/error.hpp>
#include <cerrno>

#include "base/error.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

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

}  // namespace

TcpTrouble trouble_of(const error_code& error) {
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  const bool garbage = error.category() == make_error_code(http::error::bad_version).category() && !ended;
  return {static_cast<std::uint16_t>(garbage ? kWrongAnswer : kBroken), error.message()};
}

asio::ssl::context trusting(const std::string& ca_file) {
  asio::ssl::context trust(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(trust.native_handle(), TLS1_2_VERSION);
  trust.set_verify_mode(asio::ssl::verify_peer);
  error_code error;
  if (ca_file.empty())
    trust.set_default_verify_paths(error);
  else
    trust.load_verify_file(ca_file, error);
  if (error)
    throw Error(ErrorKind::bad_file, fmt::format("reading the CA certificates in '{}'", ca_file), error.message(),
                "'cacert' must name a readable file of certificates in PEM form");
  return trust;
}

HttpWire::HttpWire(asio::io_context& io, const Url& url, asio::ssl::context& trust) : url_(url), dial_(io) {
  if (!url.tls) return;
  tls_.emplace(dial_.socket(), trust);
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

bool HttpWire::quiet() {
  if (dial_.closed() || buffer_.size() > 0 || (tls_ && SSL_pending(tls_->native_handle()) > 0)) return false;
  char byte;
  return ::recv(dial_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::unique_ptr<HttpWire> HttpPool::take(const std::string& origin) {
  auto& idle = idle_[origin];
  while (!idle.empty()) {
    auto wire = std::move(idle.back());
    idle.pop_back();
    if (wire->quiet()) return wire;
  }
  return nullptr;
}

void HttpPool::give_back(const std::string& origin, std::unique_ptr<HttpWire> wire) {
  auto& idle = idle_[origin];
  if (idle.size() < most_) idle.push_back(std::move(wire));
}

}  // namespace blackstart
