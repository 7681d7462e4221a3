// halt, resume: how a rehearsal is stopped, and new ones are kept from starting.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "base/error.h"
#include "runner/commands.h"
#include "runner/state.h"

namespace blackstart {
namespace {

void say(const std::string& text) { std::puts(text.c_str()); }

constexpr const char* kOthers = "another user, or another BLACKSTART_STATE, has leases and halts of its own";

void say_nothing_stopped(const std::string& cloud) {
  say(fmt::format("NOTHING WAS STOPPED: no rehearsal of cloud {} runs in the state folder {}", cloud, state_folder().string()));
  for (const std::string& other : clouds_with("lease"))
    if (const auto holder = lease_holder(other))
      say(fmt::format("  is the name right? cloud {} is in use by {}", other, *holder));
  say(fmt::format("  {}: who runs the rehearsal must halt it", kOthers));
}

}  // namespace

// Halted before anything runs is legal, and looks like a name that is wrong: who wants to stop something must see which.
int halt_command(const std::string& cloud, const std::string& reason) {
  halt_cloud(cloud, reason);
  const std::optional<std::string> holder = lease_holder(cloud);
  if (!holder)
    say_nothing_stopped(cloud);
  else if (holder->starts_with("blackstart "))  // recover, fetch: they inject nothing
    say(fmt::format("cloud {} is halted: no rehearsal runs there; '{}' does, and goes on", cloud, *holder));
  else
    say(fmt::format("cloud {} is halted: {} stops and undoes; 'blackstart status' tells when it is done", cloud,
                    holder->empty() ? "a rehearsal" : *holder));
  say(fmt::format("new rehearsals of {} are refused until 'blackstart resume {}'", cloud, cloud));
  return kPassed;
}

int resume_command(const std::string& cloud) {
  say(lift_halt(cloud) ? fmt::format("the halt of cloud {} is lifted", cloud)
                       : fmt::format("cloud {} was not halted in {}; {}", cloud, state_folder().string(), kOthers));
  return kPassed;
}

}  // namespace blackstart
