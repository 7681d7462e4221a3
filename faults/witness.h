// A third party: another node of the cloud that watches whether the target can be reached.
//
// Purpose: evidence from outside of the target, over the network that the services use: by ping, and by a TCP connection that
// was open before the fault. Ownership: refers to the context's parts. Thread rule: one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "faults/witness_join.h"

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
// beside it, pings to the same address at the same pace. One process on the node does it for all targets (witness_join.h).
class HeldConnection {
 public:
  // Begins to open it on `from`. It ends by itself when it is not looked at for 20 s, and after five minutes at most. Throws
  // Error(unmet) when nothing can watch there.
  HeldConnection(FaultContext context, const Node& from, const Node& target, int port, const Deadline& deadline);
  ~HeldConnection();
  HeldConnection(const HeldConnection&) = delete;
  HeldConnection& operator=(const HeldConnection&) = delete;

  // One look. Times are those of things that were sent without an answer, so a witness that was held up itself does not take
  // its own silence for the target's. Throws Error when the witness does not answer or its watch has ended or hangs.
  struct Seen {
    bool open = false;                   // it was accepted
    bool stalled = false;                // what was sent has not been acknowledged for half a second or longer
    bool closed = false;                 // it ended (FIN, RST), or was never accepted
    std::optional<Duration> since_ping;  // how long the latest answer to a ping is ago; nothing when none was ever answered
    Duration unanswered{0};              // how long pings have had no answer
    std::string no_pings;                // why the node can't ping; empty when it can
    std::string words;                   // "198.18.20.11:22: nothing acknowledged for 1240 ms"
    Time at{-1};
  };
  Seen look(const Deadline& deadline);
  // Waits until it is accepted and, with `pings`, one of them was answered. Throws Error(unmet) when that does not happen;
  // where the node can't ping at all, they are not waited for.
  Seen await_open(bool pings, const Deadline& deadline);
  std::string endpoint() const;  // "198.18.20.11:22", "[fd00::1]:22"

 private:
  Seen seen(const Answer& answer) const;
  void leave();

  FaultContext context_;
  std::string target_, address_;
  int port_;
  Watched watched_;
  std::string instance_;  // of the process that watches, once it has been seen
};

}  // namespace blackstart
