// Looking host names up for event loops, each without waiting for another.
//
// Purpose: Asio's own resolver asks for one name at a time in each loop, so that one lost packet of DNS (5 s) holds up every
// operation after it, and the loop's end waits for it. Here threads of the process ask, which nobody ever waits for. Included
// by .cpp files only, as it brings Asio along. Thread rule: a NameLookup belongs to the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace blackstart {

struct NameAnswer {
  boost::system::error_code error;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints;
};

// Blocks as long as it takes; called on any thread, and perhaps still when main() has ended.
using GetAddresses = std::function<NameAnswer(const std::string& host, std::uint16_t port)>;
// By getaddrinfo().
NameAnswer get_addresses(const std::string& host, std::uint16_t port);

// One look-up at a time. What comes after cancel(), or when the loop is gone, is dropped.
class NameLookup {
 public:
  explicit NameLookup(boost::asio::io_context& io);
  ~NameLookup() { cancel(); }
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // On the loop; operation_aborted after cancel().
  boost::asio::awaitable<NameAnswer> ask(std::string host, std::uint16_t port);
  void cancel();
  // For tests: what all ask from now on, in place of get_addresses().
  static void ask_by(GetAddresses get);

 private:
  struct Question;
  class Loop;
  class Threads;

  std::shared_ptr<Question> question_;
  boost::asio::io_context& io_;
  boost::asio::steady_timer wake_;
};

}  // namespace blackstart
