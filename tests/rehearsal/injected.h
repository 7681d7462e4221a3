// One injection on nodes of the lab, by the fault contract itself over its real channels (SSH, IPMI, libvirt), without probes
// around it.
//
// Purpose: lab tests of single faults: what is injected is undone when the test ends, however it ends. Ownership: owns its
// connections. Thread rule: one thread at a time; it checks nothing by itself but throws, so that several injections may be
// made at the same time, each on a thread of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "faults/looking.h"
#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

class Injected {
 public:
  // `on`: the targets; none when the fault names them itself. `beside`: nodes under other injections at the same time, which
  // are no witnesses of this one. Nothing is done yet.
  Injected(const std::string& fault, const std::string& yaml, const std::vector<std::string>& on = {},
           const std::vector<std::string>& beside = {});
  Injected(const Cloud& cloud, const std::string& fault, const std::string& yaml, const std::vector<std::string>& on = {},
           const std::vector<std::string>& beside = {});
  ~Injected();
  Injected(const Injected&) = delete;
  Injected& operator=(const Injected&) = delete;

  // Throws std::runtime_error with what the first target that refuses says.
  void preflight();
  // The same in words; "" when nothing stands in the way.
  std::string refusal();
  // All the way to evidence; preflight included. The dead-man is armed where the node can undo it alone. `limit`: for the
  // evidence; without it the fault's own, and at least a minute, for a host that is busy.
  std::vector<Evidence> inject(Duration dead_man = 300s, Duration limit = Duration{0});
  // Throws std::runtime_error when it is not confirmed on every target; what is open then is tried once more at the end.
  std::vector<Evidence> undo();
  const std::vector<std::string>& targets() const { return targets_; }

 private:
  FaultContext context() { return {*remote_, real_clock(), cloud_}; }
  Deadline confirm_deadline(const TargetFault& fault, Duration limit) const;

  Cloud cloud_;
  std::unique_ptr<Remote> remote_;
  std::unique_ptr<FaultSettings> settings_;
  std::vector<std::string> targets_, ids_;
  std::vector<UndoRecord> records_;
  std::vector<std::unique_ptr<TargetFault>> faults_;
};

// At least `least` pieces, and every one is confirmed.
void require_all(const std::vector<Evidence>& evidence, std::size_t least);
std::string words(const std::vector<Evidence>& evidence);

}  // namespace blackstart::rehearsal
