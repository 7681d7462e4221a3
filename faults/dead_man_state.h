// What a node tells of a dead-man of ours, and of the order that it guards.
//
// Purpose: the marks' names and one reading of them, for arming and disarming (faults/dead_man.cpp). Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <string>

#include "faults/fault.h"

namespace blackstart {

// The fault's order on the node: not come; come, and not known to have ended; at work; ended.
enum class Order { none, given, runs, ended };

struct DeadMan {
  bool armed = false;    // its timer runs
  bool running = false;  // its command runs at this moment
  std::string fired;     // the time in its mark, or empty
  Order order = Order::none;
  bool disarmed = false;  // by an undo
};

// Throws Error(internal) for an id that can't become part of unit and file names.
void require_safe(const std::string& id);
std::string unit_name(const std::string& id);
std::string fired_mark(const std::string& id);
// Tells a dead-man that was disarmed from one that got lost. It stays, so it has a folder of its own: what lies in the other
// one waits for an undo.
constexpr const char* kDisarmedMarks = "/run/blackstart-disarmed";
std::string disarmed_mark(const std::string& id);

// A shell condition that is true where an order is not there or has let go of its mark.
std::string at_rest(const std::string& id);

// `first` is carried out before it is looked. Throws Error(unmet) when it can't be told, Error(unreachable).
DeadMan read_dead_man(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline,
                      const std::string& first = "");

}  // namespace blackstart
