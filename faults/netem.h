// What netem can do to packets, in words, as tc's arguments, and as what a ping shows of it.
//
// Purpose: one set of parameters for link.netem and its short forms. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/node_network.h"

namespace blackstart {

struct Netem {
  Duration delay{0}, jitter{0};
  std::string distribution;  // of the jitter: normal, uniform, pareto, paretonormal; empty: uniform, without a table
  double delay_correlation = 0;
  double loss = 0, loss_correlation = 0;  // shares, 0 to 1
  double duplicate = 0, duplicate_correlation = 0;
  double reorder = 0, reorder_correlation = 0;  // this share goes at once, the others after the delay
  double corrupt = 0, corrupt_correlation = 0;
  double rate = 0;  // bits a second; 0: no limit

  bool nothing() const;
  std::string text() const;       // "delay 50ms ± 10ms, loss 10%"
  std::string arguments() const;  // "delay 50000us 10000us loss 10% limit 100000"
  // Why a line of `tc qdisc show` is not what was asked for: an attribute is missing, or there is one too many; else "".
  std::string differs(const std::string& shown) const;
};

struct Shaping {
  Netem netem;
  NodeNetwork network;
  bool arriving = false, leaving = true;
  std::vector<std::string> towards;  // addresses and networks; empty: everybody
  std::vector<std::int64_t> ports;   // empty: all
};

// Our qdisc's handle on whatever device it stands; nobody else's.
constexpr const char* kHandle = "b1ac:";
// The interface of ours through which arriving packets go; at most 15 characters.
std::string ifb_name(const std::string& id);
std::string batch_file(const std::string& id);
// Lines for `tc -batch`, in order; the ifb is there by then.
std::vector<std::string> tc_lines(const std::string& id, const Shaping& shaping);
// The kernel modules that they need.
std::vector<std::string> modules_for(const Shaping& shaping);

}  // namespace blackstart
