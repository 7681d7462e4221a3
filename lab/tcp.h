// A plain TCP connection from the runner: a third party's view of a service that a fault should hit.
//
// Purpose: does a port accept, does it answer, and when does an open connection end. Ownership: a connection owns its
// descriptor; a Tcp outlives whoever was given a reference. Thread rule: a connection is one thread's at a time; Tcp any.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "lab/tcp_socket.h"

namespace blackstart {

class TcpConnection {
 public:
  virtual ~TcpConnection() = default;
  // True as soon as the peer sends anything. Servers that wait for the client are asked with a line of HTTP after 300 ms; to
  // end the connection is an answer to that too (memcached's), for a process that hangs does not even do so.
  virtual bool answers(const Deadline& deadline) = 0;
  // When the peer ended the connection (end of file or reset), on the deadline's clock; nullopt if it is still open by then.
  virtual std::optional<Time> closed_by(const Deadline& deadline) = 0;
};

// What came of one attempt to connect. Only `refused` says that nobody listens: silence and local trouble don't.
struct TcpAttempt {
  std::unique_ptr<TcpConnection> connection;
  bool refused = false;
  bool silent = false;   // nothing came back by the deadline
  std::string why;       // empty when connected
  bool no_host = false;  // on the way somebody says, or our own network finds out, that nobody has the address
};

// The seam: real sockets in life, a fake in unit tests.
class Tcp {
 public:
  virtual ~Tcp() = default;
  // `host` is a numeric address or a name.
  virtual TcpAttempt connect(const std::string& host, int port, const Deadline& deadline) = 0;
};
Tcp& real_tcp();

class TcpWatch final : public TcpConnection {
 public:
  // Connects; nullopt when refused, unreachable or not accepted by the deadline.
  static std::optional<TcpWatch> open(const std::string& host, int port, const Deadline& deadline);
  explicit TcpWatch(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  bool answers(const Deadline& deadline) override;
  std::optional<Time> closed_by(const Deadline& deadline) override;

 private:
  Descriptor descriptor_;
  bool asked_ = false;
};

}  // namespace blackstart
