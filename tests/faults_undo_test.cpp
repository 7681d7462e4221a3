#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "base/process.h"
#include "faults/service.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_service.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

const UndoRecord kRecord{"service.running", "c1", {{"unit", "mariadb.service"}, {"host", "198.18.20.11"}, {"port", "3306"}}};
const char* const kId = FakeService::kId;

const char* const kAsk = "printf 'Timer=";

// What a kill leaves for its undo.
UndoRecord kill_record(bool with_port) {
  UndoRecord record = kRecord;
  if (!with_port) record.facts = {{"unit", "mariadb.service"}};
  record.facts.insert({{"id", kId}, {"pid", "1287"}, {"start-ticks", "5000"}});
  return record;
}

// systemd's side of a dead-man on the node.
struct FakeDeadMan {
  bool armed = false, running = false, disarmed = false, can_be_armed = true, can_be_stopped = true;
  bool order_runs = false, order_locked = true;  // the order on the node: at work; it has got hold of its mark
  std::string fired;
  std::string command;

  std::function<void()> on_stop = [] {};

  explicit FakeDeadMan(FakeService& service) {
    service.remote.on(kAsk, [this, &service](const auto&, const std::string& asked) {
      if (asked.find("systemctl stop blackstart-") != std::string::npos && !order_runs) {
        on_stop();
        if (can_be_stopped) armed = service.armed = false;
        disarmed = true;
      }
      return answered(fmt::format("Timer={}\nService={}\nFired={}\nOrdered={}\nDisarmed={}\nEnd=1\n", word(armed),
                                  word(running), fired, order(service.ordered), disarmed ? "yes" : "no"));
    });
    service.remote.on("systemd-run", [this](const auto&, const std::string& asked) {
      command = asked;
      armed = can_be_armed;
      return answered("");
    });
    service.remote.on("rm -f /run/blackstart/", [this, &service](const auto&, const auto&) {
      fired.clear();
      service.ordered = false;
      return answered("");
    });
  }

 private:
  static std::string word(bool on) { return on ? "active" : "inactive"; }
  std::string order(bool there) const { return !there ? "no" : order_runs ? "runs" : order_locked ? "ended" : "given"; }
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
    CHECK_NOTHROW(fields_help([&](Fields& f) { settings->describe(f); }));
    for (const char* words : {kind.doc, kind.about.established, kind.about.evidence, kind.about.undo, kind.about.needs})
      CHECK(std::string(words).size() > 10);
  }
  for (const char* name : {"service.kill", "service.stop", "service.freeze"}) CHECK(names.count(name) == 1);
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

TEST_CASE("undo: a service that starts and dies again is not back until it stays") {
  FakeService service;
  service.end("failed");
  const Time good = service.clock.now() + 10s;
  Time born{0};
  service.clock.on_pause = [&](Duration) {  // Type=simple with a configuration that is right from `good` on
    if (service.pid == 0) born = Time{0};
    if (service.pid == 0 || service.clock.now() >= good) return;
    if (born == Time{0}) born = service.clock.now();
    if (service.clock.now() - born >= 300ms) service.end("failed");
  };
  SECTION("in time") {
    const auto evidence = undo(service);
    CHECK(all_confirmed(evidence));
    for (const Evidence& each : evidence) CHECK(each.at >= good - 300ms);
    CHECK(service.clock.now() >= good + 700ms);
    CHECK_THAT(evidence[0].observed, Contains("active (running)") && Contains(", for 1s"));
  }
  SECTION("too late") {
    const auto evidence = undo(service, 8s);
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
  }
}

TEST_CASE("undo: a service that systemd starts again and again is never the same process for long enough") {
  FakeService service;
  service.clock.on_pause = [&](Duration) {
    if (service.clock.now().count() / 600'000'000 % 2 == 0) service.begin();
  };
  CHECK_FALSE(undo(service, 20s)[0].confirmed);
}

