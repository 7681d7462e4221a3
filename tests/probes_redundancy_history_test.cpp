// When a component was whole, out of single looks.
#include <catch2/catch.hpp>

#include "probes/redundancy_history.h"

using namespace blackstart;

namespace {
const std::vector<std::string> kNothing;
}

TEST_CASE("history: a loss lies between the looks around it", "[redundancy]") {
  RedundancyHistory history;
  history.add(1s, 1100ms, kNothing);
  history.add(2s, 2100ms, {"c1"});
  history.add(3s, 4s, {"c1", "c2"});
  history.add(5s, 5500ms, {"c2"});
  CHECK_FALSE(history.whole());
  REQUIRE(history.losses().size() == 1);
  CHECK_FALSE(history.losses()[0].back.known());
  history.add(6s, 6200ms, kNothing);
  CHECK(history.whole());
  CHECK(history.losses()[0].lost == Bracket{1s, 2100ms});
  CHECK(history.losses()[0].back == Bracket{5s, 6200ms});
  CHECK(history.losses()[0].what == "c1; c2");
  history.add(7s, 7100ms, {"c3"});
  REQUIRE(history.losses().size() == 2);
  CHECK(history.losses()[1].lost == Bracket{6s, 7100ms});
  CHECK(history.losses()[1].what == "c3");
}

TEST_CASE("history: the longest time from a look's begin to the next one's end", "[redundancy]") {
  RedundancyHistory history;
  history.add(5s, 6s, kNothing);
  CHECK(history.longest_gap() == 0s);
  history.add(7s, 11s, kNothing);
  CHECK(history.longest_gap() == 6s);
  history.add(12s, 12500ms, {"c1"});
  CHECK(history.longest_gap() == 6s);
}

TEST_CASE("history: whole for long enough counts looks that began after the moment asked about", "[redundancy]") {
  RedundancyHistory history;
  CHECK_FALSE(history.whole_for(0s, 0s));
  for (Time at = 1s; at <= 10s; at += 1s) history.add(at, at + 100ms, kNothing);
  CHECK(history.whole_for(5s, 0s));
  CHECK(history.whole_for(5s, 5s));
  CHECK_FALSE(history.whole_for(5s, 6s));
  CHECK_FALSE(history.whole_for(0s, 11s));
  history.add(11s, 11100ms, {"c1"});
  CHECK_FALSE(history.whole_for(1s, 0s));
  history.add(12s, 12100ms, kNothing);
  CHECK_FALSE(history.whole_for(1s, 0s));
  history.add(13s, 13100ms, kNothing);
  CHECK(history.whole_for(1s, 0s));
}
