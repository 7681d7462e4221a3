#include "faults/service_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

constexpr Duration kAnswerLimit = 1s;  // a port that takes longer at rest is no use as a witness
constexpr Duration kConnectLimit = 1s;
constexpr Duration kFindLimit = 10s;  // for all candidates together
constexpr Duration kPace = 100ms;     // between attempts to connect
// Servers hang up on clients that say nothing, MariaDB after 10 s: a connection is replaced when it is no longer young, and its
// end counts only up to an age that such a limit does not reach. In between there is time for a slow look at the target.
constexpr Duration kFresh = 1s, kYoung = 4s, kCounts = 8s;
// A server that accepts only who has spoken (TCP_DEFER_ACCEPT: uWSGI) never had a connection that is silent, and its end is
// told to nobody. So new ones are tried while the open one stays: often, for it may be back after 100 ms; and so few that no
// server takes us for somebody to be shut out, not after two injections either (MariaDB: max_connect_errors, 100).
constexpr Duration kPaceBeside = 50ms, kBesideLimit = 200ms;
constexpr int kMostBeside = 40;
constexpr Duration kLeastSilence = 1s, kMostSilence = 5s;

bool is_wildcard(const std::string& address) { return address == "*" || address == "0.0.0.0" || address == "::"; }

// "198.18.20.11:3306", "[::]:3306", "*:3306", "127.0.0.53%lo:53"
std::optional<Listener> parse_local(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto port = parse_integer(text.substr(colon + 1));
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
  if (!port || *port < 1 || *port > 65535 || address.empty()) return std::nullopt;
  return Listener{address, static_cast<int>(*port)};
}

// The node's own addresses at which `listener` can be reached, the data address first.
std::vector<std::string> hosts_of(const Node& node, const Listener& listener) {
  std::vector<std::string> hosts;
  for (const std::string& own : {node.data, node.address})
    if (!own.empty() && (is_wildcard(listener.address) || listener.address == own)) hosts.push_back(own);
  return hosts;
}

std::vector<Endpoint> candidates(FaultContext context, const Node& node, std::int64_t pid, std::optional<int> port,
                                 const Deadline& deadline) {
  if (port) return {{node.data.empty() ? node.address : node.data, *port}};
  const std::string doing = "finding the ports of process " + std::to_string(pid) + " on " + node.name;
  const std::string text = context.remote.check(doing, node.name, "ss -Hltnp", deadline);
  std::vector<Endpoint> endpoints;
  for (const Listener& listener : parse_listeners(text, pid, doing))
    for (const std::string& host : hosts_of(node, listener)) endpoints.push_back({host, listener.port});
  return endpoints;
}

}  // namespace

std::vector<Listener> parse_listeners(const std::string& text, std::int64_t pid, const std::string& doing) {
  std::vector<Listener> listeners;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string state, received, sent, local, peer;
    words >> state >> received >> sent >> local >> peer;
    const auto listener = words ? parse_local(local) : std::nullopt;
    if (!listener || state != "LISTEN")
      throw Error(ErrorKind::unmet, doing, "ss said '" + line + "'", "is its iproute2 of Debian 12?");
    if (line.find(fmt::format("pid={},", pid)) != std::string::npos) listeners.push_back(*listener);
  }
  std::sort(listeners.begin(), listeners.end(), [](const auto& a, const auto& b) { return a.port < b.port; });
  return listeners;
}

std::string Endpoint::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::optional<Duration> answer_time(FaultContext context, const Endpoint& where, const Deadline& deadline) {
  const Time begin = context.clock.now();
  const TcpAttempt attempt = context.tcp.connect(where.host, where.port, deadline);
  if (!attempt.connection || !attempt.connection->answers(deadline)) return std::nullopt;
  return context.clock.now() - begin;
}

std::unique_ptr<ServicePort> ServicePort::find(FaultContext context, const Node& node, std::int64_t pid,
                                               std::optional<int> port, const Deadline& deadline) {
  const Deadline all = deadline.sooner(kFindLimit);
  for (const Endpoint& where : candidates(context, node, pid, port, deadline))
    if (const auto answer = answer_time(context, where, all.sooner(kAnswerLimit)))
      return std::make_unique<ServicePort>(context, where, *answer);
  if (port)
    throw Error(ErrorKind::unmet, fmt::format("looking at port {} of {}", *port, node.name),
                "it does not answer within " + format_duration(kAnswerLimit), "leave 'port' out, or name one that answers");
  return nullptr;
}

bool ServicePort::held_younger_than(Duration age) const { return held_ && context_.clock.now() - opened_ < age; }

