// Many deadlines on one timer: each is told in its turn, not too early, and none that has gone.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "probes/deadlines.h"

using namespace blackstart;
using namespace std::chrono_literals;
using Clock = Deadlines::Clock;

namespace {

struct Late final : Deadlines::Waiting {
  explicit Late(std::function<void()> what_) : what(std::move(what_)) {}
  void too_late() override { what(); }
  std::function<void()> what;
};

struct Loop {
  boost::asio::io_context io;
  std::shared_ptr<Deadlines> deadlines = std::make_shared<Deadlines>(io);
  // Until nothing waits any more.
  void run() { io.run(); }
};

}  // namespace

TEST_CASE("deadlines are told in the order of their times, not in that of their coming, and never early", "[deadlines]") {
  Loop loop;
  std::string order;
  const auto start = Clock::now();
  std::vector<Clock::duration> after;
  const auto note = [&](char c) {
    return [&, c] {
      order += c;
      after.push_back(Clock::now() - start);
    };
  };
  Late c(note('c')), a(note('a')), b(note('b')), gone(note('x'));
  loop.deadlines->add(start + 30ms, c);
  const auto place = loop.deadlines->add(start + 5ms, gone);
  loop.deadlines->add(start + 10ms, a);
  loop.deadlines->add(start + 20ms, b);
  loop.deadlines->remove(place);
  loop.run();
  CHECK(order == "abc");
  REQUIRE(after.size() == 3);
  CHECK((after[0] >= 10ms && after[1] >= 20ms && after[2] >= 30ms));
}

TEST_CASE("who is told may take others out and put himself in again", "[deadlines]") {
  Loop loop;
  std::string order;
  const auto start = Clock::now();
  Late other([&] { order += 'o'; });
  Deadlines::Place place;
  Late* again = nullptr;
  Late first([&] {
    order += 'f';
    if (order.size() == 1) {
      loop.deadlines->remove(place);
      loop.deadlines->add(start, *again);  // long over: told in the same turn
    }
  });
  again = &first;
  loop.deadlines->add(start + 1ms, first);
  place = loop.deadlines->add(start + 1ms, other);
  loop.run();
  CHECK(order == "ff");
}

TEST_CASE("a timer that comes when its deadlines are gone finds nobody", "[deadlines]") {
  Loop loop;
  bool told = false;
  Late late([&] { told = true; });
  const auto place = loop.deadlines->add(Clock::now() + 1ms, late);
  loop.deadlines->remove(place);
  loop.deadlines.reset();
  loop.run();
  CHECK_FALSE(told);
}
