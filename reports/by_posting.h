// Operations in the order of their postings, in bounded memory.
//
// Purpose: replicas' rows come in that order, operations in that of completion. Ownership: refers to nothing after the call.
// Thread rule: plain functions.
#pragma once

#include <cstddef>
#include <optional>

#include "reports/each_operation.h"

namespace blackstart {

struct ByPosting {
  // False: one came so late that those after it were handed over already. What was handed over is worth nothing then.
  bool in_order = true;
  std::optional<std::uint64_t> twice;  // the first posting that more than one had; only the first of them was handed over
};

// Of what `each` hands over, hands over to `take` those that post, by posting. In one pass, as postings are given out in the
// order in which operations are sent: the next one is passed on at once, what comes before its turn waits. When more than
// `most` wait, there is a gap, and the first of them is next.
ByPosting nearly_by_posting(const EachOperation& each, std::size_t most, const std::function<void(const Operation&)>& take);

// The same whatever their order: each pass hands over the next `most`. Always in order.
ByPosting wholly_by_posting(const EachOperation& each, std::size_t most, const std::function<void(const Operation&)>& take);

}  // namespace blackstart
