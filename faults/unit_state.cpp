#include "faults/unit_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"

namespace blackstart {
namespace {

// Only shell builtins after systemctl, so that a poll is quick. A process that went away in between has no Stat; one whose
// state can't be read is an error, not an absence. "End" tells that nothing was cut off.
constexpr const char* kRead =
    "s=$(systemctl show {} -p Id,LoadState,ActiveState,SubState,MainPID,ExecMainStartTimestampMonotonic,NRestarts) || exit 1\n"
    "printf '%s\\n' \"$s\"; p=${{s##*MainPID=}}; p=${{p%%[!0-9]*}}; t=\n"
    "[ \"$p\" = 0 ] || {{ IFS= read -r t </proc/$p/stat; }} 2>/dev/null || [ ! -e /proc/$p ] || exit 3\n"
    "printf 'Stat=%s\\nEnd=1\\n' \"$t\"\n";

using Properties = std::map<std::string, std::string>;

[[noreturn]] void not_understood(const std::string& doing, const std::string& why) {
  throw Error(ErrorKind::unmet, doing, why, "is its systemd of version 240 or later?");
}

Properties properties_of(const std::string& text, const std::string& doing) {
  Properties properties;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) not_understood(doing, "not a property: '" + line + "'");
    if (!properties.emplace(line.substr(0, equals), line.substr(equals + 1)).second)
      not_understood(doing, "said twice: '" + line + "'");
  }
  return properties;
}

std::string take(const Properties& properties, const std::string& name, const std::string& doing) {
  const auto found = properties.find(name);
  if (found == properties.end()) not_understood(doing, "the answer has no " + name);
  return found->second;
}

std::int64_t number(const std::string& text, const std::string& name, const std::string& doing) {
  const auto value = parse_integer(text);
  if (!value || *value < 0) not_understood(doing, fmt::format("{} is no number: '{}'", name, text));
  return *value;
}

// proc(5): the name in field 2 may hold anything, so fields count from its last ')': the state is 3, the start time 22.
UnitState::Process process_of(const std::string& stat, const std::string& doing) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) not_understood(doing, "not a line of /proc/PID/stat: '" + stat + "'");
  std::istringstream rest(stat.substr(name_end + 2));
  std::string state, field;
  rest >> state;
  for (int index = 4; index <= 22; ++index) rest >> field;
  if (!rest || state.size() != 1) not_understood(doing, "not a line of /proc/PID/stat: '" + stat + "'");
  return {state[0], number(field, "the start time", doing)};
}

}  // namespace

bool UnitState::same_process(const UnitState& before) const {
  return runs() && before.process && main_pid == before.main_pid && process->start_ticks == before.process->start_ticks;
}

std::string UnitState::words() const {
  const std::string how = fmt::format("{} ({})", active, sub);
  if (!process) return how + ", no main process";
  return fmt::format("{}, main process {} in state {}", how, main_pid, process->state);
}

bool is_service_name(const std::string& unit) {
  const std::string suffix = ".service";
  if (unit.size() <= suffix.size() || unit.size() > 255 || !unit.ends_with(suffix) || unit.ends_with("@.service")) return false;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string("-_.:@").find(c) != std::string::npos;
  };
  return unit[0] != '-' && unit[0] != '.' && unit[0] != '@' && std::all_of(unit.begin(), unit.end(), allowed);
}

UnitState read_unit(Remote& remote, const std::string& node, const std::string& unit, const Deadline& deadline) {
  const std::string doing = fmt::format("reading the state of {} on {}", unit, node);
  const Properties all = properties_of(remote.check(doing, node, fmt::format(kRead, shell_quote(unit)), deadline), doing);
  take(all, "End", doing);
  UnitState state;
  state.id = take(all, "Id", doing);
  state.load = take(all, "LoadState", doing);
  state.active = take(all, "ActiveState", doing);
  state.sub = take(all, "SubState", doing);
  state.main_pid = number(take(all, "MainPID", doing), "MainPID", doing);
  state.started_us = number(take(all, "ExecMainStartTimestampMonotonic", doing), "ExecMainStartTimestampMonotonic", doing);
  state.restarts = number(take(all, "NRestarts", doing), "NRestarts", doing);
  if (const std::string stat = take(all, "Stat", doing); !stat.empty()) state.process = process_of(stat, doing);
  return state;
}

}  // namespace blackstart
