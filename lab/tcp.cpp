#include "lab/tcp.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace blackstart {
namespace {

constexpr Duration kPatience = 300ms;  // how long a server may take to speak first
constexpr std::string_view kQuestion = "GET / HTTP/1.0\r\n\r\n";

enum class Heard { something, nothing, end, trouble };

Heard hear(int fd) {
  std::array<char, 4096> chunk;
  const ssize_t count = ::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (count > 0) return Heard::something;
  if (count == 0 || errno == ECONNRESET || errno == EPIPE) return Heard::end;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Heard::nothing : Heard::trouble;
}

// Waits for the first thing that is heard.
Heard listen_for(int fd, const Deadline& deadline) {
  while (wait_ready(fd, POLLIN, deadline)) {
    const Heard heard = hear(fd);
    if (heard != Heard::nothing) return heard;
  }
  return Heard::nothing;
}

class RealTcp final : public Tcp {
 public:
  TcpAttempt connect(const std::string& host, int port, const Deadline& deadline) override {
    TcpSocket socket = connect_socket(host, port, deadline);
    if (socket.descriptor.open()) return {std::make_unique<TcpWatch>(std::move(socket.descriptor)), false, false, "", false};
    return {nullptr, socket.error == ECONNREFUSED, socket.error == ETIMEDOUT, socket.why, socket.error == EHOSTUNREACH};
  }
};

}  // namespace

Tcp& real_tcp() {
  static RealTcp tcp;
  return tcp;
}

std::optional<TcpWatch> TcpWatch::open(const std::string& host, int port, const Deadline& deadline) {
  TcpSocket socket = connect_socket(host, port, deadline);
  if (!socket.descriptor.open()) return std::nullopt;
  return TcpWatch(std::move(socket.descriptor));
}

bool TcpWatch::answers(const Deadline& deadline) {
  if (!asked_) {
    const Heard heard = listen_for(descriptor_.get(), deadline.sooner(kPatience));
    if (heard != Heard::nothing) return heard == Heard::something;
    asked_ = true;
    if (::send(descriptor_.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) < 0) return false;
  }
  const Heard heard = listen_for(descriptor_.get(), deadline);
  return heard == Heard::something || heard == Heard::end;
}

std::optional<Time> TcpWatch::closed_by(const Deadline& deadline) {
  while (true) {
    const Heard heard = listen_for(descriptor_.get(), deadline);
    if (heard == Heard::end) return deadline.clock().now();
    if (heard != Heard::something) return std::nullopt;
  }
}

}  // namespace blackstart
