// What parts of a component said, out of looks that follow each other.
#include "probes/part_history.h"

#include <catch2/catch.hpp>

using namespace blackstart;

namespace {

RedundancyLook look(const std::vector<std::pair<std::string, std::string>>& parts) {
  RedundancyLook one;
  for (const auto& [name, says] : parts) one.parts.push_back({name, says == "up", says});
  return one;
}

}  // namespace

TEST_CASE("part history: the first look tells how it was, later ones only what is new", "[part-history]") {
  PartHistory history;
  history.add(1s, 2s, look({{"c1", "up"}, {"c2", "up"}}));
  history.add(3s, 4s, look({{"c1", "up"}, {"c2", "down"}}));
  history.add(5s, 6s, look({{"c1", "up"}, {"c2", "down"}}));
  REQUIRE(history.sayings().size() == 3);
  CHECK(history.sayings()[0].since == Bracket{-1ns, 2s});
  CHECK(history.sayings()[2].part == "c2");
  CHECK(history.sayings()[2].says == "down");
  CHECK_FALSE(history.sayings()[2].good);
  CHECK(history.sayings()[2].since == Bracket{1s, 4s});
}

TEST_CASE("part history: a part that was silent meanwhile may have changed since it was last heard", "[part-history]") {
  PartHistory history;
  history.add(1s, 2s, look({{"c1", "up"}}));
  history.add(3s, 4s, look({}));
  history.add(5s, 6s, look({{"c1", "down"}}));
  REQUIRE(history.sayings().size() == 2);
  CHECK(history.sayings()[1].since == Bracket{1s, 6s});
}

TEST_CASE("part history: neither endless changes nor endless words fill the record", "[part-history]") {
  PartHistory history;
  for (int i = 0; i < 6000; ++i) history.add(i * 1s, i * 1s, look({{"c1", std::to_string(i)}}));
  CHECK(history.sayings().size() == 5000);
  PartHistory wordy;
  wordy.add(1s, 2s, look({{"c1", std::string(10'000, 'x')}}));
  CHECK(wordy.sayings()[0].says.size() == 200);
}
