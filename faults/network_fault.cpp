#include "faults/network_fault.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/looking.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 50ms;
constexpr Duration kOrderLimit = 10s;

// A look that fails, as the last one does for want of time, does not take away what was seen before it.
std::function<bool(Evidence&)> keeping_last_sight(std::function<bool(Evidence&)> look) {
  return [look = std::move(look), last = std::string()](Evidence& evidence) mutable {
    try {
      const bool seen = look(evidence);
      last = evidence.observed;
      return seen;
    } catch (const Error& error) {
      evidence.observed = last.empty() ? error.what() : last + "; the last look failed: " + error.what();
      return false;
    }
  };
}

}  // namespace

void NetworkFault::preflight(const Deadline& deadline) {
  check(deadline);
  third_->preflight(deadline);
  facts_of_third_ = third_->facts();
}

UndoRecord NetworkFault::undo_record() const {
  UndoRecord record = own_record();
  record.facts.insert(facts_of_third_.begin(), facts_of_third_.end());
  return record;
}

std::string NetworkFault::witness_address() const {
  const auto names = facts_of_third_.find("witnesses");
  if (names == facts_of_third_.end()) return "";
  const Node* const first = context_.cloud.find(names->second.substr(0, names->second.find(' ')));
  return first == nullptr ? "" : first->data_address();
}

void NetworkFault::stage(const Deadline& deadline) {
  prepare(deadline);
  third_->open(deadline);
  // Not only just before the order: many targets share a few witnesses, and would be fired one after the other.
  third_->require_undisturbed(deadline);
}

void NetworkFault::fire(const Deadline& deadline) {
  fired_ = context_.clock.now();
  give_order(deadline);
}

void NetworkFault::give_order(const Deadline& deadline) {
  context_.remote.check(doing(), node_.name, guarded_order(context_.id, order()), deadline.sooner(kOrderLimit));
}

std::vector<Evidence> NetworkFault::confirm(const Deadline& deadline) {
  std::vector<Piece> pieces = third_->pieces(deadline);
  const char* const alone = pieces.empty() ? " (nobody in the cloud would notice: no second witness)" : "";
  pieces.insert(pieces.begin(),
                piece(observer(), expected() + alone, [&](Evidence& evidence) { return look(evidence.observed, deadline); }));
  for (Piece& each : pieces) each.look = keeping_last_sight(std::move(each.look));
  std::vector<Evidence> evidence = see(std::move(pieces), context_.clock, deadline, kPoll);
  third_.reset();  // nobody is kept watching
  return evidence;
}

// A cloud that fences a node which it can't reach any more takes the fault away with the node's memory: that is how it
// recovers, and not somebody who meddles. Process 1 of a container is as young as that one.
bool NetworkFault::went_with_a_restart(std::string& observed, const Deadline& deadline) const {
  try {
    const Answer answer(context_.remote, "asking " + node_.name + " how long it has been up", node_.name,
                        "up=$(ps -o etimes= -p 1) && echo \"Up=$((up))\" && echo End=1", deadline.sooner(kOrderLimit));
    const std::int64_t up = answer.number("Up");
    if (std::chrono::seconds(up) + 1s >= context_.clock.now() - fired_) return false;
    observed += fmt::format("; {} was restarted {} s ago, and it went with that", node_.name, up);
    return true;
  } catch (const Error&) {
    return false;  // what was seen before stands
  }
}

std::vector<Evidence> NetworkFault::look_again(const Deadline& deadline) {
  Piece own = piece(observer(), expected(), [&](Evidence& evidence) {
    return lasts(evidence.observed, deadline) || went_with_a_restart(evidence.observed, deadline);
  });
  own.look = keeping_last_sight(std::move(own.look));
  return see({std::move(own)}, context_.clock, deadline, kPoll);
}

}  // namespace blackstart
