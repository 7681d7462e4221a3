// The probe `amqp` against a real RabbitMQ of the test's own.
#include "probes/amqp_probe.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>

#include "probes/amqp_workload.h"
#include "reports/audit.h"
#include "reports/stream.h"
#include "tests/support/error_of.h"
#include "tests/support/rabbitmq_server.h"
#include "tests/support/recorder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

struct Latest final : Recorder {
  void record(const Operation& operation) override {
    Recorder::record(operation);
    if (operation.series < good.size()) good[operation.series] = operation.outcome == Outcome::ok;
  }
  std::array<std::atomic<bool>, 2> good{};  // the latest of each series was
};

// It takes seconds to start: one for all in a process, and so all of a kind are sections of one case.
test::RabbitmqServer& server() {
  static test::RabbitmqServer one;
  return one;
}

AmqpSettings settings() {
  AmqpSettings s;
  s.publish = 50;
  s.deliver = 20;
  s.limits = {2s, 1s};
  s.heartbeat = 2s;
  return s;
}

Deadline soon() { return {real_clock(), 30s}; }

// A run of the probe, and what the audit makes of it.
struct Run {
  explicit Run(const AmqpSettings& s, const std::vector<std::string>& nodes = {"c1"})
      : probe(s.make("queue", server().cloud(nodes))) {
    probe->preflight(soon());
    probe->prepare(soon());
  }
  ~Run() { probe->clean_up(soon()); }
  void start() {
    record.info = probe->info();
    record.started = probe->start(real_clock(), real_clock().now(), sink);
  }
  bool works_again() {
    return wait_until([&] { return sink.good[kAmqpPublish] && sink.good[kAmqpDeliver]; }, Deadline(real_clock(), 40s), 50ms);
  }
  void stop() {
    const Probe::Stopped stopped = probe->stop();
    record.stopped = stopped.stopped;
    record.planned = stopped.planned;
    record.operations = sink.operations;
  }
  AuditResult audited(Duration limit = 20s) {
    record.snapshots = probe->snapshots(Deadline(real_clock(), limit));
    return audit(record, streams_of(record), Time(-1));
  }
  std::size_t count(std::uint16_t series, Outcome outcome) const {
    return static_cast<std::size_t>(std::count_if(sink.operations.begin(), sink.operations.end(), [&](const Operation& o) {
      return o.series == series && o.outcome == outcome;
    }));
  }
  bool has(std::uint16_t series, Outcome outcome, std::uint16_t error) const {
    return std::any_of(sink.operations.begin(), sink.operations.end(),
                       [&](const Operation& o) { return o.series == series && o.outcome == outcome && o.error == error; });
  }

  Latest sink;
  ProbeRecord record;
  std::unique_ptr<Probe> probe;
};

AmqpConnection connect() { return {server().broker(), 5s, 10s}; }

std::string body(std::uint64_t posting) { return body_of({"r1", true, posting, 3, 8, 250}); }

}  // namespace

