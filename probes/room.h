// What probes may take of this machine at one time, in the worst of outages: descriptors and local ports.
//
// Purpose: an operation is never dropped or held up because earlier ones are outstanding. Nobody answers until the deadline, so
// rate × deadline operations of each series are under way; what they need is counted before anything is injected. Ownership:
// plain values. Thread rule: any thread; make_room() changes a limit of the whole process, one call at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart {

struct Room {
  // Connections that are opened for one operation each, a second, towards one address.
  struct Fresh {
    std::string host;  // as the user wrote it
    std::int64_t port = 0;
    double rate = 0;
    Duration held{};  // an operation lasts so long at most
  };
  std::int64_t descriptors = 0;  // open at one time, at most
  std::vector<Fresh> fresh;
};

// Of one series: rate × deadline, rounded up, and the one that is just being sent.
std::int64_t most_under_way(double rate, Duration deadline);

struct RoomWanted {
  std::string probe;  // its name
  Room room;
};

// What the machine has. The defaults are those of Linux.
struct MachineRoom {
  std::int64_t open = 0;               // descriptors of this process
  std::int64_t soft = 1024, hard = 0;  // RLIMIT_NOFILE; up to `hard` we may raise `soft` ourselves
  std::int64_t ports = 28232;          // net.ipv4.ip_local_port_range without ip_local_reserved_ports
  std::int64_t time_waits = 262144;    // net.ipv4.tcp_max_tw_buckets: connections in TIME_WAIT at one time
  std::int64_t reuse = 2;              // net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 on loopback only
  bool timestamps = true;              // net.ipv4.tcp_timestamps: without them no port is reused
};
// Of this process, now.
MachineRoom machine_room();

// The limit of descriptors that the probes need together. Throws Error(unmet) that names who needs how many, the limit and how
// many are missing, when descriptors or local ports don't suffice.
std::int64_t require_room(const std::vector<RoomWanted>& wanted, const MachineRoom& machine);

// The same for this machine; raises our own limit of descriptors where that is needed and allowed.
void make_room(const std::vector<RoomWanted>& wanted);

}  // namespace blackstart
