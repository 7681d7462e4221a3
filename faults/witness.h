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
// `most`. Empty when there is nobody.
std::vector<Node> witnesses_for(const Cloud& cloud, const std::string& target, const std::vector<std::string>& others,
                                std::size_t most = 1);

// What one ping from `from` (a node) to `address` gave: answered or not. Throws Error when `from` could not be asked.
struct PingSeen {
  bool answered = false;
  double milliseconds = 0;  // valid when answered
};
PingSeen ping(FaultContext context, const std::string& from, const std::string& address, const Deadline& deadline);

// A TCP connection from a node to the target's data address that is opened before the fault and spoken on several times a
// second.
class HeldConnection {
 public:
  // Opens it on `from`, in a transient unit named blackstart-witness-<id> that ends by itself after two minutes at most. Throws
  // Error(unmet) when the target does not accept it.
  HeldConnection(FaultContext context, const Node& from, const Node& target, int port, const Deadline& deadline);
  ~HeldConnection();
  HeldConnection(const HeldConnection&) = delete;
  HeldConnection& operator=(const HeldConnection&) = delete;

  // One look. `stalled`: what was sent has not been acknowledged for half a second or longer; `closed`: it ended (FIN, RST).
  struct Seen {
    bool stalled = false, closed = false;
    std::string words;  // "198.18.20.11:22: nothing acknowledged for 1240 ms"
    Time at{-1};
  };
  Seen look(const Deadline& deadline);

 private:
  FaultContext context_;
  std::string from_, address_, unit_;
  int port_;
};

}  // namespace blackstart
