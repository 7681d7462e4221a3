// What a MySQL server says, byte by byte, to everything that asks it: any answer is an outcome, an evidence or an error of
// ours.
//
// The first byte of an input is what asks, the second how the rest is said: 0: all of it as it is, the greeting too; 1: after a
// log-in that went well; 2: after that, in packets: a length of one byte, then so many bytes; length 255 begins an answer.
#include <errmsg.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <optional>

#include "lab/cloud.h"
#include "probes/galera.h"
#include "probes/ledger_dialect.h"
#include "probes/ledger_operation.h"
#include "probes/ledger_preflight.h"
#include "probes/ledger_snapshot.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/folder.h"
#include "tests/support/mysql_words.h"
#include "tests/support/speaker.h"

using namespace blackstart;

namespace {

constexpr Duration kLimit = 5s;
constexpr char kAnswer = '\xFF';

void require(bool holds) {
  if (!holds) std::abort();
}

struct Said {
  std::string bytes;
  std::size_t fine = 0;  // packets that may say that all is well
  bool counted = false;  // `fine` is known
};

Said in_packets(std::string_view rest) {
  Said said{mysql_words::logged_in(), 0, true};
  std::uint8_t sequence = 1;
  while (!rest.empty()) {
    const char length = rest[0];
    rest.remove_prefix(1);
    if (length == kAnswer) {
      sequence = 1;
      continue;
    }
    const std::string_view payload = rest.substr(0, static_cast<unsigned char>(length));
    said.fine += !payload.empty() && payload[0] == '\0';
    said.bytes += mysql_words::packet(sequence++, payload);
    rest.remove_prefix(payload.size());
  }
  return said;
}

Said said_of(char how, std::string_view rest) {
  if (how % 3 == 0) return {std::string(rest)};
  if (how % 3 == 1) return {mysql_words::logged_in() + std::string(rest)};
  return in_packets(rest);
}

struct Ground {
  explicit Ground(std::int64_t port) {
    database.host = "127.0.0.1";
    database.port = port;
    database.replicas = {{"c1", "127.0.0.1", port}};
    settings.read_backs = 1;
    settings.connect_timeout = kLimit;
  }
  Deadline deadline() const { return Deadline(real_clock(), kLimit); }
  SqlTarget target() const { return endpoint_of(database); }
  Database database;
  LedgerSettings settings;
};

// Five statements and a COMMIT have to be answered by an OK each before a transfer is acknowledged.
constexpr std::size_t kFineOfTransfer = 6;

void operate(const Ground& ground, std::uint16_t series, const Said& said) {
  boost::asio::io_context io;
  const Bank bank(ground.database, ground.settings);
  const auto workload = make_ledger_workload(io, ground.target(), bank, ground.settings);
  const Operation operation = workload->plan(series, 7);
  std::optional<Workload::Result> result;
  workload->send(operation, ground.deadline(), [&](Workload::Result given) {
    require(!result);
    result = given;
  });
  while (!result) io.run_one();
  io.poll();
  // Who claims an error number of the client library's own is believed: then nothing is proved, and nothing passed.
  require(result->outcome != Outcome::unsent || (result->error >= CR_MIN_ERROR && result->error <= CR_MAX_ERROR));
  require((result->outcome == Outcome::ok) == (result->error == 0 || (series == 2 && result->error == kStale)));
  if (series == 0 && result->outcome == Outcome::ok && said.counted) require(said.fine >= kFineOfTransfer);
}

void read_books(const Ground& ground, bool galera) {
  const Bank bank(ground.database, ground.settings);
  static const Folder folder;
  const auto catch_up = [&](SqlSession& session) {
    if (galera) apply_all(session, bank.table("accounts"));
  };
  const ReplicaSnapshot books =
      read_replica(ground.database, ground.database.replicas[0], bank, catch_up, ground.deadline(), folder.path / "books.rows");
  require(books.complete == books.problem.empty());
}

// It throws nothing but an Error that blames the server and says why.
template <class Call>
void blame(Call call) {
  try {
    call();
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unmet || error.kind() == ErrorKind::unreachable);
    require(!error.doing().empty() && !error.why().empty());
  }
}

void look(const Ground& ground) {
  blame([&] {
    SqlSession session(ground.target(), ground.deadline());
    mariadb_dialect().require_server(session, ground.settings);
  });
  blame([&] { require_replicas(ground.database, ground.settings, ground.deadline()); });
}

void make_room(const Ground& ground) {
  const Bank bank(ground.database, ground.settings);
  blame([&] {
    SqlSession session(ground.target(), ground.deadline());
    bank.require_room(session);
    bank.create(session);
  });
  blame([&] {
    Cloud cloud;
    cloud.database = ground.database;
    current_writer(cloud, ground.deadline());
  });
}

void ask(const Ground& ground, int what, const Said& said) {
  switch (what % 7) {
    case 0:
    case 1:
    case 2: return operate(ground, static_cast<std::uint16_t>(what % 7), said);
    case 3: return read_books(ground, false);
    case 4: return read_books(ground, true);
    case 5: return look(ground);
    default: return make_room(ground);
  }
}

}  // namespace

// A greeting that breaks off right behind the version: which of two texts the library freed cannot be known, and a byte is
// lost.
extern "C" const char* __lsan_default_suppressions() { return "leak:version_before_greeting"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static test::Speaker speaker;
  static const Ground ground(speaker.port());
  const Said said = said_of(static_cast<char>(data[1]), fuzz::text_of(data, size).substr(2));
  speaker.say(said.bytes);
  ask(ground, data[0], said);
  return 0;
}
