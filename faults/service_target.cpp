#include "faults/service_target.h"

#include <fmt/format.h>

#include "base/error.h"

namespace blackstart {
namespace {

void require_running(const UnitState& state, const std::string& unit, const std::string& node) {
  const std::string doing = fmt::format("looking at {} on {}", unit, node);
  const std::string look = fmt::format("look at it there: systemctl status {}", unit);
  if (state.load == "not-found")
    throw Error(ErrorKind::unmet, doing, "there is no such unit", "what there is: systemctl list-units --type=service");
  if (state.id != unit) throw Error(ErrorKind::unmet, doing, "it is another name of " + state.id, "name the unit " + state.id);
  if (state.load != "loaded") throw Error(ErrorKind::unmet, doing, "the unit is " + state.load, look);
  if (state.active != "active") throw Error(ErrorKind::unmet, doing, "the unit is " + state.words(), look);
  if (state.frozen())
    throw Error(ErrorKind::unmet, doing, "somebody froze it before us: " + state.words(),
                fmt::format("systemctl kill --kill-who=all -s CONT {}", unit));
  if (!state.runs()) throw Error(ErrorKind::unmet, doing, "it has no main process that runs: " + state.words(), look);
}

std::string hint_for(const std::string& unit) {
  const std::string longer = unit + ".service";
  return is_service_name(longer) && unit.find('.') == std::string::npos
             ? fmt::format("did you mean '{}'?", longer)
             : "letters, digits and -_.:@ up to '.service'; no pattern";
}

}  // namespace

const char* const kNoSecondWitness = " (none of its ports answered the runner before: no second witness)";

void describe_unit(Fields& f, std::string& unit) {
  f.text({"unit", "the systemd service, with its suffix: mariadb.service", Field::required}, unit);
  if (!unit.empty() && !is_service_name(unit))
    f.problem("unit", fmt::format("'{}' does not name one systemd service", unit), hint_for(unit));
}

void describe_port(Fields& f, std::optional<int>& port) {
  std::int64_t number = 0;
  if (f.integer({"port", "TCP port at which the runner watches the service; without it one that answers is looked for"}, number,
                {1, 65535}))
    port = static_cast<int>(number);
}

UnitState read_running_unit(FaultContext context, const std::string& node, const std::string& unit, const Deadline& deadline) {
  UnitState state = read_unit(context.remote, node, unit, deadline);
  require_running(state, unit, node);
  return state;
}

Piece port_piece(ServicePort& port, const std::string& expected,
                 std::optional<ServicePort::Seen> (ServicePort::*look)(const Deadline&), const Deadline& deadline) {
  return piece("runner", expected, [&port, look, deadline](Evidence& evidence) {
    const auto seen = (port.*look)(deadline);
    evidence.observed = seen ? seen->words : port.trouble();
    if (seen) evidence.at = seen->at;
    return seen.has_value();
  });
}

void require_other_than_our_way_in(FaultContext context, const std::string& unit, const std::string& node,
                                   const Deadline& deadline) {
  const std::string doing = fmt::format("looking at {} on {}", unit, node);
  const std::string groups = context.remote.check(doing, node, "cat /proc/self/cgroup", deadline) + "\n";
  const bool inside = groups.find("/" + unit + "/") != std::string::npos || groups.find("/" + unit + "\n") != std::string::npos;
  if (inside || unit == "ssh.service" || unit == "sshd.service")
    throw Error(ErrorKind::unmet, doing, "it is the way by which the fault would be undone", "choose another unit");
}

}  // namespace blackstart
