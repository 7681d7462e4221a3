#include "faults/service.h"

#include <catch2/catch.hpp>

#include "faults/service_port.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_service.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<FaultSettings> settings_of(const std::string& name) {
  for (const FaultKind& kind : fault_kinds())
    if (kind.name == name) return kind.settings();
  throw std::logic_error("no fault " + name);
}

std::unique_ptr<FaultSettings> parse(const std::string& name, const std::string& yaml) {
  auto settings = settings_of(name);
  read_text(yaml, "scenario.yaml", [&](Fields& f) { settings->describe(f); });
  return settings;
}

std::unique_ptr<TargetFault> make(FakeService& service, const std::string& name,
                                  const std::string& yaml = "unit: mariadb.service") {
  return parse(name, yaml)->make(service.node, service.context());
}

// Through all of it; the order is given at a known time.
std::vector<Evidence> inject(FakeService& service, TargetFault& fault, Duration limit = 5s) {
  fault.preflight(service.in(10s));
  fault.stage(service.in(10s));
  fault.fire(service.in(10s));
  return fault.confirm(service.in(limit));
}

std::vector<Evidence> inject(FakeService& service, const std::string& name) { return inject(service, *make(service, name)); }

Error preflight_error(FakeService& service, const std::string& yaml = "unit: mariadb.service") {
  return error_of([&] { make(service, "service.kill", yaml)->preflight(service.in(10s)); });
}

bool harmed(const FakeService& service) {
  return service.remote.count("--kill-who") + service.remote.count("stop") + service.remote.count("systemd-run") > 0;
}

}  // namespace

TEST_CASE("parameters: what a scenario gives comes back for the record") {
  const auto kill = parse("service.kill", "{unit: mariadb.service, signal: TERM, port: 3306}");
  CHECK(kill->summary() == "SIGTERM to the main process of mariadb.service");
  CHECK(kill->parameters() ==
        std::vector<std::pair<std::string, std::string>>{{"unit", "mariadb.service"}, {"signal", "TERM"}, {"port", "3306"}});
  CHECK(parse("service.kill", "unit: a.service")->parameters()[1].second == "KILL");
  CHECK(parse("service.stop", "unit: a.service")->summary() == "stop of a.service");
  CHECK(parse("service.freeze", "unit: a.service")->summary() == "SIGSTOP to all processes of a.service");
}

TEST_CASE("parameters: what is wrong is said with its place") {
  const auto words = [](const std::string& name, const std::string& yaml) {
    return std::string(error_of([&] { parse(name, yaml); }).what());
  };
  CHECK_THAT(words("service.kill", "unit: mariadb"),
             Contains("scenario.yaml:1:7:") && Contains("did you mean 'mariadb.service'?"));
  CHECK_THAT(words("service.kill", "unit: 'maria*.service'"),
             Contains("does not name one systemd service") && Contains("no pattern"));
  CHECK_THAT(words("service.kill", "unit: mariadb.socket"), Contains("does not name one systemd service"));
  CHECK_THAT(words("service.kill", "{unit: a.service, signal: CONT}"), Contains("CONT"));
  CHECK_THAT(words("service.kill", "signal: KILL"), Contains("unit"));
  CHECK_THAT(words("service.stop", "{unit: a.service, signal: TERM}"), Contains("signal"));
  CHECK_THAT(words("service.freeze", "{unit: a.service, port: 0}"), Contains("port"));
}

