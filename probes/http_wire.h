// One connection of an HttpClient, plain or with TLS, and the pool of those that are idle.
//
// Purpose: what stands between HTTP messages and a socket; included by http_client.cpp and http_wire.cpp only, as it brings
// Asio and Beast along. Ownership: a wire owns its socket. Thread rule: the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/http_url.h"
#include "probes/tcp_dial.h"

namespace blackstart {

// Of a connection that was open.
TcpTrouble trouble_of(const boost::system::error_code& error);

// Whom to trust; throws Error(bad_file) for a CA file that can't be used.
boost::asio::ssl::context trusting(const std::string& ca_file);

class HttpWire {
 public:
  HttpWire(boost::asio::io_context& io, const Url& url, boost::asio::ssl::context& trust);

  // Connects, and shakes hands where the URL wants TLS.
  boost::asio::awaitable<TcpTrouble> open();
  // The other side has sent nothing since, and has not closed.
  bool quiet();
  // Ends whatever is under way.
  void close() { dial_.close(); }

  template <class Message>
  boost::asio::awaitable<void> write(const Message& message, boost::system::error_code& error) {
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    if (tls_)
      co_await boost::beast::http::async_write(*tls_, message, token);
    else
      co_await boost::beast::http::async_write(dial_.socket(), message, token);
  }

  template <class Parser>
  boost::asio::awaitable<void> read(Parser& parser, boost::system::error_code& error) {
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    if (tls_)
      co_await boost::beast::http::async_read(*tls_, buffer_, parser, token);
    else
      co_await boost::beast::http::async_read(dial_.socket(), buffer_, parser, token);
  }

 private:
  boost::asio::awaitable<TcpTrouble> shake_hands();

  Url url_;
  TcpDial dial_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::beast::flat_buffer buffer_;
};

// Idle connections by origin; the one that came last goes first.
class HttpPool {
 public:
  explicit HttpPool(std::size_t most) : most_(most) {}
  // Null when there is none whose server is still there, as far as its socket tells.
  std::unique_ptr<HttpWire> take(const std::string& origin);
  void give_back(const std::string& origin, std::unique_ptr<HttpWire> wire);

 private:
  std::size_t most_;
  std::map<std::string, std::vector<std::unique_ptr<HttpWire>>> idle_;
};

}  // namespace blackstart
