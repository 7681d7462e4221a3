// A probe's operations one after the other, for those who need no more than one at a time.
//
// Purpose: the one place that knows where they are. Ownership, thread rule: a plain function.
#pragma once

#include <functional>

#include "reports/record.h"

namespace blackstart {

// Hands them to `take`; may be asked as often as needed, and hands over the same each time.
using EachOperation = std::function<void(const std::function<void(const Operation&)>& take)>;

// All that the record has of this probe, in the order of the record.
inline void each_operation(const ProbeRecord& probe, const std::function<void(const Operation&)>& take) {
  for (const Operation& operation : probe.operations) take(operation);
}

}  // namespace blackstart
