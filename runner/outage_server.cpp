#include "runner/outage_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "base/error.h"
#include "probes/priority.h"

namespace blackstart {
namespace {

constexpr const char* kDoing = "making outages of known length";
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nup\n";
constexpr int kBacklog = 4096;
constexpr Duration kForever = 24h, kPatience = 30s;

// From the server: its port first, then of each outage the four stamps.
using Message = std::array<std::int64_t, 4>;

Time now() { return real_clock().now(); }

timespec timespec_of(Duration length) {
  return {static_cast<time_t>(length / 1s), static_cast<long>((length % std::chrono::seconds(1)).count())};
}

Descriptor bound_socket(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) throw_errno(kDoing, errno);
  const int yes = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno(kDoing, errno);
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) throw_errno(kDoing, errno);
  return ntohs(address.sin_port);
}

// The other process's side. One thread; whoever asks is answered, and closes first.
class Server {
 public:
  std::uint16_t port() const { return port_; }

  Bracket go_out() {
    Bracket when;
    when.from = now();
    listener_ = Descriptor();  // resets what waits to be accepted, too
    open_.clear();
    when.to = now();
    next_ = bound_socket(port_);  // so that only listen() is left to do
    return when;
  }

  Bracket come_back() {
    Bracket when;
    when.from = now();
    if (::listen(next_.get(), kBacklog) != 0) throw_errno(kDoing, errno);
    when.to = now();
    listener_ = std::move(next_);
    return when;
  }

  // Answers for so long; false as soon as `control` has something to say.
  bool serve(Duration length, int control) {
    const Time end = now() + length;
    for (Duration left = length; left > 0s; left = end - now()) {
      std::vector<pollfd> watched{{control, POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const Descriptor& each : open_) watched.push_back({each.get(), POLLIN, 0});
      const timespec limit = timespec_of(left);
      if (::ppoll(watched.data(), watched.size(), &limit, nullptr) <= 0) continue;
      if (watched[0].revents != 0) return false;
      for (std::size_t i = open_.size(); i-- > 0;)
        if (watched[i + 2].revents != 0 && !answer(open_[i].get())) drop(i);
      if (watched[1].revents != 0) accept_all();
    }
    return true;
  }

 private:
  void accept_all() {
    while (true) {
      Descriptor fresh(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fresh.open()) return;
      // Closed by a reset, also after the client has closed: neither side keeps the port for a minute.
      const linger reset{1, 0};
      ::setsockopt(fresh.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      if (answer(fresh.get())) open_.push_back(std::move(fresh));
    }
  }

  // False: the client has gone. A request comes in one piece: it is small, and this is loopback.
  static bool answer(int connection) {
    char request[4096];
    const ssize_t count = ::recv(connection, request, sizeof request, MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (std::string_view(request, static_cast<std::size_t>(count)).ends_with("\r\n\r\n"))
      ::send(connection, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count > 0;
  }

  void drop(std::size_t at) {
    std::swap(open_[at], open_.back());
    open_.pop_back();
  }

  // Keeps the port ours while nobody listens: no client of ours is given it as its own, and then talks to itself.
  Descriptor reserved_ = bound_socket(0);
  const std::uint16_t port_ = port_of(reserved_.get());
  Descriptor next_ = bound_socket(port_), listener_;
  std::vector<Descriptor> open_;
};

void tell(int control, const Message& message) {
  if (::send(control, message.data(), sizeof message, MSG_NOSIGNAL) < 0) throw_errno(kDoing, errno);
}

void serve_plan(const OutagePlan& plan, int control) {
  Server server;
  server.come_back();
  tell(control, {server.port(), 0, 0, 0});
  char word = 0;
  if (server.serve(kForever, control) || ::recv(control, &word, 1, 0) <= 0) return;
  for (std::size_t k = 0; k < plan.out.size(); ++k) {
    if (!server.serve(plan.up[k], control)) return;
    const Bracket out = server.go_out();
    real_clock().pause(plan.out[k]);
    const Bracket back = server.come_back();
    tell(control, {out.from.count(), out.to.count(), back.from.count(), back.to.count()});
  }
  server.serve(kForever, control);
}

[[noreturn]] void become_server(const OutagePlan& plan, int control) {
  int code = kPassed;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    claim_processor("outages");
    serve_plan(plan, control);
  } catch (const std::exception& problem) {
    std::fputs((std::string(problem.what()) + "\n").c_str(), stderr);
    code = kInternal;
  }
  ::_exit(code);
}

Message receive(int control, const Deadline& deadline) {
  Message message{};
  if (!wait_ready(control, POLLIN, deadline)) throw Error(ErrorKind::internal, kDoing, "the server says nothing");
  if (::recv(control, message.data(), sizeof message, 0) != static_cast<ssize_t>(sizeof message))
    throw Error(ErrorKind::internal, kDoing, "the server has ended before its time");
  return message;
}

}  // namespace

OutageServer::OutageServer(OutagePlan plan) : plan_(std::move(plan)) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno(kDoing, errno);
  control_ = Descriptor(ends[0]);
  Descriptor theirs(ends[1]);
  process_ = ::fork();
  if (process_ < 0) throw_errno(kDoing, errno);
  if (process_ == 0) {
    control_ = Descriptor();  // so that it sees when ours goes
    become_server(plan_, theirs.get());
  }
  theirs = Descriptor();  // so that we see when it has ended
  port_ = static_cast<int>(receive(control_.get(), Deadline(real_clock(), kPatience))[0]);
}

OutageServer::~OutageServer() {
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::vector<Standstill> OutageServer::carry_out(const std::function<void()>& each) {
  const Deadline deadline(real_clock(), plan_.length() + kPatience);
  const char word = 1;
  if (::send(control_.get(), &word, 1, MSG_NOSIGNAL) != 1) throw_errno(kDoing, errno);
  std::vector<Standstill> all;
  for (std::size_t k = 0; k < plan_.out.size(); ++k) {
    const Message m = receive(control_.get(), deadline);
    all.push_back({{Time(m[0]), Time(m[1])}, {Time(m[2]), Time(m[3])}});
    each();
  }
  return all;
}

}  // namespace blackstart
