// What the tests of a runner that dies share: faults of several families on nodes of their own, a runner that ends itself by
// SIGKILL at a point of its way, and how each effect is seen from outside.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

// One family's fault, and what a bystander sees of it: `look` on node `from` (empty: this machine) prints `whole` without it
// and `broken` with it.
struct Walked {
  std::string fault, parameters;  // "service.stop", "unit: memcached.service"
  std::string node;               // its only target, unless it names them itself
  std::string from, look, whole, broken;
  Duration heals = Duration{0};  // what the cloud itself needs after the undo, such as the start of a node
  bool names_targets() const;    // the fault does, by its parameters
};
// The lab's, which has no racks: here each node stands in one of its own, "rack-c1".
Cloud racked_cloud();
// Sets of faults that don't get in each other's way, and let the database be whole again by itself. `echo`: how an
// EchoContainer on c2 is looked at.
std::vector<std::vector<Walked>> walked_families(const std::string& echo);

enum class CrashPoint { before_arm, after_arm, after_inject, during_undo };
const char* name_of(CrashPoint point);

// Injects all of them at the same moment, in a process of its own with the product's injector and its real channels, and ends
// it by SIGKILL at this point.
void crash_runner(const Workplace& workplace, const std::vector<Walked>& faults, Duration dead_man, CrashPoint point);

bool all_look(const std::vector<Walked>& faults, bool broken);

}  // namespace blackstart::rehearsal
