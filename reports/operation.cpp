#include "reports/operation.h"

namespace blackstart {

bool answered(const Operation& operation) {
  if (operation.outcome == Outcome::ok) return true;
  if (operation.outcome == Outcome::unsent) return false;
  const bool client = operation.error >= 2000 && operation.error < 3000, ours = operation.error >= kTimedOut;
  return operation.error != 0 && !client && !ours;
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::failed: return "failed";
    case Outcome::indeterminate: return "indeterminate";
    case Outcome::unsent: return "unsent";
  }
  return "unknown";
}

}  // namespace blackstart
