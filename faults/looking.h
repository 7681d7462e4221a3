// Looking until it is seen: what the faults' confirm() and the undos have in common.
//
// Purpose: each piece of evidence is looked at again and again until it is confirmed or time is up; a look that fails leaves
// it open and says why. Ownership: refers to clock and deadline during the call. Thread rule: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "reports/record.h"

namespace blackstart {

struct Piece {
  Evidence evidence;  // `observer` and `expected` say who looks for what
  // Looks once: writes what it sees into `observed` (and into `at` when it knows better than "now") and returns whether that
  // is what is expected. An Error is no sight.
  std::function<bool(Evidence&)> look;
};
Piece piece(const std::string& observer, const std::string& expected, std::function<bool(Evidence&)> look);

// Looks every `pace` at all that are not confirmed yet, until all are or the deadline passes.
std::vector<Evidence> see(std::vector<Piece> pieces, Clock& clock, const Deadline& deadline, Duration pace);

// Gives an undo's order and looks at all pieces afterwards; while not all of them hold in one round, the order is given again
// every `again`. An order that fails is told with what is seen.
std::vector<Evidence> make_absent(const std::function<void()>& order, std::vector<Piece> pieces, Clock& clock,
                                  const Deadline& deadline, Duration pace, Duration again);

void append(std::vector<Evidence>& all, std::vector<Evidence> more);
bool all_confirmed(const std::vector<Evidence>& evidence);
// An undo that could not even be tried.
std::vector<Evidence> not_tried(const std::string& expected, const std::string& why);

}  // namespace blackstart
