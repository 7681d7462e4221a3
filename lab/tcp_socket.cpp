#include "lab/tcp_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace blackstart {
namespace {

struct Address {
  int family = 0;
  std::vector<char> bytes;
};

struct Resolution {
  int error = 0;
  std::vector<Address> addresses;
};

Resolution resolve(const std::string& host, int port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  Resolution resolution;
  resolution.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (resolution.error) return resolution;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* each = found; each; each = each->ai_next) {
    const char* bytes = reinterpret_cast<const char*>(each->ai_addr);
    resolution.addresses.push_back({each->ai_family, {bytes, bytes + each->ai_addrlen}});
  }
  return resolution;
}

// getaddrinfo has no limit of its own: it runs on a thread that is left to itself when the deadline passes.
std::optional<Resolution> resolve_name(const std::string& host, int port, const Deadline& deadline) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Resolution> result;
  };
  auto shared = std::make_shared<Shared>();
  std::thread([shared, host, port] {
    Resolution result = resolve(host, port, 0);
    const std::lock_guard lock(shared->mutex);
    shared->result = std::move(result);
    shared->done.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  shared->done.wait_for(lock, deadline.left(), [&] { return shared->result.has_value(); });
  return shared->result;
}

TcpSocket failure(int error) { return {{}, error, error == ETIMEDOUT ? "no answer in time" : std::strerror(error)}; }

TcpSocket connect_address(const Address& address, const Deadline& deadline) {
  Descriptor descriptor(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.open()) return failure(errno);
  const auto* to = reinterpret_cast<const sockaddr*>(address.bytes.data());
  if (::connect(descriptor.get(), to, static_cast<socklen_t>(address.bytes.size())) == 0) return {std::move(descriptor), 0, ""};
  if (errno != EINPROGRESS) return failure(errno);
  if (!wait_ready(descriptor.get(), POLLOUT, deadline)) return failure(ETIMEDOUT);
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(descriptor.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) return failure(error);
  return {std::move(descriptor), 0, ""};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

TcpSocket connect_socket(const std::string& host, int port, const Deadline& deadline) {
  std::optional<Resolution> resolution = resolve(host, port, AI_NUMERICHOST);
  if (resolution->error) resolution = resolve_name(host, port, deadline);
  if (!resolution) return {{}, 0, fmt::format("the name '{}' was not resolved in time", host)};
  if (resolution->error)
    return {{}, 0, fmt::format("the name '{}' could not be resolved: {}", host, ::gai_strerror(resolution->error))};
  TcpSocket socket;
  for (const Address& address : resolution->addresses) {
    socket = connect_address(address, deadline);
    if (socket.descriptor.open()) break;
  }
  return socket;
}

bool wait_ready(int fd, short events, const Deadline& deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left()).count();
    pollfd watched{fd, events, 0};
    const int count = ::poll(&watched, 1, static_cast<int>(std::min<long>(left, 1000)));
    if (count > 0 || (count < 0 && errno != EINTR)) return true;
    if (deadline.passed()) return false;
  }
}

}  // namespace blackstart
