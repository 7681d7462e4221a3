// A server that says what it was told to whoever connects, hears nothing and hangs up: what a client makes of foreign bytes.
//
// Purpose: the other side for clients that block; so it has a thread of its own. Ownership: its socket and thread, to its end.
// Thread rule: say() between two clients.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace blackstart::test {

class Speaker {
 public:
  Speaker() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Speaker() {
    io_.stop();
    thread_.join();
  }
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  std::int64_t port() const { return port_; }
  void say(std::string bytes) { say(std::vector<std::string>{std::move(bytes)}); }
  // The first to the next connection, and so on; the last to all that come then. At least one.
  void say(const std::vector<std::string>& all) {
    std::lock_guard lock(mutex_);
    next_.clear();
    for (const std::string& bytes : all) next_.push_back(std::make_shared<const std::string>(bytes));
  }

 private:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  // What the client asks is read and thrown away until it goes: a socket that is closed with something unread is reset, and
  // takes what was said along.
  struct Talk : std::enable_shared_from_this<Talk> {
    explicit Talk(tcp::socket socket_) : socket(std::move(socket_)) {}
    void begin(std::shared_ptr<const std::string> bytes) {
      boost::asio::async_write(socket, boost::asio::buffer(*bytes),
                               [self = shared_from_this(), bytes](const error_code&, std::size_t) {
                                 error_code ignored;
                                 self->socket.shutdown(tcp::socket::shutdown_send, ignored);
                               });
      hear();
    }
    void hear() {
      socket.async_read_some(boost::asio::buffer(heard), [self = shared_from_this()](const error_code& error, std::size_t) {
        if (!error) self->hear();
      });
    }
    tcp::socket socket;
    std::array<char, 4096> heard;
  };

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (!error) std::make_shared<Talk>(std::move(socket))->begin(now());
      accept();
    });
  }

  std::shared_ptr<const std::string> now() {
    std::lock_guard lock(mutex_);
    auto bytes = next_.front();
    if (next_.size() > 1) next_.pop_front();
    return bytes;
  }

  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  const std::int64_t port_ = acceptor_.local_endpoint().port();
  std::mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> next_{std::make_shared<const std::string>()};
  std::thread thread_;
};

}  // namespace blackstart::test
