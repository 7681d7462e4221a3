// PostgreSQL in a lab: a primary, which stands first in the lab file, and standbys that stream from it.
//
// Purpose: the part of `lab up` that waits for them. Ownership: none. Thread rule: one lab, one thread; works on the nodes side
// by side inside.
#pragma once

#include <string>

#include "lab/lab.h"

namespace blackstart {

// Returns when all standbys stream from the primary and it lets bank in with the lab's password. As often as one likes.
// Throws Error(unreachable) with the node and the end of the unit's log.
void wait_for_postgres(const LabFile& lab, const std::string& password, const Progress& progress);

}  // namespace blackstart
