// What faults have in common: looking until it is seen, facts of undo records, commands that systemd hands on.
#include "faults/looking.h"

#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/facts.h"
#include "faults/script.h"
#include "faults/steady.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

std::string in_shell(const std::string& command) { return run_process({"/bin/sh", "-c", command}, 10s).out; }

Piece from_time(FakeClock& clock, Time when) {
  return piece("c1", "it is late", [&clock, when](Evidence& evidence) {
    evidence.observed = "looked";
    return clock.now() >= when;
  });
}

}  // namespace

TEST_CASE("a command for systemd: whatever the script holds comes through, and nothing that systemd expands is in it") {
  for (const std::string& script :
       {std::string("printf '%s\\n' \"$((6 * 7))\" 'a\"b`c'"), std::string("read x || echo nothing to read; echo \"[$x]\""),
        std::string("for i in 1 2; do echo \"$i 100%\"; done\n# é ü")}) {
    const std::string command = plain_command(script);
    CHECK(command.find_first_of("$%'") == std::string::npos);
    CHECK(in_shell(command) == in_shell("exec </dev/null\n" + script));
    CHECK(in_shell("/bin/sh -c " + shell_quote(command)) == in_shell("exec </dev/null\n" + script));
  }
  for (std::size_t length = 0; length < 8; ++length) {
    const std::string word(length, 'x');
    CHECK(in_shell(plain_command("echo " + word)) == word + "\n");
  }
}

TEST_CASE("a command for systemd: its exit code is the script's") {
  CHECK(run_process({"/bin/sh", "-c", plain_command("exit 7")}, 5s).exit_code == 7);
}

TEST_CASE("see: each piece has the time at which it was seen, and one that is not seen has none") {
  FakeClock clock;
  const Time begin = clock.now();
  const auto evidence = see({from_time(clock, begin), from_time(clock, begin + 3s), from_time(clock, begin + 1h)}, clock,
                            Deadline(clock, 10s), 100ms);
  CHECK((evidence[0].confirmed && evidence[0].at == begin));
  CHECK((evidence[1].confirmed && evidence[1].at == begin + 3s));
  CHECK((!evidence[2].confirmed && evidence[2].at == Time(-1) && evidence[2].observed == "looked"));
  CHECK_FALSE(all_confirmed(evidence));
}

TEST_CASE("see: a look that fails leaves it open, says why, and is tried again") {
  FakeClock clock;
  int looks = 0;
  const auto look = [&](Evidence& evidence) -> bool {
    if (++looks < 3) throw Error(ErrorKind::unreachable, "asking c1", "no answer");
    evidence.observed = "there";
    return true;
  };
  const auto evidence = see({piece("c1", "x", look)}, clock, Deadline(clock, 10s), 1s);
  CHECK((evidence[0].confirmed && looks == 3 && evidence[0].observed == "there"));
  looks = -1000;
  const auto open = see({piece("c1", "x", look)}, clock, Deadline(clock, 10s), 1s);
  CHECK_FALSE(open[0].confirmed);
  CHECK_THAT(open[0].observed, Contains("asking c1: no answer"));
}

TEST_CASE("make absent: ordered at once and then now and again, and all must hold in the same round") {
  FakeClock clock;
  int orders = 0;
  const auto order = [&] { ++orders; };
  const Time end = clock.now() + 5s;
  const auto evidence = make_absent(order, {from_time(clock, end)}, clock, Deadline(clock, 60s), 100ms, 2s);
  CHECK(all_confirmed(evidence));
  CHECK(orders == 3);
  orders = 0;
  bool odd = false;  // never both
  const auto flips = [&](Evidence&) { return odd = !odd; };
  const auto flops = [&](Evidence&) { return !odd; };
  CHECK_FALSE(all_confirmed(
      make_absent(order, {piece("a", "x", flips), piece("b", "y", flops)}, clock, Deadline(clock, 4s), 100ms, 2s)));
}

TEST_CASE("make absent: an order that fails is told, and does not keep from looking") {
  FakeClock clock;
  const auto order = [] { throw Error(ErrorKind::unmet, "undoing it", "exit code 1"); };
  const auto open = make_absent(order, {from_time(clock, clock.now() + 1h)}, clock, Deadline(clock, 3s), 100ms, 1s);
  CHECK_FALSE(open[0].confirmed);
  CHECK_THAT(open[0].observed, Contains("looked; the order failed: undoing it: exit code 1"));
  CHECK(all_confirmed(make_absent(order, {from_time(clock, clock.now())}, clock, Deadline(clock, 3s), 100ms, 1s)));
}

TEST_CASE("nothing that was looked at is not everything that was seen") { CHECK_FALSE(all_confirmed({})); }

TEST_CASE("steady: what came back and fell again counts from when it stayed") {
  Steady steady;
  Evidence evidence;
  CHECK_FALSE(steady.settle(evidence, 10s, 1s));
  CHECK_THAT(evidence.observed, Contains("but not yet for 1s"));
  steady.ends();
  CHECK_FALSE(steady.settle(evidence, 10500ms, 1s));
  CHECK(steady.settle(evidence, 11500ms, 1s));
  CHECK(evidence.at == Time(10500ms));
}

TEST_CASE("facts: what makes no sense is said with its name") {
  const UndoRecord record{
      "x.y", "c1", {{"id", "a/../b"}, {"n", "7x"}, {"path", "/a/../b"}, {"good", "/var/lib"}, {"least", "0"}}};
  const auto words = [](const std::function<void()>& call) {
    const Error error = error_of(call);
    CHECK(error.kind() == ErrorKind::bad_file);
    return std::string(error.what());
  };
  CHECK_THAT(words([&] { fact(record, "none"); }), Contains("undoing x.y on c1: its fact 'none' is missing"));
  CHECK_THAT(words([&] { id_fact(record); }), Contains("'id' names no injection"));
  CHECK_THAT(words([&] { number_fact(record, "n", 0); }), Contains("'n' is no number"));
  CHECK_THAT(words([&] { number_fact(record, "least", 1); }), Contains("from 1"));
  CHECK_THAT(words([&] { path_fact(record, "path"); }), Contains("no plain absolute path"));
  CHECK(path_fact(record, "good") == "/var/lib");
  CHECK(fact_or_none(record, "none").empty());
}

TEST_CASE("paths: only what means the same everywhere") {
  for (const char* good : {"/", "/var/lib/mysql", "/mnt/a-b_c.d+e:1", "/..a/.b"}) CHECK(is_plain_path(good));
  for (const char* bad : {"", "var", "/a//b", "/a/", "/a/./b", "/a/..", "/a b", "/a$b", "/a%b", "/a'b", "/a\nb", "/a*"})
    CHECK_FALSE(is_plain_path(bad));
}
