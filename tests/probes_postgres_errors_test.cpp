// What PostgreSQL's errors mean: the table between "nothing of it happened" and "nobody knows".
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <clocale>
#include <cstdlib>

#include "probes/ledger_operation.h"
#include "probes/postgres_answer.h"
#include "probes/postgres_connection.h"
#include "probes/sql_errors.h"
#include "reports/operation.h"

using namespace blackstart;

TEST_CASE("a SQLSTATE is kept as the decimal number that it looks like", "[postgres]") {
  CHECK(sqlstate("40001") == 40001);
  CHECK(sqlstate("08006") == 8006);
  CHECK(sqlstate("57P01") == 57901);
  CHECK(sqlstate("40P01") == 40901);
  for (const char* other : {"XX000", "0A000", "3D000", "P0001", "72000", "00000", "", "1", "40001x", "4000"}) {
    CAPTURE(other);
    CHECK(sqlstate(other) == kOtherSqlState);
  }
}

TEST_CASE("with PostgreSQL, only what proves that nothing of it stays is a failure after COMMIT was sent", "[postgres]") {
  const auto after_commit = [](std::uint16_t error) {
    return outcome_of(SqlKind::postgresql, Stage::committing, error).outcome;
  };
  for (const char* undone : {"40001", "40P01", "40000", "40002", "25P02"}) {
    CAPTURE(undone);
    CHECK(after_commit(sqlstate(undone)) == Outcome::failed);
  }
  for (const char* open : {"40003", "57P01", "57P02", "57P03", "57014", "08006", "08P01", "53100", "53300", "58030", "23505",
                           "25006", "25P01", "XX000", "0A000"}) {
    CAPTURE(open);
    CHECK(after_commit(sqlstate(open)) == Outcome::indeterminate);
    CHECK(outcome_of(SqlKind::postgresql, Stage::working, sqlstate(open)).outcome == Outcome::failed);
    CHECK(outcome_of(SqlKind::postgresql, Stage::connecting, sqlstate(open)).outcome == Outcome::failed);
  }
  for (const std::uint16_t silent : {kTimedOut, kBroken, kWrongAnswer, kNoSocket})
    CHECK(after_commit(silent) == Outcome::indeterminate);
  CHECK(after_commit(0) == Outcome::ok);
  CHECK(after_commit(1213) == Outcome::indeterminate);  // MariaDB's word for a rollback is none here
  CHECK(outcome_of(SqlKind::mariadb, Stage::committing, sqlstate("40001")).outcome == Outcome::indeterminate);
  CHECK(outcome_of(SqlKind::postgresql, Stage::connecting, kNoSocket).outcome == Outcome::unsent);
  CHECK(outcome_of(SqlKind::postgresql, Stage::connecting, kRefused).outcome == Outcome::failed);
  CHECK(outcome_of(SqlKind::postgresql, Stage::working, kNoSocket).outcome == Outcome::failed);
}

TEST_CASE("what passes by itself is asked again, what does not is told at once", "[postgres]") {
  for (const char* passes : {"40001", "55P03", "57P01", "57P03", "53300", "25006", "08006", "42P01", "42P07", "23505"}) {
    CAPTURE(passes);
    CHECK(postgres_sense(sqlstate(passes)).may_pass);
  }
  for (const std::uint16_t passes : {kTimedOut, kNoConnection, kRefused, kBroken}) CHECK(postgres_sense(passes).may_pass);
  for (const char* stays : {"28P01", "28000", "42501", "42601", "3D000", "XX000"}) {
    CAPTURE(stays);
    CHECK_FALSE(postgres_sense(sqlstate(stays)).may_pass);
  }
}

