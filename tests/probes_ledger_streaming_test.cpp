// The ledger on a PostgreSQL primary and a standby that streams from it: who is whole, what the audit waits for, and who
// writes.
#include <catch2/catch.hpp>

#include "probes/galera.h"
#include "probes/redundancy_check.h"
#include "probes/streaming.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_remote.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/postgres_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

struct Pair {
  explicit Pair(const std::vector<std::string>& extra = {}) : primary(extra) {
    cloud = cloud_of(primary.database());
    cloud.database.replicas.push_back({"c2", "127.0.0.1", standby.port()});
    settings = ledger_settings_for_tests();
    settings.replication.clear();  // PostgreSQL's own
    settings.deadline = 2s;
    settings.connect_timeout = 1s;
  }
  std::unique_ptr<Probe> probe() const { return settings.make("bank", cloud); }
  PostgresServer primary;
  PostgresServer standby = PostgresServer::standby_of(primary);
  Cloud cloud;
  LedgerSettings settings;
};

}  // namespace

TEST_CASE("the audit of a streaming pair reads both, and the standby no sooner than it has all", "[ledger][postgres]") {
  Pair pair;
  Rehearsal it(pair.cloud.database, pair.settings);
  std::vector<std::string> told;
  it.probe->tell([&](const std::string& line) { told.push_back(line); });
  it.start();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Contains("synchronous_commit on, synchronous_standby_names '', fsync off"));
  pair.standby.order_as_superuser("SELECT pg_wal_replay_pause()");
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());

  const auto held_back = snapshots_of(*it.probe, within(1s));
  REQUIRE(held_back.size() == 2);
  CHECK((held_back[0].complete && !held_back[1].complete));
  CHECK_THAT(held_back[1].problem, Contains("waiting until it has replayed all that was acknowledged"));
  const auto seen = it.probe->await_redundancy(0s, within(1s), {});
  REQUIRE(seen.size() == 1);
  CHECK_FALSE(seen[0].restored);
  CHECK_THAT(seen[0].observed, Contains("1 of 2 replicas whole; c2: standby, replayed"));

  pair.standby.order_as_superuser("SELECT pg_wal_replay_resume()");
  const auto whole = it.probe->await_redundancy(0s, within(5s), {});
  INFO(whole[0].observed);
  CHECK(whole[0].restored);
  const auto both = snapshots_of(*it.probe, within(10s));
  require_sound(it, both.at(0));
  require_sound(it, both.at(1));
  CHECK((both[1].replica == "c2" && both[1].transfers == both[0].transfers && !both[1].transfers.empty()));
}

TEST_CASE("a standby that lost its primary, or follows another history, is not whole", "[ledger][postgres]") {
  Pair pair;
  auto probe = pair.probe();
  CHECK_NOTHROW(probe->preflight(within(8s)));
  CHECK(current_writer(pair.cloud, within(5s)) == "c1");
  SECTION("the standby does not answer") {
    pair.standby.kill();
    CHECK_THROWS_WITH(probe->preflight(within(8s)), Contains("c2") && Contains("replication: none"));
  }
  SECTION("the standby receives nothing any more") {
    pair.standby.order_as_superuser("ALTER SYSTEM SET primary_conninfo = ''");
    pair.standby.order_as_superuser("SELECT pg_reload_conf()");
    CHECK(wait_until([&] { return !look_at_streaming(pair.cloud.database, within(5s))[1].whole; }, within(10s), 100ms));
    CHECK_THAT(look_at_streaming(pair.cloud.database, within(5s))[1].says, Contains("receives no WAL"));
  }
  SECTION("two primaries") {
    pair.standby.order_as_superuser("SELECT pg_promote()");
    CHECK_THROWS_WITH(probe->preflight(within(8s)),
                      Contains("c1: primary, beside another one; c2: primary, beside another one"));
  }
}

TEST_CASE("a server that two replicas lead to is no second copy", "[ledger][postgres]") {
  Pair pair;
  auto& replicas = pair.cloud.database.replicas;
  replicas.push_back({"c3", "127.0.0.1", pair.standby.port()});
  SECTION("by its address") {}
  SECTION("by a name for it") { replicas.back().host = "localhost"; }
  CHECK_THROWS_WITH(pair.probe()->preflight(within(8s)), Contains("stands for both c2 and c3"));
}

TEST_CASE("a standby behind two addresses is told by when it was started", "[ledger][postgres]") {
  Pair pair;
  pair.cloud.database.replicas.push_back(pair.cloud.database.replicas[1]);
  pair.cloud.database.replicas.back().node = "c3";
  const auto seen = look_at_streaming(pair.cloud.database, within(8s));
  REQUIRE(seen.size() == 3);
  INFO(seen[1].says);
  CHECK((seen[0].whole && !seen[2].whole));
  CHECK(seen[2].says == "the same server answers as for c2, so that one of both would not be audited");
  CHECK_THROWS_WITH(require_streaming(pair.cloud.database, within(8s)), Contains("c3: the same server answers as for c2"));
  pair.cloud.database.replicas[1] = pair.cloud.database.replicas[0];
  pair.cloud.database.replicas[1].node = "c2";
  CHECK(look_at_streaming(pair.cloud.database, within(8s))[1].says.find("as for c1") != std::string::npos);
}

