// The undo `container.running`: whatever was done to the container, it runs again and is not paused.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "faults/container.h"
#include "faults/container_state.h"
#include "faults/facts.h"
#include "faults/looking.h"
#include "faults/service_port.h"
#include "faults/steady.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 200ms, kAgain = 3s;
constexpr Duration kReadLimit = 5s, kOrderLimit = 15s, kAnswerLimit = 1s;
constexpr Duration kSteady = 1s;  // a container whose service dies of its configuration runs for a moment too
// One that was told to end and takes its time runs as well; the fault's own confirmation has waited for its end before that.
constexpr Duration kSteadyUnchanged = 5s;
// What a process that was told to end before gets when it is restarted, until the engine kills it; fits into kOrderLimit.
constexpr int kGraceSeconds = 5;

std::string engine_of(const UndoRecord& record) {
  std::string engine = fact(record, "engine");
  if (engine != "docker" && engine != "podman") bad_fact(record, "engine", fmt::format("is none: '{}'", engine));
  return engine;
}

std::string name_of(const UndoRecord& record) {
  std::string name = fact(record, "name");
  if (!is_container_name(name)) bad_fact(record, "name", fmt::format("names no container: '{}'", name));
  return name;
}

std::optional<Endpoint> endpoint_of(const UndoRecord& record) {
  if (fact_or_none(record, "host").empty()) return std::nullopt;
  const std::int64_t port = number_fact(record, "port", 1);
  if (port > 65535) bad_fact(record, "port", "is over 65535");
  return Endpoint{fact(record, "host"), static_cast<int>(port)};
}

// Is it still the very process that the fault was to end by a signal? Facts of container.kill alone.
bool is_target_of_kill(const UndoRecord& record, const ContainerState& now) {
  return fact_or_none(record, "pid") == std::to_string(now.pid) && fact_or_none(record, "started") == now.started;
}

std::string container_of(const UndoRecord& record) {
  std::string id = fact(record, "container");
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (id.size() != 64 || !std::all_of(id.begin(), id.end(), hex))
    bad_fact(record, "container", fmt::format("is no container's id: '{}'", id));
  return id;
}

// As the container sees the port: with a network of its own it may have another one, and then it counts as silent.
std::string container_listens(const std::string& container, int port, std::int64_t pid) {
  return group_listens(fmt::format("2>/dev/null nsenter -t {} -n ss", pid), port, pid, container);
}

// The condition for restarting it: the order was given, and the process that was asked to end is still there, and deaf. When it
// ends later nobody need start it again: `start` changed nothing, and no restart policy need act. Empty: none was asked to end.
std::string still_to_end(const UndoRecord& record) {
  if (fact_or_none(record, "id").empty()) return "";
  const std::string container = container_of(record);
  const std::int64_t pid = number_fact(record, "pid", 1);
  const auto where = endpoint_of(record);
  const std::string deaf = where ? fmt::format("! {{ {}; }} && ", container_listens(container, where->port, pid)) : "";
  return fmt::format(
      "{}test -e {} && {} inspect --type container --format '{{{{.Id}}}} {{{{.State.Pid}}}}' {} | grep -qxF '{} {}'", deaf,
      order_mark(id_fact(record)), engine_of(record), name_of(record), container, pid);
}

// `ordered`: the last order was carried out. Without it the process that was to end may still be about to.
Piece running_piece(const UndoRecord& record, std::shared_ptr<bool> ordered, FaultContext context, const Deadline& deadline) {
  const std::string engine = engine_of(record), name = name_of(record);
  return piece(record.node, fmt::format("container {} on {} runs and is not paused", name, record.node),
               [=, steady = Steady(), last = ContainerState()](Evidence& evidence) mutable {
                 const Steady so_far = std::exchange(steady, Steady());  // a look that fails ends it too
                 const ContainerState now =
                     read_container(context.remote, record.node, engine, name, deadline.sooner(kReadLimit));
                 evidence.observed = now.words();
                 if (now.runs() && now.same_process(last)) steady = so_far;
                 last = now;
                 const bool target = is_target_of_kill(record, now);
                 const Duration needed = target ? kSteadyUnchanged : kSteady;
                 return now.runs() && (!target || *ordered) && steady.settle(evidence, context.clock.now(), needed);
               });
}

Piece port_answers_piece(const Endpoint& where, FaultContext context, const Deadline& deadline) {
  return piece("runner", where.text() + " answers again", [=, steady = Steady()](Evidence& evidence) mutable {
    const auto answer = answer_time(context, where, deadline.sooner(kAnswerLimit));
    evidence.observed = answer ? "answered within " + format_seconds(*answer) : "does not answer";
    if (!answer) steady.ends();
    return answer && steady.settle(evidence, context.clock.now(), kSteady);
  });
}

}  // namespace

// Podman leaves what watches over a container to the service that it is called from, by this name, and systemd would end it
// with the dead-man's.
constexpr const char* kOnItsOwn = "unset INVOCATION_ID; ";

// Unpause first: a paused container can neither be started nor stopped. Starting one that runs changes nothing, with both
// engines; unpausing one that is not paused fails, and is no matter: what counts is the state that is read afterwards.
std::string container_running_command(const UndoRecord& record) {
  const std::string engine = engine_of(record), name = name_of(record), target = still_to_end(record);
  const std::string start = fmt::format("{} start {} >/dev/null", engine, name);
  const std::string unpause = fmt::format("{}{} unpause {} >/dev/null 2>&1; ", kOnItsOwn, engine, name);
  if (target.empty()) return unpause + start;
  return fmt::format("{}if {}; then {} restart --time {} {} >/dev/null; else {}; fi", unpause, target, engine, kGraceSeconds,
                     name, start);
}

std::vector<Evidence> container_running_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    const std::string command = container_running_command(record), doing = undoing(record);
    const auto ordered = std::make_shared<bool>(false);
    std::vector<Piece> pieces = {running_piece(record, ordered, context, deadline)};
    if (const auto where = endpoint_of(record)) pieces.push_back(port_answers_piece(*where, context, deadline));
    const auto order = [&] {
      *ordered = false;
      context.remote.check(doing, record.node, command, deadline.sooner(kOrderLimit));
      *ordered = true;
    };
    return make_absent(order, std::move(pieces), context.clock, deadline, kPoll, kAgain);
  } catch (const Error& error) {
    return not_tried("the container on " + record.node + " runs again", error.what());
  }
}

}  // namespace blackstart
