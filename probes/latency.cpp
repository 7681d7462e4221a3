#include "probes/latency.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "base/error.h"
#include "probes/echo_packet.h"
#include "probes/plain_probe.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kAttempts = 3;                // of preflight: one lost ping is no reason to refuse
constexpr double kMostWaiting = 4000;       // pings without an answer at one time, in an outage
constexpr std::uint64_t kSeriesShift = 48;  // an echo's number: the series above its place in the schedule

constexpr int kIcmpFilter = 1;  // ICMP_FILTER of <linux/icmp.h>, which does not go with the <net/if.h> that Asio includes

struct Target {
  std::string name;
  in_addr address{};
};

int open_socket() {
  const int fd = ::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
  if (fd < 0) {
    const bool forbidden = errno == EPERM || errno == EACCES;
    throw Error(ErrorKind::unmet, "opening a raw socket for the pings of a latency probe", std::strerror(errno),
                forbidden ? "run as root or with CAP_NET_RAW; the probe 'tcp' needs no such right" : "");
  }
  const std::uint32_t others = ~(1U << ICMP_ECHOREPLY);  // one bit for each type that is kept out
  ::setsockopt(fd, SOL_RAW, kIcmpFilter, &others, sizeof others);
  return fd;
}

// Nothing left on our side: the network has no part in it.
bool is_ours(int error) { return error == ENOBUFS || error == ENOMEM || error == EAGAIN; }

class Pings final : public Workload {
 public:
  Pings(asio::io_context& io, std::vector<Target> targets)
      : io_(io), targets_(std::move(targets)), socket_(io, open_socket()), run_(std::random_device{}()) {
    run_ = run_ << 32 | std::random_device{}();
    listen();
  }

  void send(const Operation& operation, const Deadline& deadline, Done done) override {
    const std::uint64_t key = std::uint64_t{operation.series} << kSeriesShift | operation.number;
    const auto packet = echo_request({run_, key});
    const sockaddr_in to{AF_INET, 0, targets_[operation.series].address, {}};
    if (::sendto(socket_.native_handle(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) <
        0)
      return is_ours(errno) ? done({Outcome::unsent, kNoSocket}) : done({Outcome::failed, kRefused});
    Waiting& waiting = waiting_.try_emplace(key, io_, std::move(done)).first->second;
    waiting.end.expires_after(deadline.left());
    waiting.end.async_wait([this, key](error_code cancelled) {
      if (!cancelled) finish(key, {Outcome::failed, kTimedOut});
    });
  }

 private:
  struct Waiting {
    Waiting(asio::io_context& io, Done done_) : end(io), done(std::move(done_)) {}
    asio::steady_timer end;
    Done done;
  };

  void listen() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code ended) {
      if (ended) return;
      receive();
      listen();
    });
  }

  void receive() {
    std::array<std::uint8_t, 256> packet;
    sockaddr_in from{};
    for (;;) {
      socklen_t length = sizeof from;
      const ssize_t size =
          ::recvfrom(socket_.native_handle(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 0) return;
      const auto echo = echo_reply(packet.data(), static_cast<std::size_t>(size));
      if (echo && echo->run == run_) answered(echo->number, from.sin_addr);
    }
  }

  // Another's address: the answer is not that of the node that was asked.
  void answered(std::uint64_t key, in_addr from) {
    const std::size_t series = key >> kSeriesShift;
    if (series < targets_.size() && targets_[series].address.s_addr == from.s_addr) finish(key, {Outcome::ok, 0});
  }

  void finish(std::uint64_t key, Result result) {
    auto found = waiting_.find(key);
    if (found == waiting_.end()) return;  // a second answer, or one that came too late
    Done done = std::move(found->second.done);
    waiting_.erase(found);
    done(result);
  }

  asio::io_context& io_;
  std::vector<Target> targets_;
  asio::posix::stream_descriptor socket_;
  std::uint64_t run_;
  std::map<std::uint64_t, Waiting> waiting_;
};

class LatencyProbe final : public PlainProbe {
 public:
  LatencyProbe(std::string name, const LatencySettings& settings, std::vector<Target> targets)
      : name_(std::move(name)), settings_(settings), targets_(std::move(targets)) {}