TEST_CASE("without a primary nobody is whole, and an endpoint that is none is refused", "[ledger][postgres]") {
  Pair pair;
  auto probe = pair.probe();
  SECTION("the primary is gone") {
    pair.primary.kill();
    const auto seen = look_at_streaming(pair.cloud.database, within(5s));
    CHECK_FALSE((seen[0].whole || seen[1].whole));
    CHECK_THAT(seen[1].says, Contains("without a primary"));
    const auto snapshots = snapshots_of(*probe, within(5s));
    CHECK_FALSE((snapshots[0].complete || snapshots[1].complete));  // nobody can tell what the standby lacks
    CHECK_THAT(snapshots[1].problem, Contains("connecting"));
  }
  SECTION("the endpoint leads to the standby") {
    pair.cloud.database.port = pair.standby.port();
    CHECK_THROWS_WITH(pair.probe()->preflight(within(8s)), Contains("it is a standby"));
    CHECK_THROWS_WITH(current_writer(pair.cloud, within(5s)), Contains("it is a standby"));
  }
  SECTION("a server that is no replica of the cloud's") {
    pair.cloud.database.replicas.erase(pair.cloud.database.replicas.begin());
    CHECK_THROWS_WITH(current_writer(pair.cloud, within(5s)), Contains("no replica of cloud 'test'"));
  }
}

TEST_CASE("what was acknowledged and never reached the standby that takes over is missing in the books", "[ledger][postgres]") {
  Pair pair;
  Rehearsal it(pair.cloud.database, pair.settings);
  it.start();
  CHECK(wait_until([&] { return look_at_streaming(pair.cloud.database, within(5s))[1].whole; }, within(10s), 100ms));
  // From here on the standby gets nothing; with asynchronous replication the primary goes on acknowledging.
  pair.standby.order_as_superuser("ALTER SYSTEM SET primary_conninfo = ''");
  pair.standby.order_as_superuser("SELECT pg_reload_conf()");
  real_clock().pause(1s);
  it.stop();
  pair.primary.kill();
  pair.standby.order_as_superuser("SELECT pg_promote()");
  pair.cloud.database.port = pair.standby.port();
  CHECK(current_writer(pair.cloud, within(5s)) == "c2");
  const auto left = snapshots_of(*pair.probe(), within(10s)).at(1);
  INFO(left.problem);
  REQUIRE(left.complete);
  const auto found = by_posting(left);
  std::size_t lost = 0;
  for (const Operation& o : it.sink.operations)
    if (o.series == 0 && o.outcome == Outcome::ok) lost += found.count(o.posting) == 0;
  CHECK(lost >= 10);
}

TEST_CASE("a log that is flushed up to the middle of a record does not make a standby look behind", "[ledger][postgres]") {
  Pair pair({"synchronous_commit=off", "wal_writer_delay=10s"});
  Rehearsal it(pair.cloud.database, pair.settings);
  it.start();
  // Page by page, at the latest when the log's buffers are full.
  const auto at_end_of_page = [&] {
    return pair.primary.ask(
               "SELECT (pg_current_wal_flush_lsn() - '0/0') % 8192 = 0 AND pg_current_wal_insert_lsn() > "
               "pg_current_wal_flush_lsn()")[0][0] == "t";
  };
  CHECK(wait_until(at_end_of_page, within(30s), 20ms));
  it.stop();
  const auto whole = [&] { return look_at_streaming(pair.cloud.database, within(5s))[1].whole; };
  CHECK(wait_until(whole, within(3s), 20ms));
}

TEST_CASE("redundancy: a standby that is behind, or gone, is not whole, and is again when it has replayed all",
          "[redundancy][postgres]") {
  Pair pair;
  FakeRemote remote;
  RedundancyApi api(std::nullopt);
  const auto check = find_redundancy_kind("postgresql")->make({pair.cloud, remote, api, ""});
  const RedundancyLook before = check->look(within(5s));
  const auto missing = [&] { return some_of(missing_in(check->look(within(5s)), before, false)); };
  CHECK(missing().empty());
  REQUIRE(before.parts.size() == 2);
  CHECK((before.parts[0].says == "primary" && before.parts[1].name == "c2"));
  pair.standby.order_as_superuser("SELECT pg_wal_replay_pause()");
  pair.primary.ask("SELECT pg_logical_emit_message(true, 'test', 'something to replay')");
  const auto says = [&](const std::string& words) {
    return wait_until([&] { return missing().find(words) != std::string::npos; }, within(10s), 100ms);
  };
  CHECK(says("c2: standby, replayed"));
  pair.standby.order_as_superuser("SELECT pg_wal_replay_resume()");
  CHECK(wait_until([&] { return missing().empty(); }, within(10s), 100ms));
  pair.standby.kill();
  CHECK(says("c2: connecting to the database"));
}
