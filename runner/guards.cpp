#include "runner/guards.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace blackstart {
namespace {

constexpr Duration kTick = 100ms;

}  // namespace

void Guards::arm() {
  armed_ = true;
  since_ = log_.run_time();
}

void Guards::trip(const std::string& guard, const std::string& observed) const {
  record_.guard({guard, observed, log_.run_time()});
  log_.say(fmt::format("GUARD {}: {}", guard, observed));
  throw Tripped{};
}

void Guards::check() const {
  stopper_.check();
  if (!armed_) return;
  for (const GuardSpec& guard : guards_) {
    const bool total = guard.kind == GuardSpec::Kind::total;
    const Duration spent = total ? log_.run_time() - since_ : probes_.without_success(since_, guard.probe);
    if (spent > guard.limit) trip(guard.text(), (total ? "" : "none for ") + format_seconds(spent, 1));
  }
}

bool Guards::watch(const std::function<bool()>& condition, Duration limit) const {
  const Deadline deadline(clock_, limit);
  while (!condition()) {
    check();
    if (deadline.passed()) return false;
    clock_.pause(std::min(kTick, deadline.left()), stopper_.token());
  }
  return true;
}

}  // namespace blackstart