TEST_CASE("preflight: a unit that isn't simply running is refused before anything is done") {
  FakeService service;
  std::string expected;
  SECTION("unknown") {
    service.load = "not-found";
    expected = "there is no such unit";
  }
  SECTION("masked") {
    service.load = "masked";
    expected = "the unit is masked";
  }
  SECTION("another name") {
    service.id = "mysql.service";
    expected = "another name of mysql.service";
  }
  SECTION("stopped") {
    service.end("inactive");
    expected = "the unit is inactive (dead), no main process";
  }
  SECTION("failed") {
    service.end("failed");
    expected = "the unit is failed";
  }
  SECTION("starting") {
    service.start_time = 1h;
    service.begin();
    expected = "the unit is activating";
  }
  SECTION("frozen by somebody else") {
    service.state = 'T';
    expected = "somebody froze it before us";
  }
  SECTION("without a main process") {
    service.pid = 0;
    expected = "no main process that runs";
  }
  SECTION("a zombie") {
    service.state = 'Z';
    expected = "no main process that runs";
  }
  SECTION("our own way in") {
    service.own_group = "0::/system.slice/mariadb.service\n";
    expected = "the way by which the fault would be undone";
  }
  SECTION("our own way in, below the unit") {
    service.own_group = "1:name=systemd:/\n0::/system.slice/mariadb.service/child\n";
    expected = "the way by which the fault would be undone";
  }
  const Error error = preflight_error(service);
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("mariadb.service on c1") && Contains(expected));
  CHECK_FALSE(error.hint().empty());
  CHECK_FALSE(harmed(service));
}

TEST_CASE("preflight: the SSH server is the way in by its name too") {
  FakeService service;
  service.id = "ssh.service";
  CHECK_THAT(preflight_error(service, "unit: ssh.service").what(), Contains("the way by which the fault would be undone"));
}

TEST_CASE("preflight: an unreachable node stays unreachable") {
  FakeService service;
  service.remote.cut_off("c1");
  CHECK(preflight_error(service).kind() == ErrorKind::unreachable);
}

TEST_CASE("preflight: the port that answers becomes part of the undo") {
  FakeService service;
  const auto fault = make(service, "service.freeze");
  fault->preflight(service.in(10s));
  CHECK(fault->undo_record() ==
        UndoRecord{"service.running", "c1", {{"unit", "mariadb.service"}, {"host", "198.18.20.11"}, {"port", "3306"}}});
}

TEST_CASE("preflight: only the node's own addresses count, and only what answers") {
  FakeService service;
  SECTION("loopback") { service.listeners = "LISTEN 0 80 127.0.0.1:3306 0.0.0.0:* users:((\"mariadbd\",pid=1287,fd=22))\n"; }
  SECTION("a virtual IP") {
    service.listeners = "LISTEN 0 80 198.18.20.10:3306 0.0.0.0:* users:((\"mariadbd\",pid=1287,fd=22))\n";
  }
  SECTION("another process") { service.listeners = "LISTEN 0 80 *:3306 *:* users:((\"other\",pid=12870,fd=22))\n"; }
  SECTION("nothing listens") { service.listeners = ""; }
  SECTION("no answer") { service.silent_at_rest = true; }
  const auto fault = make(service, "service.kill");
  const auto evidence = inject(service, *fault);
  CHECK(fault->undo_record().facts.count("port") == 0);
  REQUIRE(evidence.size() == 1);
  CHECK(evidence[0].confirmed);
  CHECK_THAT(evidence[0].expected, Contains("no second witness"));
}

TEST_CASE("preflight: a port that the scenario names must answer") {
  FakeService service;
  const Error error = preflight_error(service, "{unit: mariadb.service, port: 4567}");
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("port 4567 of c1"));
  const auto fault = make(service, "service.kill", "{unit: mariadb.service, port: 3306}");
  fault->preflight(service.in(10s));
  CHECK(fault->undo_record().facts.at("port") == "3306");
}