TEST_CASE("undo of a kill: a process that takes its time to end is not a service that runs") {
  FakeService service;
  SECTION("without a port: it is started anew") {
    service.ordered = true;
    const auto evidence = service_running_undo(kill_record(false), service.context(), service.in(30s));
    CHECK(all_confirmed(evidence));
    CHECK(service.restarts_ordered == 1);
    CHECK(service.pid != 1287);
  }
  SECTION("with one that is closed already: it is started anew") {
    service.ordered = true;
    service.listens = false;
    service.clock.on_pause = [&](Duration) { service.listens = service.pid != 1287; };
    CHECK(all_confirmed(service_running_undo(kill_record(true), service.context(), service.in(30s))));
    CHECK(service.restarts_ordered == 1);
  }
  SECTION("with one that still answers: its end is waited for, and it is started") {
    service.ordered = true;
    const Time end = service.clock.now() + 4s;
    service.clock.on_pause = [&](Duration) {
      if (service.pid == 1287 && service.clock.now() >= end) service.end("inactive");
    };
    const auto evidence = service_running_undo(kill_record(true), service.context(), service.in(30s));
    CHECK(all_confirmed(evidence));
    CHECK(evidence[0].at >= end);
    CHECK(service.pid != 1287);
    CHECK(service.restarts_ordered == 0);
  }
}

TEST_CASE("undo of a kill without effect: nothing is restarted that serves, or that was never ordered to end") {
  FakeService service;
  const Time begin = service.clock.now();
  bool port = true;
  SECTION("it serves on") { service.ordered = true; }
  SECTION("never ordered") { port = false; }
  CHECK(all_confirmed(service_running_undo(kill_record(port), service.context(), service.in(30s))));
  CHECK(service.clock.now() - begin >= 5s);
  CHECK(service.restarts_ordered == 0);
  CHECK(service.pid == 1287);
}

TEST_CASE("undo of a kill that had its effect is quick") {
  FakeService service;
  service.ordered = true;
  service.end("failed");
  const Time begin = service.clock.now();
  CHECK(all_confirmed(service_running_undo(kill_record(true), service.context(), service.in(30s))));
  CHECK(service.clock.now() - begin < 1500ms);
  CHECK(service.connections < 10);  // a server may count those that say nothing
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
  SECTION("a process that is none") { (record = kill_record(true)).facts["pid"] = "1287; reboot"; }
  SECTION("a process that has no start") { (record = kill_record(true)).facts.erase("start-ticks"); }
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
                 Contains("--timer-property=AccuracySec=100ms -p KillMode=process /bin/sh -c ") && Contains("-s CONT") &&
                 Contains("/run/blackstart/" + std::string(kId) + ".fired"));
}

TEST_CASE("dead-man: its command is one that a shell takes, without what systemd expands") {
  for (const UndoRecord& record : {kRecord, kill_record(true), kill_record(false)}) {
    const std::string command = service_running_command(record);
    CHECK(run_process({"/bin/sh", "-n", "-c", command}, 5s).ok());
    CHECK(command.find_first_of("$%") == std::string::npos);
  }
  CHECK(run_process({"/bin/sh", "-n", "-c", guarded_order(kId, "systemctl stop 'a.service'")}, 5s).ok());
}

// What a shell makes of `command`, where systemctl says of the timer and of the service what the test wants, and logs what it
// was asked. Marks lie in the test's own folder.
std::string in_shell(const TextFolder& folder, std::string command, const std::string& main_pid, bool armed = true) {
  const std::string run = (folder.path / "run").string();
  for (std::size_t at = 0; (at = command.find("/run/blackstart", at)) != std::string::npos; at += run.size())
    command.replace(at, 15, run);
  folder.write("systemctl", "#!/bin/sh\necho \"$*\" >>" + (folder.path / "log").string() + "\ncase \"$*\" in *.timer) " +
                                (armed ? "echo active" : "echo inactive; exit 3") + ";; *.service) echo inactive;; esac\n" +
                                "case \"$*\" in 'show '*) echo MainPID=" + main_pid + ";; is-failed*) exit 1;; esac\n");
  std::filesystem::permissions(folder.path / "systemctl", std::filesystem::perms::owner_all);
  folder.write("log", "");
  const std::string path = "PATH=" + folder.path.string() + ":/usr/bin:/bin:/usr/sbin";
  return run_process({"/bin/sh", "-c", command}, 10s, {"", {path}, {}}).out;
}

