// Whom an injection hits, now.
//
// Purpose: turns `pick: writer` and its like into node names. Choosing among candidates is pure and seeded; finding the writer
// or the holder of the virtual IP asks the cloud. Ownership, thread rule: plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/cloud.h"
#include "lab/remote.h"
#include "runner/hits.h"
#include "runner/scenario.h"

namespace blackstart {

// Nodes that `any`, `all` and explicit names may mean, in the cloud's order. Throws Error(unmet): unknown node, empty set.
std::vector<std::string> candidates(const Selection& on, const Cloud& cloud);
// One of the candidates; the same seed and injection id give the same one on every machine.
std::string chosen(const std::vector<std::string>& candidates, std::uint64_t seed, const std::string& injection);
// The number in [0, 1) that the seed gives for this purpose.
double fraction(std::uint64_t seed, const std::string& purpose);

// `any` chooses among those that nothing hits yet, unless the step says `share`. Throws Error(unmet) when the pick isn't
// exactly there, Error(unreachable) when it can't be found out.
std::vector<std::string> resolve(const InjectStep& step, const Cloud& cloud, std::uint64_t seed, Remote& remote,
                                 const Deadline& deadline, const Hits& hits = {});

}  // namespace blackstart
