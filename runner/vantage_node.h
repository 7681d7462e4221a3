// A vantage point as the runner reaches it: what is put there, started there and asked of it.
//
// Purpose: every call is one command over SSH; what runs on the node needs no connection. Ownership: refers to the remote,
// which outlives it. Thread rule: as Remote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/remote.h"
#include "runner/probe_bundle.h"

namespace blackstart {

// Where the files of one probe are on its node.
struct VantagePlace {
  std::string probe, node;
  std::string folder;   // of its own: specification, operations, how it ended
  std::string program;  // the folder of blackstart-probe and its libraries
  std::string unit;     // of systemd, where the node runs it
};

// What it said of itself.
struct VantageState {
  std::string boot;  // of the node, another after each start
  Time now{0};       // of its monotonic clock
  double rate = 0;   // at which that is being corrected, seconds a second (probes/clock_rate.h); a program of before: 0
  bool alive = false;
  std::uint64_t size = 0;  // bytes of operations
  std::optional<Time> started;
  struct End {
    Time stopped{0};
    std::vector<std::uint64_t> planned;
    std::string trouble;
  };
  std::optional<End> ended;
};

// With when it was asked and answered, on the clock of the deadline.
struct VantageAnswer {
  Time asked{0}, answered{0};
  VantageState state;
  std::string bytes;  // of operations, from where it was asked to begin
};

// A file of a vantage point's folder that nobody but its owner can read.
struct VantageFile {
  std::string name, text;
};
using VantageFiles = std::vector<VantageFile>;

class VantageNode {
 public:
  VantageNode(Remote& remote, VantagePlace place) : remote_(remote), place_(std::move(place)) {}
  const VantagePlace& place() const { return place_; }

  // Sends the program unless it is there.
  void install(const ProbeBundle& bundle, const Deadline& deadline);
  void put(const VantageFiles& files, const Deadline& deadline);
  // With these files, which are there for the check alone: the node removes them when it is over, whether or not anybody still
  // asks. Throws Error(unmet) with what the program says: it could not be sent from there; or when it could not remove them.
  void check(const VantageFiles& files, const Deadline& deadline);
  void launch(const Deadline& deadline);
  void ask_to_stop(const Deadline& deadline);
  VantageAnswer poll(std::uint64_t offset, const Deadline& deadline);
  // Waits until the process has gone, and removes its folder. Throws Error that says what is left where.
  void remove(const Deadline& deadline);

 private:
  std::string program(const std::string& arguments) const;

  Remote& remote_;
  VantagePlace place_;
};

// What a poll answered, without the times: the line of JSON and what is behind it. Throws Error(unmet).
VantageAnswer parse_poll(const std::string& node, const std::string& out);

}  // namespace blackstart
