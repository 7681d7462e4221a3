// Connecting a TCP socket within a deadline; what SSH sessions and TcpWatch stand on.
//
// Purpose: no step of it may hang, not even the name's resolution. Ownership: Descriptor owns what it holds.
// Thread rule: calls are independent.
#pragma once

#include <string>
#include <utility>

#include "base/clock.h"

namespace blackstart {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct TcpSocket {
  Descriptor descriptor;  // non-blocking, not open when it failed
  int error = 0;          // errno of the failure; ETIMEDOUT when the deadline passed; 0 when the name could not be resolved
  std::string why;        // "connection refused"
};

TcpSocket connect_socket(const std::string& host, int port, const Deadline& deadline);

// Waits until one of poll(2)'s `events` (or an error) is there; false when the deadline passed first.
bool wait_ready(int fd, short events, const Deadline& deadline);

}  // namespace blackstart
