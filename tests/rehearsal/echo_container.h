// A container of Podman's on a node, to try faults on.
//
// Purpose: what other nodes see of it. Ownership: it is gone when this object is. Thread rule: one thread.
#pragma once

#include <string>

namespace blackstart::rehearsal {

// It is named echo and echoes on port 8099. Made of the node's own programs; without limits and with all devices, for a
// container inside of a container may not set any.
class EchoContainer {
 public:
  explicit EchoContainer(const std::string& node);
  ~EchoContainer();
  EchoContainer(const EchoContainer&) = delete;
  EchoContainer& operator=(const EchoContainer&) = delete;

  // A command for another node that prints what it sees: up (echoes), down (refused), mute (accepts and says nothing).
  std::string look() const;

 private:
  const std::string node_;
};

}  // namespace blackstart::rehearsal
