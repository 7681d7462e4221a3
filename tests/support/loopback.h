// Ports of 127.0.0.1 for servers and listeners of a test's own.
//
// Ownership: values that own their sockets. Thread rule: any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "lab/tcp_socket.h"

namespace blackstart {

inline sockaddr_in loopback_address(int port = 0) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Binds to a free port of 127.0.0.1 and returns it.
inline int bind_loopback(int fd) {
  sockaddr_in address = loopback_address();
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) throw_errno("binding to the loopback", errno);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) throw_errno("looking up a port", errno);
  return ntohs(address.sin_port);
}

// A socket on a free port; nobody listens there until listen().
struct BoundSocket {
  Descriptor descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port = bind_loopback(descriptor.get());

  void listen(int backlog) const {
    if (::listen(descriptor.get(), backlog) != 0) throw_errno("listening", errno);
  }
};

inline int free_port() { return BoundSocket().port; }

}  // namespace blackstart
