// A plain TCP connection from the runner: a third party's view of a service that a fault should hit.
//
// Purpose: does a port accept, does it answer, and when does an open connection end. Ownership: owns its descriptor.
// Thread rule: one thread at a time.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace blackstart {

class TcpWatch {
 public:
  // Connects; nullopt when refused, unreachable or not accepted by the deadline. `host` is a numeric address or a name.
  static std::optional<TcpWatch> open(const std::string& host, int port, const Deadline& deadline);
  TcpWatch(TcpWatch&& other) noexcept;
  TcpWatch& operator=(TcpWatch&& other) noexcept;
  ~TcpWatch();

  // True as soon as the peer sends anything. Servers that wait for the client are asked with a line of HTTP after 300 ms.
  bool answers(const Deadline& deadline);
  // When the peer ended the connection (end of file or reset), on the deadline's clock; nullopt if it is still open by then.
  std::optional<Time> closed_by(const Deadline& deadline);

 private:
  explicit TcpWatch(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace blackstart
