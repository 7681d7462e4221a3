// One systemd service as the target of a fault: what its parameters are, and what must be so before anything is done to it.
//
// Purpose: shared by all faults on services. Ownership: refers to the context during calls. Thread rule: calls are independent.
#pragma once

#include <optional>
#include <string>

#include "faults/fault.h"
#include "faults/looking.h"
#include "faults/service_port.h"
#include "faults/unit_state.h"

namespace blackstart {

// The fields `unit` (required) and `port` of a scenario.
void describe_unit(Fields& f, std::string& unit);
void describe_port(Fields& f, std::optional<int>& port);

// Reads the unit's state. Exactly one unit, loaded, active, with a main process that runs and is not stopped: anything else is
// a state of somebody else's making, and an Error(unmet) that says what to do.
UnitState read_running_unit(FaultContext context, const std::string& node, const std::string& unit, const Deadline& deadline);

// The undo must not depend on what the fault takes away: Error(unmet) for the SSH server by which we come in.
void require_other_than_our_way_in(FaultContext context, const std::string& unit, const std::string& node,
                                   const Deadline& deadline);

// The runner's side: `look` at the port that the service answered on before. The port outlives the piece.
Piece port_piece(ServicePort& port, const std::string& expected,
                 std::optional<ServicePort::Seen> (ServicePort::*look)(const Deadline&), const Deadline& deadline);

// What a fault with no port says of its one piece of evidence.
extern const char* const kNoSecondWitness;

}  // namespace blackstart