TEST_CASE("payments through a real broker", "[amqp]") {
  SECTION("payments are confirmed, samples delivered, and the audit finds all of them") {
    Run run(settings());
    run.start();
    real_clock().pause(1s);
    run.stop();
    const AuditResult audit = run.audited();
    CHECK(run.count(kAmqpPublish, Outcome::ok) >= 45);
    CHECK(run.count(kAmqpDeliver, Outcome::ok) >= 18);
    CHECK(run.count(kAmqpPublish, Outcome::ok) + run.count(kAmqpDeliver, Outcome::ok) == run.sink.operations.size());
    CHECK(audit.complete);
    CHECK(audit.intact());
    CHECK(audit.acknowledged == run.count(kAmqpPublish, Outcome::ok));
    CHECK(audit.lost == 0);
    REQUIRE(audit.replicas.size() == 1);
    CHECK(audit.replicas[0].name == "consumer");
    CHECK(audit.replicas[0].rows == audit.acknowledged);
  }

  SECTION("confirmed payments that somebody takes out of the queue are lost") {
    Run run(settings());
    AmqpConnection thief = connect();
    thief.consume("blackstart-payments", 10);
    run.start();
    int stolen = 0;
    while (stolen < 5)
      if (const auto event = thief.next(5s)) {
        thief.acknowledge(event->number);
        if (payment_of(event->body)->booked) ++stolen;
      }
    run.stop();
    CHECK(run.count(kAmqpPublish, Outcome::ok) >= 5);
    // It waits for them as long as they may still come: here the snapshot's deadline passes first, and nothing is claimed.
    const AuditResult waiting = run.audited(1s);
    CHECK_FALSE(waiting.complete);
    CHECK_THAT(waiting.problem, Contains("confirmed messages were still to come"));
    run.record.snapshots[0].complete = true;  // as if that time had passed
    const AuditResult late = audit(run.record, streams_of(run.record), Time(-1));
    CHECK(late.lost >= 5);
  }

  SECTION("a payment that comes twice is told, and no violation") {
    Run run(settings());
    run.start();
    real_clock().pause(500ms);
    run.stop();
    run.audited();
    auto& rows = run.record.snapshots.at(0).transfers;
    rows.insert(rows.begin(), rows.front());
    const AuditResult twice = audit(run.record, streams_of(run.record), Time(-1));
    CHECK(twice.replicas[0].duplicate == 1);
    CHECK(twice.intact());
    run.record.info.at_least_once = false;
    CHECK_FALSE(audit(run.record, streams_of(run.record), Time(-1)).intact());
  }

  SECTION("a payment for which there is no queue has failed, though the broker confirms it") {
    Run run(settings());
    run.start();
    real_clock().pause(300ms);
    connect().remove("blackstart-payments");
    real_clock().pause(700ms);
    run.stop();
    CHECK(run.has(kAmqpPublish, Outcome::failed, kAmqpNoRoute));
    CHECK(run.has(kAmqpDeliver, Outcome::failed, kAmqpNoRoute));
  }

  SECTION("messages that were not acknowledged come again") {
    AmqpConnection first = connect();
    first.declare("again", "quorum");
    first.ask_for_confirms();
    CHECK(first.publish("again", body(1)) == 1);
    CHECK(first.publish("again", body(2)) == 2);
    std::uint64_t confirmed = 0;
    while (confirmed < 2)
      if (const auto event = first.next(5s)) confirmed = event->number;
    {
      AmqpConnection reader = connect();
      reader.consume("again", 10);
      REQUIRE(reader.next(5s));
    }
    AmqpConnection reader = connect();
    reader.consume("again", 10);
    const auto event = reader.next(10s);
    REQUIRE(event);
    CHECK(event->body == body(1));
    first.remove("again");
    CHECK_FALSE(first.queue("again"));
    CHECK_FALSE(first.queue("again"));  // the channel works after the broker closed it
  }

  SECTION("brokers that are not there are passed over") {
    Cloud cloud = server().cloud({"c2", "c1"});
    cloud.nodes[0].address = "127.0.0.2";  // nobody listens there
    const auto probe = settings().make("queue", cloud);
    CHECK_THAT(error_of([&] { probe->preflight(soon()); }).what(), Contains("at the broker on c2 (127.0.0.2:"));
    probe->prepare(soon());
    Latest sink;
    probe->start(real_clock(), real_clock().now(), sink);
    real_clock().pause(1s);
    probe->stop();
    CHECK(std::any_of(sink.operations.begin(), sink.operations.end(), [](auto& o) { return o.outcome == Outcome::ok; }));
    probe->clean_up(soon());
  }

  SECTION("preflight says what keeps us out") {
    Cloud cloud = server().cloud();
    cloud.messaging.user = "nobody";
    const Error refused = error_of([&] { settings().make("queue", cloud)->preflight(soon()); });
    CHECK(refused.kind() == ErrorKind::unmet);
    CHECK_THAT(refused.what(), Contains("logging in as nobody at the broker on c1") && Contains("403") && !Contains("secret"));
    cloud = server().cloud();
    cloud.messaging.vhost = "elsewhere";
    CHECK_THAT(error_of([&] { settings().make("queue", cloud)->preflight(soon()); }).what(), Contains("elsewhere"));
  }

  SECTION("a queue that somebody consumes from is not taken over") {
    AmqpConnection other = connect();
    other.declare("blackstart-payments", "quorum");
    other.consume("blackstart-payments", 1);
    CHECK_THAT(error_of([] { settings().make("queue", server().cloud())->preflight(soon()); }).what(),
               Contains("somebody consumes from it"));
    other.remove("blackstart-payments");
  }

  SECTION("a cloud without a broker is refused with a reason") {
    CHECK_THAT(error_of([] { settings().make("queue", Cloud{}); }).what(), Contains("has no message broker"));
    Cloud cloud = server().cloud();
    cloud.nodes[0].roles = {"database"};
    CHECK_THAT(error_of([&] { settings().make("queue", cloud); }).what(), Contains("has the role 'messaging'"));
  }
}

TEST_CASE("payments through a real broker that has trouble", "[amqp]") {
  SECTION("a broker that dies: payments fail while it is away, and none that was confirmed is lost") {
    Run run(settings());
    run.start();
    real_clock().pause(2s);  // RabbitMQ forgets a queue that is younger than a second or so when it is killed
    server().kill();
    real_clock().pause(2500ms);  // longer than the deadline: some are never sent
    server().start();
    CHECK(run.works_again());
    run.stop();
    const AuditResult audit = run.audited();
    CHECK(run.has(kAmqpPublish, Outcome::failed, kNoConnection));
    CHECK(run.has(kAmqpDeliver, Outcome::failed, kNoConnection));
    CHECK(audit.complete);
    CHECK(audit.problem.empty());
    CHECK(audit.intact());
    CHECK(audit.lost == 0);
  }

  SECTION("a broker that falls silent: what was sent may have had its effect") {
    Run run(settings());
    run.start();
    real_clock().pause(500ms);
    server().signal(SIGSTOP);
    real_clock().pause(3s);
    server().signal(SIGCONT);
    CHECK(run.works_again());
    run.stop();
    CHECK(run.has(kAmqpPublish, Outcome::indeterminate, kTimedOut));
    CHECK(run.has(kAmqpDeliver, Outcome::failed, kTimedOut));
    const AuditResult audit = run.audited();
    CHECK(audit.complete);
    CHECK(audit.intact());
    CHECK(audit.lost == 0);
  }
}

TEST_CASE("what becomes of a payment by its fate", "[amqp]") {
  using Fate = AmqpMessage::Fate;
  const auto is = [](Fate fate, Outcome outcome, std::uint16_t error) {
    const Workload::Result result = outcome_of(fate);
    return result.outcome == outcome && result.error == error;
  };
  CHECK(is(Fate::confirmed, Outcome::ok, 0));
  CHECK(is(Fate::returned, Outcome::failed, kAmqpNoRoute));
  CHECK(is(Fate::refused, Outcome::indeterminate, kAmqpRefused));
  CHECK(is(Fate::broken, Outcome::indeterminate, kBroken));
}

TEST_CASE("a message is sent or taken back, never both", "[amqp]") {
  AmqpMessage sent("x", nullptr), back("x", nullptr);
  CHECK(sent.send());
  CHECK_FALSE(sent.take_back());
  CHECK(back.take_back());
  CHECK_FALSE(back.send());
}
