#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/process.h"
#include "faults/service.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_service.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

const UndoRecord kRecord{"service.running", "c1", {{"unit", "mariadb.service"}, {"host", "198.18.20.11"}, {"port", "3306"}}};
const char* const kId = "20261121T071203Z-kill-writer-c1";

const char* const kAsk = "printf 'Timer=";

// systemd's side of a dead-man on the node.
struct FakeDeadMan {
  bool armed = false, running = false, can_be_armed = true, can_be_stopped = true;
  std::string fired;
  std::string command;

  explicit FakeDeadMan(FakeService& service) {
    service.remote.on(kAsk, [this](const auto&, const std::string& asked) {
      if (asked.find("systemctl stop blackstart-") == 0 && can_be_stopped) armed = false;
      return answered("Timer=" + word(armed) + "\nService=" + word(running) + "\nFired=" + fired + "\nEnd=1\n");
    });
    service.remote.on("systemd-run", [this](const auto&, const std::string& asked) {
      command = asked;
      armed = can_be_armed;
      return answered("");
    });
    service.remote.on("rm /run/blackstart/", [this](const auto&, const auto&) {
      fired.clear();
      return answered("");
    });
  }

 private:
  static std::string word(bool on) { return on ? "active" : "inactive"; }
};

std::vector<Evidence> undo(FakeService& service, Duration limit = 30s) {
  return undo_kind("service.running").undo(kRecord, service.context(), service.in(limit));
}

bool all_confirmed(const std::vector<Evidence>& evidence) {
  return std::all_of(evidence.begin(), evidence.end(), [](const Evidence& e) { return e.confirmed; });
}

}  // namespace

