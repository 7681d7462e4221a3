#include "runner/stopper.h"

#include <exception>

#include "base/clock.h"
#include "runner/state.h"

namespace blackstart {
namespace {

constexpr Duration kLook = 200ms;

std::string halt_of(const std::string& cloud) {
  try {
    const auto reason = halt_reason(cloud);
    return reason ? "halted: " + *reason : "";
  } catch (const std::exception& problem) {
    return std::string("the kill switch can't be read: ") + problem.what();
  }
}

}  // namespace

Stopper::Stopper(const std::string& cloud, const std::stop_token& signals, std::function<std::string()> signal_name)
    : signals_(signals),
      signal_name_(std::move(signal_name)),
      on_signal_(signals, [this] { stop_.request_stop(); }),
      thread_([this, cloud](const std::stop_token& end) { watch(cloud, end); }) {}

void Stopper::watch(const std::string& cloud, const std::stop_token& end) {
  do {
    const std::string halted = halt_of(cloud);
    if (halted.empty()) continue;
    {
      const std::lock_guard lock(mutex_);
      halted_ = halted;
    }
    stop_.request_stop();
    return;
  } while (real_clock().pause(kLook, end));
}

void Stopper::check() const {
  if (signals_.stop_requested()) throw Interrupted{"interrupted by " + signal_name_()};
  if (!stop_.stop_requested()) return;
  const std::lock_guard lock(mutex_);
  throw Interrupted{halted_};
}

}  // namespace blackstart
