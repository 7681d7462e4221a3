// The open-loop engine with a workload that answers when the test says so.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <map>

#include "base/error.h"
#include "probes/open_loop.h"

using namespace blackstart;

namespace {

struct Recorder final : OperationSink {
  void record(const Operation& operation) override { operations.push_back(operation), flushed = false; }
  void flush() override { flushed = true; }
  std::vector<Operation> operations;
  bool flushed = true;
};

// Answers each operation `latency` after it was sent.
struct Echo final : Workload {
  Echo(boost::asio::io_context& io_, Duration latency_, Result result_ = {Outcome::ok, 0})
      : io(io_), latency(latency_), result(result_) {}
  Operation plan(std::uint16_t series, std::uint64_t number) override {
    Operation operation;
    operation.series = series, operation.number = number, operation.posting = number + 1;
    return operation;
  }
  void send(const Operation&, const Deadline&, Done done) override {
    auto timer = std::make_shared<boost::asio::steady_timer>(io, latency);
    timer->async_wait([timer, done, this](auto) { done(result); });
  }
  boost::asio::io_context& io;
  Duration latency;
  Result result;
};

SeriesInfo series(const std::string& name, double rate, Duration deadline = 1s) { return {name, rate, deadline, 500ms, false}; }

struct Run {
  Recorder sink;
  Probe::Stopped stopped;
  Time started{0};
};

void run(Run& out, std::vector<SeriesInfo> all, Duration length, Duration latency, Workload::Result result = {Outcome::ok, 0}) {
  Time zero = real_clock().now();
  OpenLoop loop(real_clock(), zero, out.sink, std::move(all));
  out.started = loop.start(std::make_unique<Echo>(loop.io(), latency, result));
  real_clock().pause(length);
  out.stopped = loop.stop();
}

}  // namespace

TEST_CASE("each planned operation is recorded once, with none missing", "[open-loop]") {
  Run it;
  run(it, {series("a", 500), series("b", 130)}, 400ms, 5ms);
  REQUIRE(it.stopped.planned.size() == 2);
  std::map<std::pair<int, std::uint64_t>, int> seen;
  for (const auto& o : it.sink.operations) ++seen[{o.series, o.number}];
  CHECK(seen.size() == it.sink.operations.size());
  CHECK(it.sink.operations.size() == it.stopped.planned[0] + it.stopped.planned[1]);
  for (int s : {0, 1})
    for (std::uint64_t k = 0; k < it.stopped.planned[static_cast<std::size_t>(s)]; ++k) REQUIRE(seen[{s, k}] == 1);
  CHECK(it.stopped.planned[0] > it.stopped.planned[1]);
  CHECK(it.sink.flushed);
}

TEST_CASE("operations are sent at their time though none has been answered", "[open-loop]") {
  Run it;
  run(it, {series("a", 200, 5s)}, 500ms, 700ms);
  REQUIRE(it.sink.operations.size() > 50);
  for (const auto& o : it.sink.operations) {
    CHECK(o.scheduled == it.started + o.number * 5ms);
    CHECK(o.scheduled < it.stopped.stopped);
    CHECK(o.sent >= o.scheduled);
    CHECK(o.done - o.sent >= 700ms);  // the first was answered after the last was sent
    CHECK(o.outcome == Outcome::ok);
  }
  Time first_done = it.sink.operations.front().done, last_sent = it.sink.operations.back().sent;
  CHECK(last_sent < first_done);
}

TEST_CASE("what the generator could not send is unsent, and has no times", "[open-loop]") {
  Run it;
  run(it, {series("a", 100)}, 100ms, 1ms, {Outcome::unsent, 2004});
  REQUIRE_FALSE(it.sink.operations.empty());
  for (const auto& o : it.sink.operations) {
    CHECK(o.outcome == Outcome::unsent);
    CHECK(o.error == 2004);
    CHECK((o.sent == Time(-1) && o.done == Time(-1)));
    CHECK(o.posting == o.number + 1);
  }
}

namespace {

// Jumps ahead when it is told to, as after a machine was suspended.
struct Jumping final : Clock {
  Time now() const override { return real_clock().now() + ahead.load(); }
  std::int64_t wall() const override { return real_clock().wall(); }
  bool pause(Duration length, const std::stop_token& stop) override { return real_clock().pause(length, stop); }
  std::atomic<Duration> ahead{0s};
};

}  // namespace

TEST_CASE("operations that are overdue by their whole deadline are recorded as unsent, the others are sent late",
          "[open-loop]") {
  Jumping clock;
  Recorder sink;
  OpenLoop loop(clock, clock.now(), sink, {series("a", 100, 1s)});
  loop.start(std::make_unique<Echo>(loop.io(), 1ms));
  real_clock().pause(100ms);
  clock.ahead = 3s;
  real_clock().pause(100ms);
  auto stopped = loop.stop();
  CHECK(sink.operations.size() == stopped.planned[0]);
  CHECK(stopped.planned[0] >= 310);
  auto unsent =
      std::count_if(sink.operations.begin(), sink.operations.end(), [](auto& o) { return o.outcome == Outcome::unsent; });
  auto late = std::count_if(sink.operations.begin(), sink.operations.end(),
                            [](auto& o) { return o.outcome == Outcome::ok && o.sent - o.scheduled > 500ms; });
  CHECK(unsent >= 195);
  CHECK(unsent <= 205);
  CHECK(late >= 40);
}

namespace {

struct NoMemory final : Workload {
  explicit NoMemory(bool& gone_) : gone(gone_) {}
  ~NoMemory() override { gone = true; }
  void send(const Operation&, const Deadline&, Done) override { throw std::bad_alloc(); }
  bool& gone;
};

}  // namespace

TEST_CASE("a loop that failed says so, and keeps no workload that may outlive what it refers to", "[open-loop]") {
  Recorder sink;
  bool gone = false;
  OpenLoop loop(real_clock(), real_clock().now(), sink, {series("a", 100)});
  loop.start(std::make_unique<NoMemory>(gone));
  real_clock().pause(50ms);  // the first operation is due after 10 ms; stop() sends what is due in any case
  CHECK_THROWS_AS(loop.stop(), Error);
  CHECK(gone);
}

TEST_CASE("stop() waits for what is outstanding, and may be called again", "[open-loop]") {
  Recorder sink;
  Time zero = real_clock().now();
  OpenLoop loop(real_clock(), zero, sink, {series("a", 50)});
  loop.start(std::make_unique<Echo>(loop.io(), 300ms));
  real_clock().pause(60ms);
  auto stopped = loop.stop();
  CHECK(real_clock().now() - zero >= 310ms);
  CHECK(sink.operations.size() == stopped.planned[0]);
  CHECK(loop.stop().planned == stopped.planned);
}