std::string asked_of_systemctl(const TextFolder& folder, const std::string& command, const std::string& main_pid,
                               bool armed = true) {
  in_shell(folder, command, main_pid, armed);
  return folder.read(folder.path / "log");
}

TEST_CASE("the shell: an order's mark is read and taken away, and that the dead-man was disarmed is kept") {
  const TextFolder folder;
  const auto ordered = folder.path / "run" / (std::string(kId) + ".ordered");
  FakeService service;
  for (const char* part : {"printf 'Timer=", "rm -f /run/blackstart/"})
    service.remote.on(part, [&](const auto&, const auto& asked) { return answered(in_shell(folder, asked, "1287", false)); });
  in_shell(folder, guarded_order(kId, "true"), "1287");
  REQUIRE(std::filesystem::exists(ordered));
  CHECK_THAT(error_of([&] { arm_dead_man(kId, kRecord, 9s, service.context(), service.in(10s)); }).what(),
             Contains("it was armed before"));
  CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(10s)).dead_man, Contains("was not armed"));
  CHECK_FALSE(std::filesystem::exists(ordered));
  CHECK(std::filesystem::exists(folder.path / "run-disarmed" / kId));
  const Undone again = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK((again.problem.empty() && again.dead_man.empty()));
}

TEST_CASE("the shell: an order leaves its mark and is carried out; without an armed dead-man it does neither") {
  const TextFolder folder;
  const auto mark = folder.path / "run" / (std::string(kId) + ".ordered");
  const std::string order = guarded_order(kId, "systemctl kill a.service");
  CHECK_THAT(asked_of_systemctl(folder, order, "0", false), !Contains("kill a.service"));
  CHECK_FALSE(std::filesystem::exists(mark));
  CHECK_THAT(asked_of_systemctl(folder, order, "0"), Contains("kill a.service"));
  CHECK(std::filesystem::exists(mark));
}

// Which of the words for an order the node's own shell tells at this moment; and disarms, if it may.
std::string disarms(const TextFolder& folder, FakeService& service) {
  std::string out;
  service.remote.on(kAsk, [&](const auto&, const auto& asked) {
    out = in_shell(folder, asked, "0", false);
    return answered(out);
  });
  service.remote.on("rm -f /run/blackstart/", answered(""));
  undo_injection(kId, kRecord, service.context(), service.in(2s));
  return out.substr(out.find("Ordered="), out.find("Disarmed=") - out.find("Ordered="));
}

TEST_CASE("the shell: an order holds its mark until it ends, whoever waits for it; what it leaves running doesn't") {
  const TextFolder folder;
  const auto here = [&](const char* name) { return (folder.path / name).string(); };
  std::thread order([&] {
    in_shell(folder,
             guarded_order(kId, fmt::format("sleep 60 >{} 2>&1 & echo $! >{}; while [ ! -e {} ]; do sleep 0.02; done",
                                            here("out"), here("left"), here("go"))),
             "1287");
  });
  while (!folder.read(folder.path / "left").ends_with("\n")) std::this_thread::sleep_for(5ms);
  FakeService service;
  CHECK(disarms(folder, service) == "Ordered=runs\n");
  CHECK_FALSE(std::filesystem::exists(folder.path / "run-disarmed"));
  folder.write("go", "");
  order.join();
  FakeService later;
  CHECK(disarms(folder, later) == "Ordered=ended\n");
  CHECK(std::filesystem::exists(folder.path / "run-disarmed" / kId));
  CHECK(run_process({"/bin/sh", "-c", "kill $(cat " + here("left") + ")"}, 5s).ok());  // it was there all the while
}

