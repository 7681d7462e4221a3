// A third party: another node of the cloud that watches whether the target can be reached.
//
// Purpose: evidence from outside of the target, over the network that the services use: by ping, and by a TCP connection that
// was open before the fault. Ownership: refers to the context's parts. Thread rule: one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

// Whom to ask about `target`: nodes other than it and than `others` (further targets), those of other sites first; at most
// `most`. Different targets get different ones where there are several. Empty when there is nobody.
std::vector<Node> witnesses_for(const Cloud& cloud, const std::string& target, const std::vector<std::string>& others,
                                std::size_t most = 1);

// What one ping from `from` (a node) to `address` gave: answered within a second or not. Throws Error when `from` could not be
// asked, or has no ping (package iputils-ping).
struct PingSeen {
  bool answered = false;
  double milliseconds = 0;  // valid when answered
};
PingSeen ping(FaultContext context, const std::string& from, const std::string& address, const Deadline& deadline);

// A TCP connection from a node to the target's data address that is opened before the fault and spoken on five times a second;
// beside it, pings to the same address at the same pace.
class HeldConnection {
 public:
  // Opens it on `from`, in a transient unit named blackstart-witness-<short name> that ends by itself when it is not looked at
  // for 20 s, and after two minutes at most. Throws Error(unmet) when the target does not accept it. `from` needs bash, ss and,
  // for the pings, ping.
  HeldConnection(FaultContext context, const Node& from, const Node& target, int port, const Deadline& deadline);
  ~HeldConnection();
  HeldConnection(const HeldConnection&) = delete;
  HeldConnection& operator=(const HeldConnection&) = delete;

  // One look. `stalled`: what was sent has not been acknowledged for half a second or longer; `closed`: it ended (FIN, RST).
  // Neither of both: it works. Throws Error when the witness does not answer or its watch has ended.
  struct Seen {
    bool stalled = false, closed = false;
    // How long the latest answer to a ping is ago; nothing when none was ever answered.
    std::optional<Duration> since_ping;
    std::string words;  // "198.18.20.11:22: nothing acknowledged for 1240 ms"
    Time at{-1};
  };
  Seen look(const Deadline& deadline);
  const std::string& from() const { return from_; }
  std::string endpoint() const;  // "198.18.20.11:22", "[fd00::1]:22"

 private:
  std::string folder() const;

  FaultContext context_;
  std::string from_, address_, unit_;
  int port_;
};

}  // namespace blackstart