TEST_CASE("listeners: every form that ss writes, and nothing that it doesn't") {
  const std::string text =
      "LISTEN 0      80          *:3306             *:*    users:((\"mariadbd\",pid=7,fd=22))\n"
      "LISTEN 0      128      [::]:443           [::]:*    users:((\"haproxy\",pid=6,fd=1),(\"haproxy\",pid=7,fd=1))\n"
      "LISTEN 0      128 127.0.0.53%lo:53      0.0.0.0:*    users:((\"resolved\",pid=7,fd=1))\n"
      "LISTEN 0      128 0.0.0.0:22      0.0.0.0:*\n";
  CHECK(parse_listeners(text, 7, "x") == std::vector<Listener>{{"127.0.0.53%lo", 53}, {"::", 443}, {"*", 3306}});
  CHECK(parse_listeners("", 7, "x").empty());
  for (const char* bad :
       {"ss: not found\n", "LISTEN 0 80 *:3306\n", "ESTAB 0 0 1.2.3.4:5 6.7.8.9:10\n", "LISTEN 0 80 *:http *:*\n"})
    CHECK(error_of([&] { parse_listeners(bad, 7, "finding ports"); }).kind() == ErrorKind::unmet);
}

TEST_CASE("kill: the main process ends and the open connection with it") {
  FakeService service;
  const auto evidence = inject(service, "service.kill");
  REQUIRE(evidence.size() == 2);
  CHECK(service.remote.count("systemctl kill --kill-who=main -s KILL 'mariadb.service'") == 1);
  CHECK(evidence[0].observer == "c1");
  CHECK(evidence[0].expected == "main process 1287 of mariadb.service on c1 ends");
  CHECK(evidence[0].observed == "was main process 1287, now failed (failed), no main process");
  CHECK(evidence[0].confirmed);
  CHECK(evidence[1].observer == "runner");
  CHECK(evidence[1].observed == "the open connection ended");
  CHECK(evidence[1].confirmed);
  for (const auto& each : evidence) {
    CHECK(each.at <= service.clock.now());
    CHECK(each.at >= service.clock.now() - 50ms);
  }
}

TEST_CASE("kill: a service that systemd starts again at once is seen to be another process") {
  FakeService service;
  service.starts_by_itself = true;
  const auto evidence = inject(service, "service.kill");
  CHECK(evidence[0].confirmed);
  CHECK(evidence[0].observed == "was main process 1287, now active (running), main process 1501 in state S");
  CHECK(evidence[1].confirmed);
}

TEST_CASE("kill: a process that ignores the signal is no effect, on either side") {
  FakeService service;
  service.obeys_signals = false;
  const Time begin = service.clock.now();
  const auto evidence = inject(service, *make(service, "service.kill", "{unit: mariadb.service, signal: TERM}"), 30s);
  CHECK(service.clock.now() - begin >= 30s);
  CHECK(service.remote.count("-s TERM") == 1);
  for (const auto& each : evidence) {
    CHECK_FALSE(each.confirmed);
    CHECK(each.at == Time(-1));
  }
  CHECK_THAT(evidence[0].observed, Contains("main process 1287 in state S"));
  CHECK(evidence[1].observed == "the open connection stays");
  CHECK(service.connections < 50);  // two in a row: MariaDB allows 100 that say nothing
}

TEST_CASE("kill: a server that never accepted the silent connection is seen to refuse a new one") {
  FakeService service;
  service.defers_accept = service.starts_by_itself = true;
  SECTION("for some time") {
    service.start_time = 2s;
    const auto evidence = inject(service, "service.kill");
    CHECK(evidence[1].confirmed);
    CHECK(evidence[1].observed == "a new connection is refused");
    CHECK(evidence[1].at >= service.clock.now() - 50ms);
  }
  SECTION("for so short a time that nobody saw it: no evidence") {
    const auto evidence = inject(service, "service.kill");
    CHECK(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    CHECK(evidence[1].observed == "the open connection stays");
  }
}

TEST_CASE("fire: an order that the node refuses, and a node that is gone") {
  FakeService service;
  const auto fault = make(service, "service.kill");
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  SECTION("refused") {
    service.remote.on("--kill-who=main", refused(1, "Failed to kill unit: Access denied"));
    const Error error = error_of([&] { fault->fire(service.in(5s)); });
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.what(),
               Contains("SIGKILL to the main process of mariadb.service on c1: exit code 1: Failed to kill unit"));
  }
  SECTION("gone") {
    service.remote.cut_off("c1");
    CHECK(error_of([&] { fault->fire(service.in(5s)); }).kind() == ErrorKind::unreachable);
  }
}

