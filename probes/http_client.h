// Asks HTTP servers on an event loop, each request with a limit that we enforce.
//
// Purpose: one request, one answer or the reason why there is none, and whether the request may have reached the server.
// Nothing is tried twice, no redirect is followed, nothing blocks the loop. TLS always with the server's certificate and name
// checked. Ownership: owns its connections; requests under way hold what they need, and end with the loop. Thread rule:
// everything on the thread that runs the io_context, which must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "probes/http_url.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool writes() const { return method != "GET" && method != "HEAD"; }
};

struct HttpAnswer {
  std::uint16_t error = 0;  // an OperationError when there is no whole answer; 0: `status` and the rest are there
  std::string message;      // of the error, in words
  bool sent = false;        // a part of the request may have reached the server
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool ok() const { return error == 0; }
  // The value of the first header of this name in whatever case, or "".
  std::string header(const std::string& name) const;
};

struct HttpSettings {
  std::string ca_file;           // certificates to trust, PEM; empty: those that this machine trusts
  Duration connect_timeout{1s};  // for looking the name up, TCP and TLS together
  std::size_t most_kept = 20;    // idle connections to one server
  std::size_t most_body = 8 << 20;
};

class HttpClient {
 public:
  // Called from the loop, never from inside send(); not later than the limit.
  using Done = std::function<void(HttpAnswer)>;
  // fresh: a connection of its own, closed afterwards. kept: the idle one that was used last, if its server has not closed it,
  // else a new one; kept for the next afterwards. That is what urllib3's pool does, which OpenStack's clients and services use.
  enum class Connection { fresh, kept };

  // Throws Error(bad_file) when the CA file can't be used.
  HttpClient(boost::asio::io_context& io, const HttpSettings& settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `limit` is for everything: looking the name up, connecting, sending, receiving.
  void send(HttpRequest request, Connection connection, Duration limit, Done done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
