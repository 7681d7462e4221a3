// A container of Podman's on a node, to try faults on.
//
// Purpose: what other nodes see of it. Ownership: it is gone when this object is. Thread rule: one thread.
#pragma once

#include <string>

namespace blackstart::rehearsal {

// Echoes on port 8099 for ever.
constexpr const char* kEcho = "socat TCP-LISTEN:8099,fork,reuseaddr EXEC:cat";
// The same, but told to end it stops to serve at once, and ends in good order half a minute later.
constexpr const char* kDrainingEcho =
    "sh -c 'trap : TERM; socat TCP-LISTEN:8099,fork,reuseaddr EXEC:cat & wait; kill $!; sleep 30'";

// It is named echo and echoes on port 8099. Made of the node's own programs; without limits and with all devices, for a
// container inside of a container may not set any.
class EchoContainer {
 public:
  // `main`: its main process.
  explicit EchoContainer(const std::string& node, const std::string& main = kEcho);
  ~EchoContainer();
  EchoContainer(const EchoContainer&) = delete;
  EchoContainer& operator=(const EchoContainer&) = delete;

  // A command for another node that prints what it sees: up (echoes), down (refused), mute (accepts and says nothing).
  std::string look() const;

 private:
  const std::string node_;
};

}  // namespace blackstart::rehearsal
