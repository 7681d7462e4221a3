// What a server says that is no database's answer, or only half of one.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "probes/ledger_dialect.h"
#include "probes/ledger_operation.h"
#include "probes/ledger_preflight.h"
#include "probes/ledger_snapshot.h"
#include "tests/support/error_of.h"
#include "tests/support/folder.h"
#include "tests/support/mysql_words.h"
#include "tests/support/speaker.h"

using namespace blackstart;
using namespace blackstart::mysql_words;

namespace {

struct Ground {
  Ground(const std::string& answers) {
    speaker.say(logged_in() + answers);
    database.host = "127.0.0.1";
    database.port = speaker.port();
    database.replicas = {{"c1", "127.0.0.1", speaker.port()}};
  }
  Deadline deadline() const { return Deadline(real_clock(), 5s); }

  Workload::Result transfer() const {
    boost::asio::io_context io;
    const auto workload = make_ledger_workload(io, endpoint_of(database), Bank(database, settings), settings);
    std::optional<Workload::Result> result;
    workload->send(workload->plan(0, 1), deadline(), [&](Workload::Result given) { result = given; });
    while (!result) io.run_one();
    return *result;
  }

  test::Speaker speaker;
  Database database;
  LedgerSettings settings;
};

// What work() is answered with when all is well.
std::string worked() {
  const std::uint16_t on = kInTransaction | kAutocommit, more = on | kMoreResults;
  return packet(1, ok(0, more)) + packet(2, ok(1, more)) + packet(3, ok(2, more)) + packet(4, ok(1, more)) +
         packet(5, ok(1, on));
}

std::string one_row_of_one_column() {
  return packet(1, number(1, 1)) + packet(2, column("a")) + packet(3, end()) + packet(4, text("5000")) + packet(5, end());
}

}  // namespace

TEST_CASE("A transfer that the stand-in answers as a server would is acknowledged", "[ledger]") {
  const Workload::Result result = Ground(worked() + packet(1, ok())).transfer();
  CHECK(result.outcome == Outcome::ok);
  CHECK(result.error == 0);
}

TEST_CASE("A commit that is refused without an error number is not acknowledged", "[ledger]") {
  const Workload::Result result = Ground(worked() + packet(1, error(0, ""))).transfer();
  CHECK(result.outcome == Outcome::indeterminate);
  CHECK(result.error != 0);
}

TEST_CASE("A log-in that is refused without an error number is no connection", "[ledger]") {
  Ground ground("");
  ground.speaker.say(packet(0, greeting()) + packet(2, error(0, "")));
  const Workload::Result result = ground.transfer();
  CHECK(result.outcome == Outcome::failed);
  CHECK(result.error != 0);
}

TEST_CASE("A server that begins with a progress report, before anybody knows its version, is no connection", "[ledger]") {
  Ground ground("");
  ground.speaker.say(packet(0, error(0xFFFF, "")));
  const Workload::Result result = ground.transfer();
  CHECK(result.outcome == Outcome::failed);
  CHECK(result.error != 0);
}

TEST_CASE("A server that answers with fewer rows or columns than were asked for is told so", "[ledger]") {
  for (const std::string& answers : {packet(1, ok()), one_row_of_one_column()}) {
    Ground ground(answers);
    SqlSession session(endpoint_of(ground.database), ground.deadline());
    const Error error = error_of([&] { mariadb_dialect().require_server(session, ground.settings); });
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.why(), Catch::Contains("less in it than was asked for"));
  }
}

TEST_CASE("Books that are half told are not complete", "[ledger]") {
  Ground ground(packet(1, ok()) + packet(1, ok()) + one_row_of_one_column());
  const Folder folder;
  const ReplicaSnapshot books = read_replica(
      ground.database, ground.database.replicas[0], Bank(ground.database, ground.settings), [](SqlSession&) {},
      ground.deadline(), folder.path / "books.rows");
  CHECK(!books.complete);
  CHECK_THAT(books.problem, Catch::Contains("less in it than was asked for"));
}