TEST_CASE("the shell: an order's exit code is its own, and a mark that nobody wrote to is no order that has ended") {
  const TextFolder folder;
  CHECK(in_shell(folder, "(" + guarded_order(kId, "echo hurt; exit 7") + "); echo $?", "1287") == "active\nhurt\n7\n");
  CHECK(in_shell(folder, "(" + guarded_order(kId, "false") + "); echo $?", "1287") == "active\n1\n");
  FakeService service;
  folder.write("run/" + std::string(kId) + ".ordered", "");
  CHECK(disarms(folder, service) == "Ordered=given\n");
}

TEST_CASE("the shell: only the process that was ordered to end and is still there is started anew") {
  const TextFolder folder;
  const std::string undo_it = service_running_command(kill_record(false));
  CHECK_THAT(asked_of_systemctl(folder, undo_it, "1287"),
             !Contains("restart") && Contains("is-active --quiet mariadb.service"));
  asked_of_systemctl(folder, guarded_order(kId, "systemctl kill"), "0");
  CHECK_THAT(asked_of_systemctl(folder, undo_it, "12870"), !Contains("restart"));
  CHECK_THAT(asked_of_systemctl(folder, undo_it, "1287"), Contains("--no-block restart mariadb.service"));
}

// The same where a port is watched: `ss` says this, and each process has the control group of its unit.
std::string asked_with_port(const TextFolder& folder, const std::string& ss) {
  std::string command = service_running_command(kill_record(true));
  const std::string groups = "/proc/PID/cgroup", ours = (folder.path / "PID.group").string();
  command.replace(command.find(groups), groups.size(), ours);
  folder.write("1287.group", "0::/system.slice/mariadb.service\n");
  folder.write("1290.group", "0::/system.slice/mariadb.service/worker\n");
  folder.write("300.group", "0::/system.slice/haproxy.service\n");
  folder.write("ss", "#!/bin/sh\n" + ss + "\n");
  std::filesystem::permissions(folder.path / "ss", std::filesystem::perms::owner_all);
  in_shell(folder, guarded_order(kId, "true"), "1287");
  return asked_of_systemctl(folder, command, "1287");
}

TEST_CASE("the shell: a service that still listens is not started anew; that another listens on the same port is no matter") {
  const TextFolder folder;
  const std::string listens = "echo 'LISTEN 0 80 198.18.20.11:3306 0.0.0.0:* users:((\"x\",pid={},fd=22))'";
  CHECK_THAT(asked_with_port(folder, "true"), Contains("--no-block restart mariadb.service"));
  CHECK_THAT(asked_with_port(folder, fmt::format(fmt::runtime(listens), 300)), Contains("--no-block restart mariadb.service"));
  CHECK_THAT(asked_with_port(folder, fmt::format(fmt::runtime(listens), 1287)), !Contains("restart"));
  CHECK_THAT(asked_with_port(folder, fmt::format(fmt::runtime(listens), 1290)), !Contains("restart"));
  CHECK_THAT(asked_with_port(folder, "exit 1"), !Contains("restart"));
}

