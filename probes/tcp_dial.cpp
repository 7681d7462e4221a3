#include "probes/tcp_dial.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// No socket, memory or port on our side: the server has no part in it.
bool is_ours(const error_code& error) {
  if (error.category() != asio::error::get_system_category()) return false;
  const int number = error.value();
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM || number == EADDRNOTAVAIL;
}

TcpTrouble not_connected(const error_code& error) {
  if (is_ours(error)) return {kNoSocket, error.message()};
  const bool silent = error == asio::error::timed_out;
  return {static_cast<std::uint16_t>(silent ? kNoConnection : kRefused), error.message()};
}

}  // namespace

asio::awaitable<TcpTrouble> TcpDial::open(std::string host, std::uint16_t port) {
  error_code error;
  const Endpoints endpoints = co_await look_up(host, port, error);
  if (error || endpoints.empty()) co_return TcpTrouble{kNoName, fmt::format("looking up '{}': {}", host, error.message())};
  for (const tcp::endpoint& to : endpoints) {
    co_await connect(to, error);
    if (!error || closed_) break;
  }
  if (error) co_return not_connected(error);
  co_return TcpTrouble{};
}

asio::awaitable<TcpDial::Endpoints> TcpDial::look_up(std::string host, std::uint16_t port, error_code& error) {
  const auto address = asio::ip::make_address(host, error);
  if (!error) co_return Endpoints{{address, port}};
  error = closed_ ? error_code(asio::error::operation_aborted) : error_code();
  if (error) co_return Endpoints{};
  NameAnswer answer = co_await names_.ask(host, port);
  error = answer.error;
  co_return std::move(answer.endpoints);
}

asio::awaitable<void> TcpDial::connect(tcp::endpoint to, error_code& error) {
  error_code ignored;
  socket_.close(ignored);
  error = closed_ ? error_code(asio::error::operation_aborted) : error_code();
  if (error || socket_.open(to.protocol(), error)) co_return;
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  co_await socket_.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
  if (!error) socket_.set_option(tcp::no_delay(true), ignored);
}

void TcpDial::close() {
  error_code ignored;
  closed_ = true;
  names_.cancel();
  socket_.close(ignored);
}

}  // namespace blackstart
