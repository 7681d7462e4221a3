// What Docker or Podman says about one container.
//
// Purpose: find it by its exact name, and read its state before, during and after a fault. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "lab/remote.h"

namespace blackstart {

struct ContainerState {
  std::string id;      // 64 hexadecimal digits
  std::string name;    // without Docker's leading '/'
  std::string status;  // "running", "paused", "exited", "created", "restarting", …
  bool paused = false;
  std::int64_t pid = 0;  // of its main process, as the node counts; 0: none
  std::string started;   // when, as the engine writes it
  bool runs() const { return status == "running" && !paused && pid > 0; }
  bool same_process(const ContainerState& before) const {
    return id == before.id && pid == before.pid && started == before.started;
  }
  std::string words() const;  // "running, process 1287"
};

// Letters, digits and _.- after a letter or digit: what both engines allow, and nothing that a shell would read.
bool is_container_name(const std::string& name);

// The answer of `ENGINE inspect`, of one container of exactly this name. Throws Error(unmet) for anything else.
ContainerState parse_inspect(const std::string& json, const std::string& name, const std::string& doing);
// Asks for it. Throws Error(unmet) when there is none, Error(unreachable) when the node does not answer.
ContainerState read_container(Remote& remote, const std::string& node, const std::string& engine, const std::string& name,
                              const Deadline& deadline);

// "docker" or "podman": the one engine on the node that has a container of exactly this name. With `engine` only that one is
// asked. An engine that is there but does not answer, no match and more than one are an Error(unmet).
std::string find_engine(Remote& remote, const std::string& node, const std::string& engine, const std::string& name,
                        const Deadline& deadline);

}  // namespace blackstart
