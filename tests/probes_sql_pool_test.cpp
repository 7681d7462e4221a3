// The pool of a ledger's connections: gentle with a server that answers, and a connection for everybody from one that does not.
#include "probes/sql_pool.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "reports/operation.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/postgres_server.h"

using namespace blackstart;
using namespace blackstart::test;

namespace {

constexpr std::size_t kKept = 4;
constexpr double kMany = 2 * SqlPool::kMostStrict;

constexpr std::size_t kEach = descriptors_each(SqlKind::postgresql);

// Clients that want a connection, ask one question over it and give it back.
struct Clients {
  explicit Clients(const SqlTarget& target, double rate = kMany) : pool(io, target, kKept, rate) {}

  void come(int number, Duration limit) {
    io.restart();
    for (int i = 0; i < number; ++i)
      pool.want(limit, [this](std::unique_ptr<SqlConnection> connection, const SqlAnswer& answer) {
        if (!connection) return errors.push_back(answer.error);
        ask(std::move(connection));
      });
  }

  void ask(std::unique_ptr<SqlConnection> connection) {
    const auto held = std::make_shared<std::unique_ptr<SqlConnection>>(std::move(connection));
    (*held)->query("SELECT pg_backend_pid()", 10s, [this, held](const SqlAnswer& answer) {
      if (!answer.ok()) return errors.push_back(answer.error);
      ++served;
      servers.insert(answer.rows.at(0).at(0).value());
      pool.give_back(std::move(*held));
    });
  }

  void run_for(Duration length) { io.run_for(length); }

  boost::asio::io_context io;
  SqlPool pool;
  int served = 0;
  std::vector<std::uint16_t> errors;
  std::set<std::string> servers;  // processes of PostgreSQL: as many as connections
};

}  // namespace

TEST_CASE("two hundred clients at once are all served, over few connections", "[ledger][postgres]") {
  PostgresServer server;
  const std::size_t files = open_files();
  {
    Clients clients(endpoint_of(server.database()));
    clients.come(200, 30s);
    CHECK(open_files() < files + 50 * kEach);
    clients.io.run();
    CHECK(clients.served == 200);
    CHECK(clients.errors.empty());
    // Some that nobody needed were being opened; no more stay than are kept.
    std::size_t idle = 0;
    while (clients.pool.take()) ++idle;
    CHECK((idle >= 1 && idle <= kKept));
  }
  CHECK(open_files() == files);
}

TEST_CASE("from a server that hangs everybody opens a connection, and has it when it goes on", "[ledger][postgres]") {
  PostgresServer server;
  const std::size_t files = open_files();
  {
    Clients clients(endpoint_of(server.database()));
    const std::size_t before = open_files();
    server.signal(SIGSTOP);
    clients.come(20, 20s);
    CHECK((open_files() >= before + SqlPool::kAtOnce * kEach && open_files() < before + 20 * kEach));
    CHECK(wait_until(
        [&] {
          clients.run_for(20ms);
          return open_files() == before + 20 * kEach;
        },
        within(10s), 1ms));
    // Whoever comes from now on doesn't wait for the others.
    clients.run_for(SqlPool::kSilence);
    clients.come(10, 20s);
    CHECK(open_files() == before + 30 * kEach);
    server.signal(SIGCONT);
    clients.io.run();
    CHECK(clients.served == 30);
    CHECK(clients.errors.empty());
  }
  CHECK(open_files() == files);
}

TEST_CASE("up to a thousand operations a second nobody waits for the connections of others", "[ledger][postgres]") {
  PostgresServer server;
  const std::size_t files = open_files();
  {
    Clients clients(endpoint_of(server.database()), SqlPool::kMostStrict);
    clients.come(1, 20s);
    clients.io.run();
    const std::size_t before = open_files();
    clients.come(20, 20s);
    CHECK(open_files() == before + 20 * kEach);
    clients.io.run();
    CHECK(clients.served == 21);
    CHECK(clients.errors.empty());
  }
  CHECK(open_files() == files);
}

TEST_CASE("from a server that hangs everybody has an answer in time", "[ledger][postgres]") {
  PostgresServer server;
  Clients clients(endpoint_of(server.database()));
  server.signal(SIGSTOP);
  SECTION("also who never had a turn") { clients.come(20, SqlPool::kPatience / 2); }
  SECTION("and who had one late") { clients.come(20, 2 * SqlPool::kSilence); }
  clients.io.run();
  CHECK(clients.errors == std::vector<std::uint16_t>(20, kTimedOut));
  CHECK(clients.served == 0);
}

TEST_CASE("where nobody listens everybody is told so", "[ledger][postgres]") {
  SqlTarget nobody{"127.0.0.1", free_port(), "bank", "secret", SqlKind::postgresql, "bank"};
  Clients clients(nobody);
  clients.come(20, 20s);
  clients.io.run();
  CHECK(clients.errors == std::vector<std::uint16_t>(20, kRefused));
}

TEST_CASE("who waits for a connection gets the one that is given back", "[ledger][postgres]") {
  PostgresServer server;
  Clients clients(endpoint_of(server.database()));
  clients.come(1, 20s);
  clients.io.run();
  auto only = clients.pool.take();
  REQUIRE(only);
  // Those that are being opened now are not accepted: the first process of the server makes them.
  const auto first = clients.servers;
  const int postmaster = server.process();
  ::kill(postmaster, SIGSTOP);
  clients.come(8, 20s);
  clients.run_for(20ms);
  CHECK(clients.served == 1);
  clients.pool.give_back(std::move(only));
  CHECK(wait_until(
      [&] {
        clients.run_for(20ms);
        return clients.served == 9;
      },
      within(10s), 1ms));
  CHECK(clients.servers == first);
  ::kill(postmaster, SIGCONT);
}

// Each that is given back goes to one of them, so that the server never counts as silent.
TEST_CASE("beside a server that answers nobody waits for long, and first come is first served", "[ledger][postgres]") {
  constexpr int kCrowd = 200;
  PostgresServer server;
  Clients clients(endpoint_of(server.database()));
  clients.come(1, 20s);
  clients.io.run();
  auto only = clients.pool.take();
  REQUIRE(only);
  ::kill(server.process(), SIGSTOP);  // it makes no new processes: what is opened from now on hangs
  const std::size_t before = open_files();
  std::vector<int> served;
  clients.io.restart();
  for (int i = 0; i < kCrowd; ++i)
    clients.pool.want(20s, [&, i](std::unique_ptr<SqlConnection> connection, const SqlAnswer&) {
      served.push_back(i);
      only = std::move(connection);
    });
  CHECK(open_files() < before + kCrowd / 2);
  const auto all_opened = [&] {
    if (only) clients.pool.give_back(std::move(only));
    clients.run_for(20ms);
    return open_files() >= before + kCrowd * 3 / 4;
  };
  CHECK(wait_until(all_opened, within(10s), 1ms));
  CHECK(!served.empty());
  CHECK(std::is_sorted(served.begin(), served.end()));
  ::kill(server.process(), SIGCONT);
}