  ProbeInfo info() const override {
    ProbeInfo info;
    info.name = name_;
    info.kind = "latency";
    info.description = fmt::format("pings of {}", targets_.size() == 1 ? targets_[0].name : "several nodes");
    for (const Target& target : targets_)
      info.series.push_back({target.name, settings_.rate, settings_.limits.deadline, settings_.limits.good_within, false});
    settings_.promise.fill(info);
    return info;
  }

  void preflight(const Deadline& deadline) override {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      bool answered = false;
      for (int attempt = 0; attempt < kAttempts && !answered; ++attempt) answered = answers(i, deadline);
      if (!answered)
        throw Error(ErrorKind::unreachable, fmt::format("pinging {} ({})", targets_[i].name, address(targets_[i])),
                    fmt::format("no answer to {} pings", kAttempts), "is it up, and does it answer ICMP echo?");
    }
  }

 protected:
  std::unique_ptr<Workload> make_workload(asio::io_context& io) override { return std::make_unique<Pings>(io, targets_); }

 private:
  static std::string address(const Target& target) {
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &target.address, text, sizeof text);
  }

  bool answers(std::size_t index, const Deadline& deadline) const {
    asio::io_context io{1};
    Pings pings(io, {targets_[index]});
    std::optional<Workload::Result> told;
    const Deadline limit(real_clock(), std::min(deadline.left(), settings_.limits.deadline));
    pings.send(pings.plan(0, 0), limit, [&](Workload::Result result) { told = result; });
    while (!told) io.run_one();
    return told->outcome == Outcome::ok;
  }

  std::string name_;
  LatencySettings settings_;
  std::vector<Target> targets_;
};

[[noreturn]] void refuse(const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::unmet, "preparing a latency probe", why, hint);
}

Target target_of(const std::string& name, const std::string& address) {
  Target target{name, {}};
  if (::inet_pton(AF_INET, address.c_str(), &target.address) != 1)
    refuse(fmt::format("'{}' is no IPv4 address", address),
           name == address ? "" : "it is that of " + name + " in the cloud file");
  return target;
}

std::vector<Target> targets_of(const LatencySettings& settings, const Cloud& cloud) {
  std::vector<std::string> names, known;
  for (const Node& node : cloud.nodes) known.push_back(node.name);
  names = settings.nodes.empty() && settings.addresses.empty() ? known : settings.nodes;
  std::vector<Target> targets;
  for (const std::string& name : names) {
    const Node* node = cloud.find(name);
    if (node == nullptr) refuse(fmt::format("cloud '{}' has no node '{}'", cloud.name, name), suggestion(name, known));
    targets.push_back(target_of(name, settings.network == "data" ? node->data_address() : node->address));
  }
  for (const std::string& address : settings.addresses) targets.push_back(target_of(address, address));
  return targets;
}

void check(const LatencySettings& settings, const std::vector<Target>& targets) {
  if (targets.empty()) refuse("there is nothing to ping", "name addresses, or nodes of the cloud file");
  std::set<std::string> seen;
  for (const Target& target : targets)
    if (!seen.insert(target.name).second) refuse(fmt::format("'{}' is named twice", target.name), "");
  const double seconds = std::chrono::duration<double>(settings.limits.deadline).count();
  const double waiting = settings.rate * seconds * static_cast<double>(targets.size());
  if (waiting > kMostWaiting)
    refuse(fmt::format("up to {:.0f} pings would wait at one time in an outage, more than {:.0f}", waiting, kMostWaiting),
           "lower the rate or the deadline, or name fewer nodes");
}

}  // namespace

void LatencySettings::describe(Fields& f) {
  f.texts({"nodes", "the nodes that are pinged; without them and 'addresses', all of the cloud"}, nodes);
  f.choice({"network", "data: the address that a node's services speak on; management: the runner's way in"}, network,
           {"data", "management"});
  f.texts({"addresses", "further IPv4 addresses, of no node"}, addresses);
  f.rate({"rate", "pings to each"}, rate, {0.01, 1000});
  limits.describe(f);
  promise.describe(f);
}

std::unique_ptr<Probe> LatencySettings::make(const std::string& name, const Cloud& cloud) const {
  std::vector<Target> targets = targets_of(*this, cloud);
  check(*this, targets);
  return std::make_unique<LatencyProbe>(name, *this, std::move(targets));
}

}  // namespace blackstart