TEST_CASE("why a connection did not come about is read from libpq's words", "[postgres]") {
  struct Row {
    const char* text;
    std::uint16_t error;
    const char* message;
    int own_error = 0;
  };
  const Row table[] = {
      {"connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication failed for user "
       "\"bank\"\nLOCATION:  auth_failed, auth.c:335\n",
       sqlstate("28P01"), "password authentication failed for user \"bank\" (SQLSTATE 28P01)"},
      {"connection to server at \"::1\", port 5432 failed: FATAL:  57P03: the database system is starting up\nLOCATION:  x\n",
       sqlstate("57P03"), "the database system is starting up (SQLSTATE 57P03)"},
      {"connection to server at \"::1\", port 5432 failed: FATAL:  3D000: no such database\n", kOtherSqlState,
       "no such database (SQLSTATE 3D000)"},
      {"connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running on that host and "
       "accepting TCP/IP connections?\n",
       kRefused,
       "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running on that host and "
       "accepting TCP/IP connections?"},
      {"connection to server at \"10.0.0.1\", port 1 failed: No route to host\n", kRefused,
       "connection to server at \"10.0.0.1\", port 1 failed: No route to host"},
      {"connection to server at \"127.0.0.1\", port 1 failed: could not create socket: Too many open files\n", kNoSocket,
       "connection to server at \"127.0.0.1\", port 1 failed: could not create socket: Too many open files", EMFILE},
      {"connection to server at \"127.0.0.1\", port 1 failed: Cannot assign requested address\n", kNoSocket,
       "connection to server at \"127.0.0.1\", port 1 failed: Cannot assign requested address", EADDRNOTAVAIL},
      {"Verbindung zum Server auf »127.0.0.1«, Port 1 fehlgeschlagen: konnte Socket nicht erzeugen: Zu viele offene Dateien\n",
       kNoSocket,
       "Verbindung zum Server auf »127.0.0.1«, Port 1 fehlgeschlagen: konnte Socket nicht erzeugen: Zu viele offene Dateien",
       EMFILE},
      // What the server's own machine lacks is the cloud's affair, in whatever words.
      {"connection to server at \"127.0.0.1\", port 1 failed: could not fork new process for connection: Cannot allocate "
       "memory\n",
       kBroken,
       "connection to server at \"127.0.0.1\", port 1 failed: could not fork new process for connection: Cannot allocate "
       "memory"},
      {"connection to server at \"127.0.0.1\", port 1 failed: Network is unreachable\n", kRefused,
       "connection to server at \"127.0.0.1\", port 1 failed: Network is unreachable", ENETUNREACH},
      {"connection to server at \"127.0.0.1\", port 1 failed: server closed the connection unexpectedly\n", kBroken,
       "connection to server at \"127.0.0.1\", port 1 failed: server closed the connection unexpectedly"},
      {"", kBroken, ""},
      {":  ", kBroken, ":"},
      {"FATAL:  28P0", kBroken, "FATAL:  28P0"},
      {"FATAL:  28P01", kBroken, "FATAL:  28P01"},
  };
  for (const Row& row : table) {
    CAPTURE(row.text);
    const SqlAnswer answer = connection_failure(row.text, row.own_error);
    CHECK(answer.error == row.error);
    CHECK(answer.message == row.message);
  }
}

TEST_CASE("that this machine has no descriptor left is our own fault in each language, and a refusal is none", "[postgres]") {
  const std::string before = ::setlocale(LC_ALL, nullptr);
  // Translations of the system's words are used with any locale but C itself; where none are installed, they stay English.
  if (GENERATE(false, true)) {
    ::setenv("LANGUAGE", "de", 1);
    REQUIRE(::setlocale(LC_ALL, "C.utf8") != nullptr);
  }
  boost::asio::io_context io;
  const SqlTarget nobody{"127.0.0.1", 1, "bank", "", SqlKind::postgresql, "bank"};
  PostgresConnection first(io, nobody), second(io, nobody);
  const auto error_of = [&](PostgresConnection& connection) {
    std::uint16_t error = 0;
    connection.connect(5s, [&](const SqlAnswer& answer) { error = answer.error; });
    io.restart();
    io.run();
    return error;
  };
  const std::uint16_t refused = error_of(first);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{3, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const std::uint16_t without = error_of(second);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::setlocale(LC_ALL, before.c_str());
  ::unsetenv("LANGUAGE");
  CHECK(refused == kRefused);
  CHECK(without == kNoSocket);
}
