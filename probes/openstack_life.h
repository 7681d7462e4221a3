// The life of one resource, as one operation: create, wait for its state, delete, wait until it is gone.
//
// Purpose: ok only when all of that came true within the deadline. Ownership: what is under way holds itself alive; caller and
// leftovers outlive it. Thread rule: the loop's thread.
#pragma once

#include <string>

#include "probes/open_loop.h"
#include "probes/openstack_book.h"
#include "probes/openstack_leftovers.h"
#include "probes/openstack_workload.h"

namespace blackstart {

// Outcomes: failed when it certainly was not made (no connection, refused with 4xx); everything else that goes wrong is
// indeterminate, and what may have been made is left to the leftovers. Creating and deleting are asked once; states are asked
// for again and again, whatever became of an earlier question.
void begin_life(OpenStackCaller& caller, Leftovers& leftovers, const ResourceKind& kind, const std::string& name, bool fresh,
                const Deadline& deadline, Workload::Done done);

// What the answer to a DELETE says of it.
void note_deletion(OpenStackBook& book, const std::string& name, const HttpAnswer& answer);

}  // namespace blackstart
