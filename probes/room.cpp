#include "probes/room.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

// The record's files, SSH to the nodes, pipes of child processes: what is opened after the count.
constexpr std::int64_t kOtherFiles = 256;
// Linux: TCP_TIMEWAIT_LEN. Whoever closes first keeps the port for so long.
constexpr double kTimeWait = 60;
// tcp_tw_reuse lets a new connection have it when more than a second has passed, by a clock of whole seconds
// (tcp_twsk_unique() in net/ipv4/tcp_ipv4.c).
constexpr double kReused = 2;

std::int64_t count_of(rlim_t limit) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return limit > static_cast<rlim_t>(kMost) ? kMost : static_cast<std::int64_t>(limit);
}

std::string setting(const std::string& name) {
  std::ifstream file("/proc/sys/net/ipv4/" + name);
  std::string line;
  std::getline(file, line);
  return line;
}

std::int64_t setting(const std::string& name, std::int64_t otherwise) {
  std::istringstream text(setting(name));
  std::int64_t value = 0;
  return text >> value ? value : otherwise;
}

// How many of "8080,9148-9150" lie between the two.
std::int64_t reserved_between(std::int64_t first, std::int64_t last) {
  std::int64_t count = 0;
  std::istringstream list(setting("ip_local_reserved_ports"));
  for (std::string range; std::getline(list, range, ',');) {
    std::istringstream text(range);
    std::int64_t from = 0, to = 0;
    char dash = 0;
    if (!(text >> from)) continue;
    if (!(text >> dash >> to)) to = from;
    count += std::max<std::int64_t>(0, std::min(to, last) - std::max(from, first) + 1);
  }
  return count;
}

std::optional<std::int64_t> local_ports() {
  std::istringstream text(setting("ip_local_port_range"));
  std::int64_t first = 0, last = 0;
  if (!(text >> first >> last) || last < first) return std::nullopt;
  return last - first + 1 - reserved_between(first, last);
}

std::int64_t open_descriptors() {
  std::error_code unreadable;
  std::filesystem::directory_iterator all("/proc/self/fd", unreadable);
  return unreadable ? 0 : std::distance(begin(all), end(all));
}

bool on_loopback(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return host == "localhost";
}

std::string named(const std::vector<RoomWanted>& wanted) {
  std::vector<std::string> names;
  for (const RoomWanted& one : wanted)
    if (one.room.descriptors > 0) names.push_back(one.probe);
  return fmt::format("checking this machine's room for {} {}", names.size() == 1 ? "probe" : "the probes",
                     fmt::join(names, ", "));
}

// An address that probes open connections to, and what they take of its ports.
struct Towards {
  double rate = 0, held = 0;  // connections a second; connections that hang, when all of them do
  std::vector<std::string> probes;
};

std::string why_kept(bool hanging, bool reused) {
  if (hanging) return "an operation that hangs keeps its own until its deadline";
  return fmt::format("a closed connection keeps its own for {:.0f} s", reused ? kReused : kTimeWait);
}

void require_ports(const std::vector<RoomWanted>& wanted, const MachineRoom& machine) {
  std::map<std::pair<std::string, std::int64_t>, Towards> all;
  for (const RoomWanted& one : wanted)
    for (const Room::Fresh& fresh : one.room.fresh) {
      Towards& towards = all[{fresh.host, fresh.port}];
      towards.rate += fresh.rate;
      towards.held += fresh.rate * std::chrono::duration<double>(fresh.held).count();
      towards.probes.push_back(one.probe);
    }
  for (const auto& [address, towards] : all) {
    const bool reused = machine.timestamps && (machine.reuse == 1 || (machine.reuse == 2 && on_loopback(address.first)));
    const double closed = std::min(towards.rate * (reused ? kReused : kTimeWait), static_cast<double>(machine.time_waits));
    const bool hanging = towards.held > closed;
    const double needed = std::ceil(std::max(closed, towards.held));
    if (needed <= static_cast<double>(machine.ports)) continue;
    throw Error(
        ErrorKind::unmet, fmt::format("checking this machine's room for probe {}", fmt::join(towards.probes, ", ")),
        fmt::format("{}/s fresh connections to {} port {} may keep up to {:.0f} local ports, as {}, and there are {}: {:.0f} "
                    "are missing",
                    format_number(towards.rate), address.first, address.second, needed, why_kept(hanging, reused),
                    machine.ports, needed - static_cast<double>(machine.ports)),
        hanging  ? "lower the rate or the deadline, use kept connections, or widen net.ipv4.ip_local_port_range"
        : reused ? "lower the rate, use kept connections, or widen net.ipv4.ip_local_port_range"
                 : "lower the rate, use kept connections, widen net.ipv4.ip_local_port_range, or set net.ipv4.tcp_tw_reuse=1 "
                   "(with net.ipv4.tcp_timestamps), which frees a port after a second");
  }
}

std::int64_t require_descriptors(const std::vector<RoomWanted>& wanted, const MachineRoom& machine) {
  std::int64_t needed = machine.open + kOtherFiles;
  std::vector<std::string> shares;
  const RoomWanted* most = wanted.data();
  for (const RoomWanted& one : wanted) {
    needed += one.room.descriptors;
    if (one.room.descriptors > 0) shares.push_back(fmt::format("{} {}", one.probe, one.room.descriptors));
    if (one.room.descriptors > most->room.descriptors) most = &one;
  }
  const std::int64_t limit = std::max(machine.soft, machine.hard);
  if (shares.empty()) return 0;
  if (needed <= limit) return needed;
  throw Error(
      ErrorKind::unmet, named(wanted),
      fmt::format("in an outage up to {} descriptors may be open at one time ({}; {} are open now, {} are for the rest), and "
                  "even the hard limit is {}: {} are missing",
                  needed, fmt::join(shares, ", "), machine.open, kOtherFiles, limit, needed - limit),
      fmt::format("raise it as root with 'ulimit -n {}' (a systemd service: LimitNOFILE={}), or lower rate or deadline of "
                  "probe {}",
                  needed, needed, most->probe));
}

}  // namespace

std::int64_t most_under_way(double rate, Duration deadline) {
  return static_cast<std::int64_t>(std::ceil(rate * std::chrono::duration<double>(deadline).count())) + 1;
}

MachineRoom machine_room() {
  MachineRoom machine;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw_errno("reading the limit of open files", errno);
  machine.soft = count_of(limit.rlim_cur);
  machine.hard = count_of(limit.rlim_max);
  machine.open = open_descriptors();
  machine.ports = local_ports().value_or(machine.ports);
  machine.time_waits = setting("tcp_max_tw_buckets", machine.time_waits);
  machine.reuse = setting("tcp_tw_reuse", machine.reuse);
  machine.timestamps = setting("tcp_timestamps", 1) != 0;
  return machine;
}

std::int64_t require_room(const std::vector<RoomWanted>& wanted, const MachineRoom& machine) {
  require_ports(wanted, machine);
  return require_descriptors(wanted, machine);
}

void make_room(const std::vector<RoomWanted>& wanted) {
  const MachineRoom machine = machine_room();
  const std::int64_t needed = require_room(wanted, machine);
  if (needed <= machine.soft) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = static_cast<rlim_t>(needed);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw_errno(fmt::format("raising the limit of open files to {}", needed), errno);
}

}  // namespace blackstart