TEST_CASE("the shell: a dead-man undoes once, and once more where an order was at work until then") {
  const TextFolder folder;
  FakeService service;
  FakeDeadMan dead_man(service);
  arm_dead_man(kId,
               {"command.node",
                "c1",
                {{"undo", "echo undone >>" + (folder.path / "undone").string()}, {"evidence", "x"}, {"timeout-ms", "5000"}}},
               90s, service.context(), service.in(10s));
  folder.write("systemd-run", "#!/bin/sh\nwhile [ \"$1\" != -c ]; do shift; done\nexec /bin/sh -c \"$2\"\n");
  std::filesystem::permissions(folder.path / "systemd-run", std::filesystem::perms::owner_all);
  const std::string mark = (folder.path / "run" / (std::string(kId) + ".ordered")).string();
  folder.write("run/x", "");
  SECTION("no order") {
    in_shell(folder, dead_man.command, "0");
    CHECK(folder.read(folder.path / "undone") == "undone\n");
  }
  SECTION("an order that has ended") {
    folder.write("run/" + std::string(kId) + ".ordered", "held\n");
    in_shell(folder, dead_man.command, "0");
    CHECK(folder.read(folder.path / "undone") == "undone\n");
  }
  SECTION("an order that runs") {
    const std::string undone = (folder.path / "undone").string();
    in_shell(folder,
             fmt::format("flock {0} sh -c 'echo >{1}; while [ ! -s {2} ]; do sleep 0.02; done; echo acted >>{2}' & "
                         "while [ ! -e {1} ]; do sleep 0.02; done; {3}; wait",
                         mark, (folder.path / "began").string(), undone, dead_man.command),
             "0");
    CHECK(folder.read(folder.path / "undone") == "undone\nacted\nundone\n");
  }
  CHECK(std::filesystem::exists(folder.path / "run" / (std::string(kId) + ".fired")));
}

TEST_CASE("the shell: a timer that comes when the injection was undone already is stopped, and so is one that is on its way") {
  const TextFolder folder;
  FakeService service;
  FakeDeadMan dead_man(service);
  arm_dead_man(kId, kRecord, 90s, service.context(), service.in(10s));
  const std::string mark = "run-disarmed/" + std::string(kId);
  SECTION("before") {
    folder.write(mark, "");
    folder.write("systemd-run", "#!/bin/sh\ntouch " + (folder.path / "armed").string() + "\n");
  }
  SECTION("on its way") {
    folder.write("run-disarmed/x", "");
    folder.write("systemd-run", "#!/bin/sh\ntouch " + (folder.path / mark).string() + "\n");
  }
  std::filesystem::permissions(folder.path / "systemd-run", std::filesystem::perms::owner_all);
  CHECK(in_shell(folder, "(" + dead_man.command + ") 2>&1; echo $?", "0") == "active\nit was undone meanwhile\n1\n");
  CHECK_THAT(folder.read(folder.path / "log"), Contains("stop blackstart-" + std::string(kId) + ".timer"));
  CHECK_FALSE(std::filesystem::exists(folder.path / "armed"));
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
  SECTION("an answer that is none") {
    service.remote.on(kAsk, answered("Timer=inactive\nService=inactive\nFired=\nOrdered=\nDisarmed=no\nEnd=1\n"));
    CHECK_THAT(arm(kId, 90s).what(), Contains("Ordered is ''"));
  }
  SECTION("disarmed under this name before") {
    dead_man.disarmed = true;
    CHECK_THAT(arm(kId, 90s).what(), Contains("it was armed before"));
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
  const Undone again = undo_injection(kId, kRecord, service.context(), service.in(30s));
  CHECK(again.problem.empty());
  CHECK(again.dead_man.empty());
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

TEST_CASE("undo of an injection: facts with an id that is not fit for a file are refused") {
  FakeService service;
  FakeDeadMan dead_man(service);
  UndoRecord record = kill_record(true);
  record.facts["id"] = "x; reboot";
  CHECK_THAT(undo_injection(kId, record, service.context(), service.in(5s)).problem, Contains("is not fit to be its id"));
  CHECK(service.remote.count("reboot") == 0);
}

TEST_CASE("undo of an injection: an order that comes between confirmation and disarming is undone too") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = true;
  service.end("failed");
  int late = 0;
  SECTION("it ended the service at once") {
    dead_man.on_stop = [&] {
      if (late++ == 0) service.ordered = true, service.end("inactive");
    };
  }
  SECTION("it does so a moment after") {
    dead_man.on_stop = [&] { service.ordered = late++ == 0; };
    service.clock.on_pause = [&, done = false](Duration) mutable {
      if (late > 0 && !done) done = true, service.end("inactive");
    };
  }
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(30s));
  CHECK(undone.problem.empty());
  CHECK(late == 1);
  CHECK(all_confirmed(undone.evidence));
  CHECK(service.active == "active");
  CHECK(service.pid == 1502);  // started twice
  CHECK_FALSE(service.ordered);
}

