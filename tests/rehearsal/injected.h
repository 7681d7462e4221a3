// One injection on nodes of the lab, by the fault contract itself over real SSH, without probes around it.
//
// Purpose: lab tests of single faults: what is injected is undone when the test ends, however it ends. Ownership: owns its
// connections. Thread rule: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

class Injected {
 public:
  // `on`: the targets; none when the fault names them itself. Nothing is done yet.
  Injected(const std::string& fault, const std::string& yaml, const std::vector<std::string>& on = {});
  ~Injected();
  Injected(const Injected&) = delete;
  Injected& operator=(const Injected&) = delete;

  void preflight();
  // All the way to evidence; preflight included.
  std::vector<Evidence> inject(Duration dead_man = 300s);
  std::vector<Evidence> undo();
  const std::vector<std::string>& targets() const { return targets_; }

 private:
  Cloud cloud_;
  std::unique_ptr<Remote> remote_;
  std::unique_ptr<FaultSettings> settings_;
  std::vector<std::string> targets_, ids_;
  std::vector<UndoRecord> records_;
  std::vector<std::unique_ptr<TargetFault>> faults_;
};

// Every piece is confirmed; at least `least` of them.
void require_all(const std::vector<Evidence>& evidence, std::size_t least);

}  // namespace blackstart::rehearsal