TEST_CASE("the tables: every name once, every fault can be described") {
  std::set<std::string> names;
  for (const FaultKind& kind : fault_kinds()) {
    CHECK(names.insert(kind.name).second);
    auto settings = kind.settings();
    CHECK_THAT(fields_help([&](Fields& f) { settings->describe(f); }), Contains("unit"));
  }
  CHECK(names == std::set<std::string>{"service.kill", "service.stop", "service.freeze"});
  const Error error = error_of([] { undo_kind("service.runing"); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Contains("did you mean 'service.running'?"));
}

TEST_CASE("undo: from each state the service ends up running and answering") {
  FakeService service;
  SECTION("nothing was done") {}
  SECTION("killed") { service.end("failed"); }
  SECTION("stopped") { service.end("inactive"); }
  SECTION("frozen") { service.state = 'T'; }
  SECTION("starting by itself") {
    service.start_time = 7s;
    service.begin();
  }
  SECTION("slow to start") {
    service.end("failed");
    service.start_time = 7s;
  }
  const auto evidence = undo(service);
  REQUIRE(evidence.size() == 2);
  CHECK(all_confirmed(evidence));
  CHECK(evidence[0].observer == "c1");
  CHECK(evidence[0].expected == "mariadb.service on c1 is active and its main process runs");
  CHECK_THAT(evidence[0].observed, Contains("active (running)"));
  CHECK(evidence[1].observer == "runner");
  CHECK(evidence[1].expected == "198.18.20.11:3306 answers again");
  CHECK(evidence[1].at <= service.clock.now());
  CHECK(all_confirmed(undo(service)));  // again: nothing changes
  CHECK(service.active == "active");
  CHECK(service.state == 'S');
}

TEST_CASE("undo: without a port the service's own state is the evidence") {
  FakeService service;
  service.end("failed");
  const UndoRecord record{"service.running", "c1", {{"unit", "mariadb.service"}}};
  const auto evidence = service_running_undo(record, service.context(), service.in(5s));
  REQUIRE(evidence.size() == 1);
  CHECK(evidence[0].confirmed);
}

TEST_CASE("undo: a start that fails at first is ordered again") {
  FakeService service;
  service.end("failed");
  service.obeys_start = false;
  const Time later = service.clock.now() + 5s;
  service.clock.on_pause = [&](Duration) { service.obeys_start = service.clock.now() >= later; };
  CHECK(all_confirmed(undo(service)));
  CHECK(service.remote.count("--no-block start") >= 3);
  CHECK(service.remote.count("--no-block start") <= 5);
}

TEST_CASE("undo: what doesn't come back by the deadline is not confirmed") {
  FakeService service;
  SECTION("it doesn't start") {
    service.end("failed");
    service.obeys_start = false;
    CHECK_FALSE(undo(service)[0].confirmed);
  }
  SECTION("it stays frozen") {
    service.state = 'T';
    service.obeys_signals = false;
    CHECK_FALSE(undo(service)[0].confirmed);
  }
  SECTION("it runs, but its port does not answer") {
    service.silent_at_rest = true;
    const auto evidence = undo(service);
    CHECK(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    CHECK(evidence[1].observed == "does not answer");
  }
  SECTION("it can't be reached") {
    service.remote.cut_off("c1");
    const auto evidence = undo(service);
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_THAT(evidence[0].observed, Contains("opening an SSH session to c1"));
  }
  SECTION("the order is refused") {
    service.end("failed");
    service.remote.on("--no-block start", refused(4, "Access denied"));
    CHECK_THAT(undo(service)[0].observed, Contains("starting mariadb.service on c1") && Contains("Access denied"));
  }
}

TEST_CASE("undo: a node that comes back within the deadline is undone then") {
  FakeService service;
  service.state = 'T';
  service.remote.cut_off("c1");
  const Time later = service.clock.now() + 10s;
  service.clock.on_pause = [&](Duration) {
    if (service.clock.now() >= later) service.remote.reconnect("c1");
  };
  CHECK(all_confirmed(undo(service)));
  CHECK(service.state == 'S');
}

TEST_CASE("undo: facts that make no sense are said, and nothing is run") {
  FakeService service;
  UndoRecord record = kRecord;
  SECTION("a unit that is none") { record.facts["unit"] = "x; reboot"; }
  SECTION("no unit") { record.facts.erase("unit"); }
  SECTION("a port that is none") { record.facts["port"] = "99999"; }
  const auto evidence = service_running_undo(record, service.context(), service.in(5s));
  REQUIRE(evidence.size() == 1);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing service.running on c1"));
  CHECK(service.remote.calls().empty());
}

TEST_CASE("dead-man: it is armed with the undo's command, and seen to be armed") {
  FakeService service;
  FakeDeadMan dead_man(service);
  arm_dead_man(kId, kRecord, 90s, service.context(), service.in(10s));
  CHECK(dead_man.armed);
  CHECK_THAT(dead_man.command,
             Contains("systemd-run --quiet --collect --unit=blackstart-" + std::string(kId) + " --on-active=90000ms") &&
                 Contains("--timer-property=AccuracySec=100ms /bin/sh -c ") && Contains("-s CONT") &&
                 Contains("/run/blackstart/" + std::string(kId) + ".fired"));
}

TEST_CASE("dead-man: its command is one that a shell takes, without what systemd expands") {
  const std::string command = service_running_command(kRecord);
  CHECK(run_process({"/bin/sh", "-n", "-c", command}, 5s).ok());
  CHECK(command.find_first_of("$%") == std::string::npos);
}

TEST_CASE("dead-man: what can't be relied on is an error") {
  FakeService service;
  FakeDeadMan dead_man(service);
  const auto arm = [&](const std::string& id, Duration after) {
    return error_of([&] { arm_dead_man(id, kRecord, after, service.context(), service.in(10s)); });
  };
  SECTION("armed before") {
    dead_man.armed = true;
    CHECK_THAT(arm(kId, 90s).what(), Contains("it was armed before"));
  }
  SECTION("fired before") {
    dead_man.fired = "2026-11-21T07:12:03Z";
    CHECK_THAT(arm(kId, 90s).what(), Contains("it was armed before"));
  }
  SECTION("refused") {
    service.remote.on("systemd-run", refused(1, "Failed to start transient timer unit"));
    CHECK_THAT(arm(kId, 90s).what(), Contains("arming the dead-man") && Contains("Failed to start transient"));
  }
  SECTION("not active afterwards") {
    dead_man.can_be_armed = false;
    const Error error = arm(kId, 90s);
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.what(), Contains("not active afterwards"));
  }
  SECTION("systemd does not answer") {
    service.remote.on(kAsk, answered("Timer=\nService=\nFired=\nEnd=1\n"));
    CHECK_THAT(arm(kId, 90s).what(), Contains("systemctl gave no answer"));
  }
  SECTION("an answer cut short") {
    service.remote.on(kAsk, answered("Timer=inactive\nService=inactive\n"));
    CHECK_THAT(arm(kId, 90s).what(), Contains("the answer has no End"));
  }
  SECTION("a name that would not be safe") {
    for (const std::string id : {"", "a b", "../x", "a/b", "-a", "a;b", "$(x)"})
      CHECK(arm(id, 90s).kind() == ErrorKind::internal);
    CHECK(service.remote.calls().empty());
  }
  SECTION("no time") { CHECK(arm(kId, 0s).kind() == ErrorKind::internal); }
}

TEST_CASE("undo of an injection: confirmed, then disarmed") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = true;
  service.state = 'T';
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(30s));
  CHECK(undone.problem.empty());
  CHECK(undone.dead_man.empty());
  CHECK(all_confirmed(undone.evidence));
  CHECK_FALSE(dead_man.armed);
  CHECK(undo_injection(kId, kRecord, service.context(), service.in(30s)).problem.empty());
}

