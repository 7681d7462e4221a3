// A node as others see it: the runner at its SSH port, another node by ping.
//
// Purpose: the third party's side of what happens to a whole node. Ownership: owns its connection, refers to the context's
// parts. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "faults/fault.h"
#include "faults/looking.h"

namespace blackstart {

class NodeOutside {
 public:
  NodeOutside(FaultContext context, const Node& node) : context_(context), node_(node) {}

  // The SSH server speaks; throws Error(unmet) when it doesn't. Chooses a node that can ping the target, if there is one.
  void preflight(const Deadline& deadline);
  // Makes sure of an open connection; throws Error(unmet) when there is none to be had.
  void hold(const Deadline& deadline);

  // Each look has a limit of its own: one that the caller's deadline cut short would have seen less than there was.
  // Off, or hung: new connections get no answer at all, not even a refusal, twice in a row.
  Piece silent();
  // The same by ping from another node; nothing when there is none that could ping it at preflight.
  std::optional<Piece> unanswered_pings();
  // That other node could not be asked at the latest look: where everything loses its power, so does the witness.
  bool witness_lost() const { return witness_lost_; }
  // It was away: the open connection ended, or a new one got no answer or was refused. Once seen, it stays so.
  Piece interrupted();
  bool was_interrupted() const { return interrupted_ >= Time{0}; }
  // Its processes stand still: a connection is accepted or not, but nothing speaks on it.
  Piece mute();
  // The SSH server speaks.
  Piece speaks();
  // One attempt: nothing came back, it was refused, or nothing spoke on it. A login that fails where a server speaks says
  // nothing of the machine, and neither does trouble of our own.
  bool away(std::string& words);

 private:
  std::string where() const;
  bool look_for_interruption(Evidence& evidence);
  bool held_has_ended();
  // One attempt, in words; `speaks`: the server said something within the limit.
  struct Attempt {
    bool connected = false, speaks = false, silent = false, refused = false;
    std::string words;
  };
  Attempt attempt(Duration limit);

  FaultContext context_;
  const Node node_;
  std::optional<Node> witness_;
  bool witness_lost_ = false;
  std::unique_ptr<TcpConnection> held_;
  Duration usual_{0};  // until the SSH server speaks
  std::string interruption_;
  Time interrupted_{-1};
};

}  // namespace blackstart
