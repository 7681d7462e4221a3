// The undo `limits.before`: the process has the limit that it had, and its service runs.
#include <fmt/format.h>

#include "base/error.h"
#include "faults/facts.h"
#include "faults/load_unit.h"
#include "faults/looking.h"
#include "faults/process_limit.h"
#include "faults/resource.h"
#include "faults/script.h"
#include "faults/service.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms, kAgain = 2s;
constexpr Duration kReadLimit = 3s, kOrderLimit = 15s;
constexpr int kDeafLooks = 8;  // half a second apart

LimitedProcess process_of(const UndoRecord& record) {
  return {number_fact(record, "pid", 1), number_fact(record, "start-ticks", 1), number_fact(record, "uid", 0),
          number_fact(record, "gid", 0)};
}

const LimitName& limit_of(const UndoRecord& record) {
  const std::string name = fact(record, "limit");
  if (name == kDescriptors.option) return kDescriptors;
  if (name == kProcesses.option) return kProcesses;
  bad_fact(record, "limit", fmt::format("is none: '{}'", name));
}

Limit before_of(const UndoRecord& record) {
  Limit limit{fact(record, "soft"), fact(record, "hard")};
  if (!is_limit(limit.soft)) bad_fact(record, "soft", "is no limit: " + limit.soft);
  if (!is_limit(limit.hard)) bad_fact(record, "hard", "is no limit: " + limit.hard);
  return limit;
}

UndoRecord load_part(const UndoRecord& record) { return load_absent_record(id_fact(record), record.node); }

// Some services stop accepting for good once it has failed (memcached does until a connection ends). Such a one has connections
// waiting at its port at every look; one that merely has much to do empties the queue now and then.
std::string restart_if_deaf(const UndoRecord& record) {
  const UndoRecord service = running_record(record);
  if (fact_or_none(service, "host").empty()) return "";
  return fmt::format(
      "deaf() {{ ss -Hltn 'sport = :{}' | {{ while read -r state queue rest; do [ $queue -eq 0 ] || exit 0; done; exit 1; }}; "
      "}}\n"
      "i=0; while [ $i -lt {} ] && alive && deaf; do sleep 0.5; i=$((i + 1)); done\n"
      "[ $i -lt {} ] || systemctl --no-block restart {}\n",
      number_fact(service, "port", 1), kDeafLooks, kDeafLooks, fact(service, "unit"));
}

std::string limit_command(const UndoRecord& record) {
  return plain_command(limit_functions(process_of(record), limit_of(record)) +
                       fmt::format("alive || exit 0\nlimit {} || exit 1\n", before_of(record).soft) + restart_if_deaf(record));
}

Piece limit_piece(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const LimitedProcess process = process_of(record);
  const LimitName& name = limit_of(record);
  const Limit before = before_of(record);
  return piece(record.node, fmt::format("process {} on {} has its limit of {} again", process.pid, record.node, before.soft),
               [=, &name](Evidence& evidence) {
                 const auto now = read_limit(context, record.node, process, name, deadline.sooner(kReadLimit));
                 evidence.observed = now ? "it is " + now->soft : "the process is gone, and its limit with it";
                 return !now || now->soft == before.soft;
               });
}

std::vector<Evidence> limit_again(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string command = limit_command(record), doing = undoing(record);
  const auto order = [&] { context.remote.check(doing, record.node, command, deadline.sooner(kOrderLimit)); };
  return make_absent(order, {limit_piece(record, context, deadline)}, context.clock, deadline, kPoll, kAgain);
}

}  // namespace

std::string limits_before_command(const UndoRecord& record) {
  return fmt::format("{}; {}; {}", load_absent_command(load_part(record)), limit_command(record),
                     service_running_command(running_record(record)));
}

std::vector<Evidence> limits_before_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    limits_before_command(record);  // all facts are checked before anything is done
    std::vector<Evidence> evidence = load_absent_undo(load_part(record), context, deadline);
    if (all_confirmed(evidence)) append(evidence, limit_again(record, context, deadline));
    if (all_confirmed(evidence)) append(evidence, service_running_undo(running_record(record), context, deadline));
    return evidence;
  } catch (const Error& error) {
    return not_tried("the limits on " + record.node + " are as before", error.what());
  }
}

}  // namespace blackstart
