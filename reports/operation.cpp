#include "reports/operation.h"

namespace blackstart {

// PgBouncer tells that it has no server by SQLSTATE 08P01 (8901; class 08 are connections), ProxySQL by 9001 and its like;
// servers have no errors of their own from 8000 to 9999.
bool answered(const Operation& operation) {
  if (operation.outcome == Outcome::ok) return true;
  if (operation.outcome == Outcome::unsent) return false;
  const std::uint16_t error = operation.error;
  const bool client = error >= 2000 && error < 3000, proxy = error >= 8000 && error < 10'000, ours = error >= kTimedOut;
  return error != 0 && !client && !proxy && !ours;
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
