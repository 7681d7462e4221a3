#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "reports/by_posting.h"

using namespace blackstart;

namespace {

EachOperation all_of(const std::vector<Operation>& operations) {
  return [&](const auto& take) {
    for (const Operation& o : operations) take(o);
  };
}

Operation posted(std::uint64_t posting, std::int64_t amount) {
  Operation o;
  o.posting = posting;
  o.amount = amount;
  return o;
}

struct Given {
  ByPosting result;
  std::vector<std::pair<std::uint64_t, std::int64_t>> taken;  // posting and amount
  bool operator==(const Given& other) const { return taken == other.taken && result.twice == other.result.twice; }
};

using Way = ByPosting (*)(const EachOperation&, std::size_t, const std::function<void(const Operation&)>&);

Given given(Way way, const std::vector<Operation>& operations, std::size_t most) {
  Given given;
  given.result = way(all_of(operations), most, [&](const Operation& o) { given.taken.emplace_back(o.posting, o.amount); });
  return given;
}

// The same by sorting all of them.
Given expected(std::vector<Operation> operations) {
  std::erase_if(operations, [](const Operation& o) { return o.posting == 0; });
  std::stable_sort(operations.begin(), operations.end(), [](const auto& a, const auto& b) { return a.posting < b.posting; });
  Given given;
  for (const Operation& o : operations) {
    const bool again = !given.taken.empty() && given.taken.back().first == o.posting;
    if (again && !given.result.twice) given.result.twice = o.posting;
    if (!again) given.taken.emplace_back(o.posting, o.amount);
  }
  return given;
}

// Postings with gaps and some that stand twice, each at most so many places from where it belongs.
std::vector<Operation> some(std::mt19937& chance, std::size_t count, std::size_t distance, std::uint64_t step) {
  std::vector<std::pair<double, Operation>> all;
  std::uint64_t posting = chance() % 3;
  for (std::size_t i = 0; i < count; ++i) {
    posting += chance() % 20 == 0 ? chance() % (3 * step) : step;
    const double place = static_cast<double>(i) + static_cast<double>(chance() % 1000) / 1000 * static_cast<double>(distance);
    all.emplace_back(place, posted(posting, static_cast<std::int64_t>(i)));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Operation> operations;
  for (auto& [place, operation] : all) operations.push_back(operation);
  return operations;
}

}  // namespace

TEST_CASE("operations that come nearly by posting are handed over by posting, in one pass") {
  std::mt19937 chance(1);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t step = round % 2 == 0 ? 1 : 1'000'000;
    const auto operations = some(chance, 1 + chance() % 300, chance() % 20, step);
    const Given found = given(nearly_by_posting, operations, 400);
    // One that stands twice may come when its posting was handed over: then it takes another pass, and nothing else.
    if (found.result.in_order)
      REQUIRE(found == expected(operations));
    else
      REQUIRE(expected(operations).result.twice);
  }
}

TEST_CASE("one that comes too late is told, not handed over") {
  std::vector<Operation> operations;
  for (std::uint64_t posting = 1; posting <= 100; ++posting)
    if (posting != 40) operations.push_back(posted(posting, 0));
  operations.push_back(posted(40, 0));
  REQUIRE(given(nearly_by_posting, operations, 60) == expected(operations));  // sixty wait for it
  REQUIRE_FALSE(given(nearly_by_posting, operations, 59).result.in_order);
}

TEST_CASE("operations in whatever order are handed over by posting, a few in each pass") {
  std::mt19937 chance(2);
  for (int round = 0; round < 200; ++round) {
    auto operations = some(chance, 1 + chance() % 300, 5, round % 2 == 0 ? 1 : 1'000'000);
    std::shuffle(operations.begin(), operations.end(), chance);
    for (std::size_t most : {1, 2, 7, 300}) REQUIRE(given(wholly_by_posting, operations, most) == expected(operations));
  }
}

TEST_CASE("no operations are none in either way") {
  REQUIRE(given(nearly_by_posting, {}, 1).taken.empty());
  REQUIRE(given(wholly_by_posting, {posted(0, 1)}, 1).taken.empty());
}
