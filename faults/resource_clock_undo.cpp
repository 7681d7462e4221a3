// The undo `clock.right`: the wall clock goes as it did, and so do the services that keep it right.
#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/looking.h"
#include "faults/node_clock.h"
#include "faults/resource.h"
#include "faults/script.h"
#include "faults/unit_state.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 200ms, kAgain = 2s;
constexpr Duration kReadLimit = 3s, kOrderLimit = 10s;

std::int64_t milliseconds(const UndoRecord& record, const std::string& name) {
  const std::string text = fact(record, name);
  char* end = nullptr;
  const std::int64_t value = std::strtoll(text.c_str(), &end, 10);
  if (*end != '\0') bad_fact(record, name, "is no number: " + text);
  return value;
}

std::string boot_of(const UndoRecord& record) {
  std::string boot = fact(record, "boot");
  if (boot.size() != 36 || boot.find_first_not_of("0123456789abcdef-") != std::string::npos)
    bad_fact(record, "boot", "is no boot id: " + boot);
  return boot;
}

std::vector<std::string> services_of(const UndoRecord& record) {
  std::vector<std::string> services;
  std::istringstream in(fact_or_none(record, "time-services"));
  for (std::string each; in >> each; services.push_back(each))
    if (!is_service_name(each)) bad_fact(record, "time-services", "names no service: " + each);
  return services;
}

std::string start_services(const UndoRecord& record) {
  std::string command;
  for (const std::string& service : services_of(record)) command += " && systemctl start " + service;
  return command;
}

// How far the clock is off: by the time since boot, or, since that begins anew with a restart, by the runner's clock.
std::int64_t off_ms(const NodeClock& now, const UndoRecord& record) {
  return now.boot == boot_of(record) ? now.since_boot_ms - milliseconds(record, "since-boot-ms")
                                     : now.to_runner_ms - milliseconds(record, "to-runner-ms");
}

void set_right(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const NodeClock now = read_node_clock(context, record.node, deadline.sooner(kReadLimit));
  std::string command = clock_right_command(record);
  if (const std::int64_t off = off_ms(now, record); now.boot != boot_of(record) && std::abs(off) > kClockToleranceMs)
    command = plain_command(move_clock_script(-off)) + start_services(record);
  context.remote.check(undoing(record), record.node, command, deadline.sooner(kOrderLimit));
}

Piece right_piece(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  return piece(record.node, "the wall clock of " + record.node + " goes as before", [=](Evidence& evidence) {
    const std::int64_t off = off_ms(read_node_clock(context, record.node, deadline.sooner(kReadLimit)), record);
    evidence.observed = fmt::format("it is off by {:+} ms", off);
    return std::abs(off) <= kClockToleranceMs;
  });
}

Piece service_piece(const UndoRecord& record, const std::string& service, FaultContext context, const Deadline& deadline) {
  return piece(record.node, fmt::format("{} on {} is active again", service, record.node), [=](Evidence& evidence) {
    const UnitState state = read_unit(context.remote, record.node, service, deadline.sooner(kReadLimit));
    evidence.observed = state.words();
    return state.active == "active";
  });
}

}  // namespace

std::string clock_right_command(const UndoRecord& record) {
  return plain_command(set_clock_script(boot_of(record), milliseconds(record, "since-boot-ms"))) + start_services(record);
}

std::vector<Evidence> clock_right_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    milliseconds(record, "to-runner-ms");
    clock_right_command(record);  // all facts are checked before anything is done
    std::vector<Piece> pieces = {right_piece(record, context, deadline)};
    for (const std::string& service : services_of(record)) pieces.push_back(service_piece(record, service, context, deadline));
    return make_absent([&] { set_right(record, context, deadline); }, std::move(pieces), context.clock, deadline, kPoll,
                       kAgain);
  } catch (const Error& error) {
    return not_tried("the wall clock of " + record.node + " goes as before", error.what());
  }
}

}  // namespace blackstart