TEST_CASE("fire: an order that comes when the dead-man is no longer armed changes nothing") {
  for (const std::string name : {"service.kill", "service.stop", "service.freeze"}) {
    FakeService service;
    const auto fault = make(service, name);
    fault->preflight(service.in(10s));
    fault->stage(service.in(10s));
    service.armed = false;
    CHECK_THAT(error_of([&] { fault->fire(service.in(5s)); }).what(), Contains("its dead-man is not armed"));
    CHECK(service.remote.count("systemctl is-active --quiet blackstart-" + std::string(FakeService::kId) + ".timer || {") == 1);
    CHECK((service.pid == 1287 && service.state == 'S'));
  }
}

TEST_CASE("fire: without a dead-man's name there is no order") {
  FakeService service;
  FaultContext context = service.context();
  context.id.clear();
  const auto fault = parse("service.kill", "unit: mariadb.service")->make(service.node, context);
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  CHECK(error_of([&] { fault->fire(service.in(5s)); }).kind() == ErrorKind::internal);
  CHECK_FALSE(harmed(service));
}

TEST_CASE("undo record: a kill names the process that it is to end, a freeze need not") {
  FakeService service;
  const auto kill = make(service, "service.kill"), freeze = make(service, "service.freeze");
  kill->preflight(service.in(10s));
  freeze->preflight(service.in(10s));
  const auto facts = kill->undo_record().facts;
  CHECK((facts.at("id") == FakeService::kId && facts.at("pid") == "1287" && facts.at("start-ticks") == "5000"));
  CHECK(freeze->undo_record().facts.count("pid") == 0);
}

