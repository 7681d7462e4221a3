#include <catch2/catch.hpp>
#include <map>

#include "reports/transfer_plan.h"

using namespace blackstart;

TEST_CASE("the generator of transfers is splitmix64, as published", "[transfer-plan]") {
  // The first numbers of java.util.SplittableRandom with the seeds 0, 1 and 2.
  CHECK(mix(0) == 0xE220A8397B1DCDAF);
  CHECK(mix(1) == 0x910A2DEC89025CC1);
  CHECK(mix(2) == 0x975835DE1C9756CE);
}

TEST_CASE("transfers never change: files of operations leave out what the plan says", "[transfer-plan]") {
  CHECK(planned_transfer(0, 100) == Transfer{1, 89, 37, 5666});
  CHECK(planned_transfer(1, 100) == Transfer{2, 60, 72, 1135});
  CHECK(planned_transfer(1'000'000, 100'000) == Transfer{1'000'001, 93'031, 10'630, 802});
  CHECK(planned_transfer(~0UL, 2) == Transfer{0, 2, 1, 8940});
}

TEST_CASE("a transfer goes between two accounts that are there, whatever the number and the bank", "[transfer-plan]") {
  for (std::uint64_t accounts : {2UL, 3UL, 4UL, 100UL, 1024UL, 100'000UL, 4'294'967'295UL})
    for (std::uint64_t k = 0; k < 3000; ++k) {
      const Transfer t = planned_transfer(k < 2000 ? k : ~0UL - k, accounts);
      REQUIRE((t.from >= 1 && t.from <= accounts && t.to >= 1 && t.to <= accounts && t.from != t.to));
      REQUIRE((t.amount >= 1 && t.amount <= 10'000));
    }
}

TEST_CASE("each account pays, and is paid, about as often as the others", "[transfer-plan]") {
  std::map<std::uint32_t, int> pays, paid;
  for (std::uint64_t k = 0; k < 100'000; ++k) {
    const Transfer t = planned_transfer(k, 10);
    ++pays[t.from], ++paid[t.to];
  }
  // 10,000 of each, with a spread of 95.
  for (std::uint32_t account = 1; account <= 10; ++account) {
    CHECK((pays[account] > 9500 && pays[account] < 10'500));
    CHECK((paid[account] > 9500 && paid[account] < 10'500));
  }
}
