// What other nodes see of a network fault, and that they see nothing of it any more afterwards.
//
// Purpose: one seam for all kinds of effects, so that each fault of the network has a second witness. Ownership: a ThirdParty
// refers to the context's parts. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "faults/looking.h"

namespace blackstart {

class ThirdParty {
 public:
  virtual ~ThirdParty() = default;
  // Finds witnesses that reach the target now. Throws Error(unmet) when there is none.
  virtual void preflight(const Deadline& deadline) = 0;
  // Facts of the undo record by which the undo finds the witnesses again; valid after preflight.
  virtual std::map<std::string, std::string> facts() const = 0;
  // What can be done before the moment: opens connections, measures how it was.
  virtual void open(const Deadline& deadline) = 0;
  // At the end of staging. Throws Error(unmet) when what was opened does not work any more.
  virtual void require_undisturbed(const Deadline& deadline) = 0;
  // One piece for each witness; looking at it throws Error when the witness does not answer.
  virtual std::vector<Piece> pieces(const Deadline& deadline) = 0;
};

// Whom to ask, and where at the target.
struct WatchPlan {
  Node target;
  bool anybody = true;               // any other node; else only `among`
  std::vector<std::string> among;    // names; none, when nobody in the cloud would notice
  std::vector<std::string> avoid;    // further targets
  std::optional<std::int64_t> port;  // TCP port at the target's data address; without it the SSH server's
  bool pings = true;                 // does the fault concern pings too?
};

// The target is cut off: a connection that was open is not acknowledged any more, pings are not answered.
std::unique_ptr<ThirdParty> cut_watch(FaultContext context, WatchPlan plan);
// As cut_watch, but it must stall and go on again by turns.
std::unique_ptr<ThirdParty> flap_watch(FaultContext context, WatchPlan plan);

// The nodes that may watch, at most two; empty when `anybody` is false and none is in `among`.
std::vector<Node> watchers_of(FaultContext context, const WatchPlan& plan);

// How one node reaches another at this moment.
struct Reach {
  bool ping = false, tcp = false;
  bool python = false;     // the node that was asked has python3
  bool disturbed = false;  // it did not get both answers, and an injection of ours is open on it
};
Reach reach(FaultContext context, const std::string& from, const std::string& address, std::int64_t port,
            const Deadline& deadline);

// Undo of a network fault, until the deadline: `look` makes it absent and says what it found, true when it is gone; then one of
// the witnesses in the facts must reach the target again. Witnesses that can't tell, because they don't answer us or are
// under an injection themselves, are waited for a while and then left out. Never throws Error.
struct Gone {
  bool gone = false;
  std::string observed;
};
std::vector<Evidence> undo_until_gone(const UndoRecord& record, FaultContext context, const Deadline& deadline,
                                      const std::string& observer, const std::string& expected,
                                      const std::function<Gone(const Deadline&)>& look);

}  // namespace blackstart
