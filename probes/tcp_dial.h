// Opening a TCP connection on an event loop: look the name up, then its addresses one after the other.
//
// Included by .cpp files only, as it brings Asio along. Ownership: owns its socket. Thread rule: the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "probes/name_lookup.h"

namespace blackstart {

// `error` is an OperationError, 0 for none.
struct TcpTrouble {
  std::uint16_t error = 0;
  std::string message;
};

class TcpDial {
 public:
  explicit TcpDial(boost::asio::io_context& io) : names_(io), socket_(io) {}

  // Connects to the first address of the host that answers.
  boost::asio::awaitable<TcpTrouble> open(std::string host, std::uint16_t port);
  // Ends whatever is under way, which comes back as an error; for good.
  void close();
  bool closed() const { return closed_; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  boost::asio::awaitable<Endpoints> look_up(std::string host, std::uint16_t port, boost::system::error_code& error);
  boost::asio::awaitable<void> connect(boost::asio::ip::tcp::endpoint to, boost::system::error_code& error);

  NameLookup names_;
  boost::asio::ip::tcp::socket socket_;
  bool closed_ = false;
};

}  // namespace blackstart