// True when a new connection is now held.
bool ServicePort::connect(const Deadline& deadline, bool& refused) {
  next_attempt_ = context_.clock.now() + kPace;
  const Time begin = context_.clock.now();
  TcpAttempt attempt = context_.tcp.connect(where_.host, where_.port, deadline.sooner(kConnectLimit));
  refused = attempt.refused;
  if (!attempt.connection) {
    trouble_ = "a new connection fails: " + attempt.why;
    return false;
  }
  held_ = std::move(attempt.connection);
  opened_ = begin;
  return true;
}

bool ServicePort::held_ended() { return held_ && held_->closed_by(Deadline(context_.clock, Duration::zero())).has_value(); }

void ServicePort::hold(const Deadline& deadline) {
  if (held_younger_than(kFresh) && !held_ended()) return;
  held_.reset();
  bool refused = false;
  if (!connect(deadline, refused))
    throw Error(ErrorKind::unmet, "holding a connection to " + where_.text(), trouble_,
                "the service was disturbed before the fault");
  next_attempt_ = Time{0};
}

bool ServicePort::refuses_beside(const Deadline& deadline) {
  if (context_.clock.now() < next_attempt_ || beside_ == kMostBeside) return false;
  ++beside_;
  next_attempt_ = context_.clock.now() + kPaceBeside;
  return context_.tcp.connect(where_.host, where_.port, deadline.sooner(kBesideLimit)).refused;
}

std::optional<ServicePort::Seen> ServicePort::ended(const Deadline& deadline) {
  if (held_younger_than(kCounts) && held_ended()) {
    held_.reset();
    seen_ended_ = true;
    return Seen{"the open connection ended", context_.clock.now()};
  }
  if (held_younger_than(kYoung)) {
    trouble_ = "the open connection stays";
    if (refuses_beside(deadline)) return Seen{"a new connection is refused", context_.clock.now()};
    return std::nullopt;
  }
  if (context_.clock.now() < next_attempt_) return std::nullopt;
  bool refused = false;
  connect(deadline, refused);
  if (refused) return Seen{"a new connection is refused", context_.clock.now()};
  return std::nullopt;
}

std::optional<ServicePort::Seen> ServicePort::ended_and_refused(const Deadline& deadline) {
  if (!seen_ended_ && !seen_refused_) seen_refused_ = ended(deadline).has_value() && !seen_ended_;
  if (!seen_ended_ && held_younger_than(kCounts)) seen_ended_ = held_ended();
  if ((!seen_ended_ && !seen_refused_) || context_.clock.now() < next_attempt_) return std::nullopt;
  const std::string before = seen_ended_ ? "the open connection ended" : "a new connection was refused";
  bool refused = false;
  if (connect(deadline, refused)) trouble_ = before + ", but a new one is accepted";
  if (refused) return Seen{before + (seen_ended_ ? " and a new one is refused" : ", and so is another"), context_.clock.now()};
  return std::nullopt;
}

// Not answered at `begin` means that the service had fallen silent by the time an answer used to be there.
std::optional<ServicePort::Seen> ServicePort::silent(const Deadline& deadline) {
  const Time begin = context_.clock.now();
  if (begin < next_attempt_) return std::nullopt;
  next_attempt_ = begin + kPace;
  const Duration silence = std::clamp(answer_ * 5, kLeastSilence, kMostSilence);
  const Deadline listening = deadline.sooner(silence);
  const TcpAttempt attempt = context_.tcp.connect(where_.host, where_.port, listening);
  if (!attempt.connection && !attempt.silent) {
    trouble_ = "a new connection fails: " + attempt.why;
  } else if (attempt.connection && attempt.connection->answers(listening)) {
    trouble_ = "it still answers";
  } else if (attempt.connection && attempt.connection->closed_by(Deadline(context_.clock, Duration::zero()))) {
    trouble_ = "it closes new connections";
  } else if (context_.clock.now() - begin < silence) {
    trouble_ = "listened for a shorter time than " + format_seconds(silence);
  } else {
    const char* how = attempt.connection ? "accepts but does not answer" : "does not accept";
    return Seen{fmt::format("{} for {}", how, format_seconds(silence)), begin + answer_};
  }
  return std::nullopt;
}

std::string group_listens(const std::string& ss, int port, std::int64_t pid, const std::string& group) {
  return fmt::format(
      "{{ {0} -Hltn --processes 'sport = :{1}' || echo pid={2}; }} | grep -o 'pid=[0-9]*' | cut -c5- | "
      "xargs -I PID cat /proc/PID/cgroup 2>/dev/null | grep -qF {3}",
      ss, port, pid, group);
}

}  // namespace blackstart
