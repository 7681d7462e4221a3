#include "reports/transfer_plan.h"

namespace blackstart {

Transfer planned_transfer(std::uint64_t number, std::uint64_t accounts) {
  const std::uint64_t from = mix(3 * number) % accounts, step = 1 + mix(3 * number + 1) % (accounts - 1);
  return {number + 1, static_cast<std::uint32_t>(from + 1), static_cast<std::uint32_t>((from + step) % accounts + 1),
          static_cast<std::int64_t>(1 + mix(3 * number + 2) % kMostAmount)};
}

Divisor::Divisor(std::uint64_t divisor) : twos_(std::countr_zero(divisor)), most_(~std::uint64_t{0} / divisor) {
  const std::uint64_t odd = divisor >> twos_;
  inverse_ = odd;  // right in its lowest three bits; Newton's step doubles them
  for (int bits = 3; bits < 64; bits *= 2) inverse_ *= 2 - odd * inverse_;
}

}  // namespace blackstart
