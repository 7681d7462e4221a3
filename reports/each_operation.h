// Operations one after the other, for those who need no more than one at a time and care not where they come from.
//
// Ownership, thread rule: a plain function.
#pragma once

#include <functional>

#include "reports/operation.h"

namespace blackstart {

// Hands them to `take`; may be asked as often as needed, and hands over the same each time.
using EachOperation = std::function<void(const std::function<void(const Operation&)>& take)>;

}  // namespace blackstart