TEST_CASE("undo of an injection: the dead-man stays armed as long as the undo is not confirmed") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = true;
  service.end("failed");
  service.obeys_start = false;
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK_THAT(undone.problem,
             Contains("mariadb.service on c1 is active and its main process runs: failed (failed), no main process"));
  CHECK(dead_man.armed);
}

TEST_CASE("undo of an injection: a dead-man that fired is told, and its mark goes") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.fired = "2026-11-21T07:12:03Z";
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK(undone.problem.empty());
  CHECK(undone.dead_man == "the dead-man undid it at 2026-11-21T07:12:03Z");
  CHECK(dead_man.fired.empty());
}

TEST_CASE("undo of an injection: a dead-man that is at work is waited for") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.running = true;
  const Time later = service.clock.now() + 2s;
  service.clock.on_pause = [&](Duration) {
    if (service.clock.now() < later) return;
    dead_man.running = false;
    dead_man.fired = "2026-11-21T07:12:03Z";
  };
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK(undone.problem.empty());
  CHECK_FALSE(undone.dead_man.empty());
  CHECK(service.clock.now() >= later);
}

TEST_CASE("undo of an injection: what stays armed, and what can't be read, is a problem") {
  FakeService service;
  FakeDeadMan dead_man(service);
  SECTION("a timer that can't be stopped") {
    dead_man.armed = true;
    dead_man.can_be_stopped = false;
    CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(5s)).problem, Contains("its timer is still active"));
  }
  SECTION("a command that doesn't end") {
    dead_man.running = true;
    CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(5s)).problem, Contains("its command still runs"));
  }
  SECTION("systemd does not answer") {
    service.remote.on(kAsk, answered("Timer=\nService=\nFired=\nEnd=1\n"));
    CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(5s)).problem, Contains("systemctl gave no answer"));
  }
  SECTION("a mark that can't be removed") {
    dead_man.fired = "2026-11-21T07:12:03Z";
    service.remote.on("rm /run/blackstart/", refused(1, "Read-only file system"));
    CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(5s)).problem, Contains("removing /run/blackstart/"));
  }
  SECTION("an undo that this version doesn't know") {
    UndoRecord record = kRecord;
    record.kind = "link.up";
    CHECK_THAT(undo_injection(kId, record, service.context(), service.in(5s)).problem, Contains("knows no such undo"));
  }
  SECTION("an unreachable node") {
    service.remote.cut_off("c1");
    const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(5s));
    CHECK_THAT(undone.problem, Contains("opening an SSH session to c1"));
    CHECK(undone.evidence.size() == 2);
  }
}