TEST_CASE("stage: what was disturbed since preflight is refused") {
  FakeService service;
  const auto fault = make(service, "service.kill");
  fault->preflight(service.in(10s));
  std::string expected;
  SECTION("it stopped") {
    service.end("inactive");
    expected = "the unit is inactive";
  }
  SECTION("it is another process") {
    service.begin();
    expected = "main process 1287 gave way to 1501";
  }
  SECTION("its port is closed") {
    service.listens = false;
    expected = "the service was disturbed before the fault";
  }
  const Error error = error_of([&] { fault->stage(service.in(5s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains(expected));
  CHECK_FALSE(harmed(service));
}

TEST_CASE("fire: a connection that grew old or ended is opened anew before the order") {
  FakeService service;
  const auto fault = make(service, "service.kill");
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  const int before = service.connections;
  service.clock.advance(1min);
  fault->fire(service.in(5s));
  CHECK(service.connections == before + 1);
  CHECK(fault->confirm(service.in(5s))[1].confirmed);
}

TEST_CASE("confirm: a node that stops answering is no evidence and no exception") {
  FakeService service;
  const auto fault = make(service, "service.kill");
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  fault->fire(service.in(10s));
  service.remote.cut_off("c1");
  const auto evidence = fault->confirm(service.in(2s));
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("opening an SSH session to c1"));
  CHECK(evidence[1].confirmed);
}

TEST_CASE("confirm: an end that comes late is waited for") {
  FakeService service;
  service.obeys_signals = false;
  const auto fault = make(service, "service.kill");
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  fault->fire(service.in(10s));
  const Time end = service.clock.now() + 20s;
  service.clock.on_pause = [&](Duration) {
    if (service.pid == 1287 && service.clock.now() >= end) service.end("failed");
  };
  const auto evidence = fault->confirm(service.in(1min));
  for (const auto& each : evidence) {
    CHECK(each.confirmed);
    CHECK(each.at >= end);
    CHECK(each.at <= end + 200ms);
  }
}

TEST_CASE("stop: stopped, connection ended, new ones refused") {
  FakeService service;
  const auto evidence = inject(service, "service.stop");
  CHECK(service.remote.count("systemctl --no-block stop 'mariadb.service'") == 1);
  REQUIRE(evidence.size() == 2);
  CHECK(evidence[0].confirmed);
  CHECK(evidence[0].observed == "was main process 1287, now inactive (dead), no main process");
  CHECK(evidence[1].confirmed);
  CHECK(evidence[1].observed == "the open connection ended and a new one is refused");
}

TEST_CASE("stop: what stands open is not said to have ended") {
  FakeService service;
  service.defers_accept = true;
  const auto evidence = inject(service, "service.stop");
  CHECK(evidence[1].confirmed);
  CHECK(evidence[1].observed == "a new connection was refused, and so is another");
}

TEST_CASE("stop: a service that doesn't stop, or that comes back, is no effect") {
  FakeService service;
  SECTION("doesn't stop") {
    service.obeys_stop = false;
    const auto evidence = inject(service, "service.stop");
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
  }
  SECTION("comes back at once") {
    service.remote.on("--no-block stop", [&](const auto&, const auto&) {
      service.end("inactive");
      service.begin();
      return answered("");
    });
    const auto evidence = inject(service, "service.stop");
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    CHECK(evidence[1].observed == "the open connection ended, but a new one is accepted");
  }
}

TEST_CASE("freeze: stopped, and the port accepts without an answer") {
  FakeService service;
  std::string observed = "accepts but does not answer for 1.000 s";
  SECTION("accepting") {}
  SECTION("the queue is full") {
    service.queue_full = true;
    observed = "does not accept for 1.000 s";
  }
  const auto fault = make(service, "service.freeze");
  fault->preflight(service.in(10s));
  fault->stage(service.in(10s));
  fault->fire(service.in(10s));
  const Time fired = service.clock.now();
  const auto evidence = fault->confirm(service.in(10s));
  CHECK(service.remote.count("systemctl kill --kill-who=all -s STOP 'mariadb.service'") == 1);
  REQUIRE(evidence.size() == 2);
  CHECK(evidence[0].confirmed);
  CHECK(evidence[0].observed == "was main process 1287, now active (running), main process 1287 in state T");
  CHECK(evidence[1].confirmed);
  CHECK(evidence[1].observed == observed);
  CHECK(evidence[1].at - fired < 50ms);  // silent since then, though it was listened to for a second
  CHECK(service.clock.now() - fired >= 1s);
}

TEST_CASE("freeze: a service that goes on, or dies instead, is no effect") {
  FakeService service;
  std::string observed;
  SECTION("goes on") {
    service.obeys_signals = false;
    observed = "it still answers";
  }
  SECTION("dies") {
    service.remote.on("--kill-who=all -s STOP", [&](const auto&, const auto&) {
      service.end("failed");
      return answered("");
    });
    observed = "a new connection fails: Connection refused";
  }
  SECTION("is another process by then") {
    service.remote.on("--kill-who=all -s STOP", [&](const auto&, const auto&) {
      service.begin();
      service.state = 'T';
      service.end("failed");
      return answered("");
    });
    observed = "a new connection fails: Connection refused";
  }
  const auto evidence = inject(service, "service.freeze");
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_FALSE(evidence[1].confirmed);
  CHECK(evidence[1].observed == observed);
}

TEST_CASE("freeze: silence that was cut short by the deadline proves nothing") {
  FakeService service;
  const auto evidence = inject(service, *make(service, "service.freeze"), 500ms);
  CHECK(evidence[0].confirmed);
  CHECK_FALSE(evidence[1].confirmed);
  CHECK_THAT(evidence[1].observed, Contains("shorter time than 1.000 s"));
}
