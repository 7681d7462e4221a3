// A small HTTP server on loopback that behaves as badly as a test wants.
//
// Purpose: what clients must survive: stalls, resets, half answers, garbage, other people's certificates. Ownership: owns its
// threads and sockets. Thread rule: the handler is called from many threads, one at a time.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/process.h"
#include "tests/support/folder.h"

namespace blackstart::test {

struct HttpSeen {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // names in small letters
  int connection = 0;                          // counts from 1
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::map<std::string, std::string> headers = {};
  enum class Manner { whole, chunked, stall, reset, half, garbage, close_after } manner = Manner::whole;
};

// A certificate that signs itself, and its key.
struct Certificate {
  explicit Certificate(const std::string& names) {
    run_checked("making a certificate",
                {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", "/CN=test", "-addext", "subjectAltName=" + names, "-keyout", key(), "-out", file()},
                20s);
  }
  std::string file() const { return (folder.path / "cert.pem").string(); }
  std::string key() const { return (folder.path / "key.pem").string(); }
  Folder folder;
};

class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpSeen&)>;

  explicit HttpServer(Handler handler, const Certificate* certificate = nullptr)
      : handler_(std::move(handler)), acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    if (certificate) {
      tls_.emplace(boost::asio::ssl::context::tls_server);
      tls_->use_certificate_chain_file(certificate->file());
      tls_->use_private_key_file(certificate->key(), boost::asio::ssl::context::pem);
    }
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { accept_all(); });
  }
  ~HttpServer() { stop(); }

  // Closes everything; whoever connects from now on is refused.
  void stop() {
    {
      std::lock_guard lock(mutex_);
      if (stop_) return;
      stop_ = true;
      for (int socket : open_) ::shutdown(socket, SHUT_RDWR);
      ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    }
    stopped_.notify_all();
    thread_.join();
    for (std::thread& each : threads_) each.join();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }

  int port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_);
  }
  int connections() const { return connections_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Manner = HttpReply::Manner;

  void accept_all() {
    for (;;) {
      boost::system::error_code error;
      Socket socket(io_);
      acceptor_.accept(socket, error);
      std::lock_guard lock(mutex_);
      if (stop_) return;
      if (error) continue;
      open_.insert(socket.native_handle());
      threads_.emplace_back(
          [this, number = ++connections_, s = std::make_shared<Socket>(std::move(socket))] { serve(*s, number); });
    }
  }

  void serve(Socket& socket, int number) {
    try {
      if (tls_) {
        boost::asio::ssl::stream<Socket&> stream(socket, *tls_);
        stream.handshake(boost::asio::ssl::stream_base::server);
        converse(stream, socket, number);
      } else {
        converse(socket, socket, number);
      }
    } catch (const std::exception&) {  // the client has gone
    }
    std::lock_guard lock(mutex_);
    open_.erase(socket.native_handle());
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  template <class Stream>
  void converse(Stream& stream, Socket& socket, int number) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(64 << 20);
      boost::system::error_code error;
      http::read(stream, buffer, parser, error);
      // As every web server answers what is no HTTP, TLS above all.
      const bool foreign =
          error == http::error::bad_method || error == http::error::bad_target || error == http::error::bad_version;
      if (foreign) answer(stream, socket, {400, "no HTTP"}, false);
      if (error) return;
      const auto& request = parser.get();
      HttpSeen seen{std::string(request.method_string()), std::string(request.target()), request.body(), {}, number};
      for (const auto& field : request) {
        std::string name(field.name_string());
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        seen.headers[name] = std::string(field.value());
      }
      if (!answer(stream, socket, told(seen), request.keep_alive())) return;
    }
  }

  HttpReply told(const HttpSeen& seen) {
    std::lock_guard lock(handling_);
    return handler_(seen);
  }

  // False: the connection is over.
  template <class Stream>
  bool answer(Stream& stream, Socket& socket, const HttpReply& reply, bool keep) {
    namespace http = boost::beast::http;
    http::response<http::string_body> message(static_cast<http::status>(reply.status), 11);
    for (const auto& [name, value] : reply.headers) message.set(name, value);
    message.keep_alive(keep && reply.manner != Manner::close_after);
    message.body() = reply.body;
    if (reply.manner == Manner::chunked) message.chunked(true);
    message.prepare_payload();
    if (reply.manner == Manner::chunked) message.chunked(true);
    switch (reply.manner) {
      case Manner::stall: wait_for_stop(); return false;
      case Manner::reset: socket.set_option(boost::asio::socket_base::linger(true, 0)); return false;
      case Manner::half: {
        std::ostringstream text;
        text << message;
        boost::asio::write(stream, boost::asio::buffer(text.str().substr(0, text.str().size() - reply.body.size() / 2 - 1)));
        return false;
      }
      case Manner::garbage: boost::asio::write(stream, boost::asio::buffer(reply.body)); return false;
      default: break;
    }
    http::write(stream, message);
    return message.keep_alive();
  }

  void wait_for_stop() {
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return stop_; });
  }

  Handler handler_;
  boost::asio::io_context io_;
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_, handling_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::set<int> open_;
  std::list<std::thread> threads_;
  std::thread thread_;
};

}  // namespace blackstart::test