TEST_CASE("undo of an injection: an order that is still at work is waited for, and undone once it has ended") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = dead_man.order_runs = service.ordered = true;
  const Time acts = service.clock.now() + 8s;
  service.clock.on_pause = [&](Duration) {
    if (!dead_man.order_runs || service.clock.now() < acts) return;
    CHECK(dead_man.armed);  // as long as the effect is still to come
    dead_man.order_runs = false;
    service.end("inactive");
  };
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(30s));
  CHECK(undone.problem.empty());
  CHECK(service.clock.now() >= acts);
  CHECK(all_confirmed(undone.evidence));
  CHECK((service.active == "active" && service.pid == 1501));
  CHECK_FALSE((dead_man.armed || service.ordered));
}

TEST_CASE("undo of an injection: an order that doesn't end is a problem, and its dead-man stays") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = dead_man.order_runs = service.ordered = true;
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK_THAT(undone.problem, Contains("order still runs"));
  CHECK((dead_man.armed && service.ordered && !dead_man.disarmed));
}

TEST_CASE("undo of an injection: an order that had not begun at the first look is undone once more") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = service.ordered = true;
  dead_man.order_locked = false;
  dead_man.on_stop = [&] {
    if (!dead_man.order_locked) dead_man.order_locked = true, service.end("inactive");
  };
  CHECK(undo_injection(kId, kRecord, service.context(), service.in(30s)).problem.empty());
  CHECK((service.active == "active" && service.pid == 1501));
}

TEST_CASE("undo of an injection: a late order whose harm can't be undone is a problem, and its mark stays for the next try") {
  FakeService service;
  FakeDeadMan dead_man(service);
  dead_man.armed = true;
  dead_man.on_stop = [&] {
    service.ordered = true;
    service.obeys_start = false;
    service.end("inactive");
  };
  CHECK_THAT(undo_injection(kId, kRecord, service.context(), service.in(10s)).problem, Contains("inactive (dead)"));
  CHECK(service.ordered);
  service.obeys_start = true;
  dead_man.on_stop = [] {};
  const Undone again = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK((again.problem.empty() && again.dead_man.empty() && !service.ordered));
}

TEST_CASE("undo of an injection: a timer that is gone without a mark is told, and is no failure") {
  FakeService service;  // as after a restart of the node
  FakeDeadMan dead_man(service);
  const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(10s));
  CHECK(undone.problem.empty());
  CHECK_THAT(undone.dead_man, Contains("the dead-man was not armed when the undo began"));
  CHECK(undo_injection(kId, kRecord, service.context(), service.in(10s)).dead_man.empty());
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
    service.remote.on("rm -f /run/blackstart/", refused(1, "Read-only file system"));
    const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(5s));
    CHECK_THAT(undone.problem, Contains("removing the marks of blackstart-"));
    CHECK(undone.dead_man == "the dead-man undid it at 2026-11-21T07:12:03Z");  // told, whatever becomes of the mark
  }
  SECTION("an undo that this version doesn't know") {
    UndoRecord record = kRecord;
    record.kind = "no-such.undo";
    CHECK_THAT(undo_injection(kId, record, service.context(), service.in(5s)).problem, Contains("knows no such undo"));
  }
  SECTION("an unreachable node") {
    service.remote.cut_off("c1");
    const Undone undone = undo_injection(kId, kRecord, service.context(), service.in(5s));
    CHECK_THAT(undone.problem, Contains("opening an SSH session to c1"));
    CHECK(undone.evidence.size() == 2);
  }
}
