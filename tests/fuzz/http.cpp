// What an HTTP server says, byte by byte: any answer is told as an answer or as an error of ours, within its limit.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "lab/openstack_credentials.h"
#include "probes/http_client.h"
#include "probes/http_outcome.h"
#include "probes/openstack_identity.h"

using namespace blackstart;
namespace asio = boost::asio;

namespace {

// A client that gave up first (where this process has stood still for a while) leaves its connection behind, which would be the
// next one's, and an accept that waits for a socket that is gone.
void take_back(asio::ip::tcp::acceptor& acceptor) {
  boost::system::error_code error;
  acceptor.cancel(error);
  acceptor.non_blocking(true, error);
  while (!error) acceptor.accept(error);
}

// Says `bytes` to the client of `url` and hangs up; the answer that the client makes of it.
HttpAnswer told(asio::ip::tcp::acceptor& acceptor, asio::io_context& io, const std::string& bytes) {
  HttpClient client(io, {});
  HttpRequest request;
  request.url.host = "127.0.0.1";
  request.url.port = acceptor.local_endpoint().port();
  std::optional<HttpAnswer> answer;
  asio::ip::tcp::socket server(io);
  acceptor.async_accept(server, [&](const boost::system::error_code& error) {
    if (error) return;
    asio::async_write(server, asio::buffer(bytes), [&](const boost::system::error_code&, std::size_t) {
      boost::system::error_code ignored;
      server.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    });
  });
  io.restart();
  client.send(request, HttpClient::Connection::fresh, 5s, [&](HttpAnswer given) { answer = std::move(given); });
  while (!answer) io.run_one();
  server.close();
  take_back(acceptor);
  io.poll();
  return std::move(*answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static asio::io_context io;
  static asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const HttpAnswer answer = told(acceptor, io, std::string(reinterpret_cast<const char*>(data), size));
  if (answer.ok() != (answer.status >= 200)) std::abort();
  if (!answer.ok() && answer.message.empty()) std::abort();
  OpenStackCredentials credentials;
  credentials.auth_url = "http://127.0.0.1";
  try {
    const OpenStackToken token = token_of(credentials, answer);
    endpoint_of(credentials, token, ApiService::compute);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unmet && error.kind() != ErrorKind::unreachable) std::abort();
  }
  return 0;
}
