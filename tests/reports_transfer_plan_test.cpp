#include <catch2/catch.hpp>
#include <random>

#include "reports/transfer_plan.h"

using namespace blackstart;

TEST_CASE("the generator of transfers is splitmix64, as published", "[transfer-plan]") {
  // The first numbers of java.util.SplittableRandom with the seeds 0, 1 and 2.
  CHECK(mix(0) == 0xE220A8397B1DCDAF);
  CHECK(mix(1) == 0x910A2DEC89025CC1);
  CHECK(mix(2) == 0x975835DE1C9756CE);
}

TEST_CASE("transfers never change: files of operations leave out what the plan says", "[transfer-plan]") {
  CHECK(planned_transfer(0, 100) == Transfer{1, 36, 23, 8111});
}

TEST_CASE("a divisor divides its multiples and nothing else", "[transfer-plan]") {
  std::mt19937_64 random(7);
  for (std::uint64_t by : {1UL, 2UL, 3UL, 6UL, 64UL, 99UL, 100UL, 100'000UL, 4'294'967'295UL, ~0UL}) {
    const Divisor divisor(by);
    CHECK((divisor.divides(0) && divisor.divides(by) && divisor.divides(~0UL / by * by)));
    for (int i = 0; i < 10'000; ++i) {
      const std::uint64_t number = random();
      REQUIRE(divisor.divides(number) == (number % by == 0));
      REQUIRE(divisor.divides(number - number % by));
    }
  }
}

TEST_CASE("a plan has its own transfers and no other", "[transfer-plan]") {
  for (std::uint64_t accounts : {2UL, 3UL, 4UL, 100UL, 1024UL, 100'000UL, 4'294'967'295UL}) {
    const TransferPlan plan(accounts);
    for (std::uint64_t k = 0; k < 3000; ++k) {
      const std::uint64_t number = k < 2000 ? k : ~0UL - k;
      const Transfer t = planned_transfer(number, accounts);
      REQUIRE(plan.has(number, t));
      REQUIRE_FALSE(plan.has(number, {t.posting + 1, t.from, t.to, t.amount}));
      REQUIRE_FALSE(plan.has(number, {t.posting, t.from - 1, t.to, t.amount}));
      REQUIRE_FALSE(plan.has(number, {t.posting, t.from, t.to + 1, t.amount}));
      REQUIRE_FALSE(plan.has(number, {t.posting, t.to, t.from, t.amount}));
      REQUIRE_FALSE(plan.has(number, {t.posting, t.from, t.to, -t.amount}));
    }
  }
}

TEST_CASE("one that posts nothing is never planned", "[transfer-plan]") {
  CHECK_FALSE(TransferPlan(100).has(0, {}));
  CHECK_FALSE(TransferPlan(100).has(~0UL, {}));  // whose posting would be 0
}
