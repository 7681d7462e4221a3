// service.crash-loop: seen as a loop only when it is one; and its undo.
#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/looking.h"
#include "faults/script.h"
#include "faults/service.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_node.h"
#include "tests/support/fake_service.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

// A service with our looping unit beside it.
struct LoopedService : FakeService {
  std::string restart = "always";
  bool loop = false, can_be_stopped = true;
  int kills_left = 1000;

  LoopedService() {
    remote.on("-p Restart &&", [this](const auto&, const auto&) { return answered("Restart=" + restart + "\nEnd=1\n"); });
    remote.on("systemd-run", [this](const auto&, const auto&) {
      if (!armed) return refused(1, "its dead-man is not armed");
      loop = true;
      return answered("");
    });
    remote.on("systemctl stop blackstart-", [this](const auto&, const auto&) {
      loop = loop && !can_be_stopped;
      return answered("");
    });
    remote.on("ActiveState && echo End", [this](const auto&, const auto&) {
      return answered(loop ? "ActiveState=active\nEnd=1\n" : "ActiveState=inactive\nEnd=1\n");
    });
    clock.on_pause = [this](Duration) {
      if (!loop) return;
      if (pid != 0 && kills_left > 0) {
        --kills_left;
        end("failed");
      } else if (pid == 0 && starts_by_itself) {
        ++restarts;
        begin();
      }
    };
    starts_by_itself = true;
  }
  std::unique_ptr<TargetFault> make(const std::string& yaml = "{unit: mariadb.service, for: 30s}") {
    return FakeNode::settings("service.crash-loop", yaml)->make(node, context());
  }
  std::unique_ptr<TargetFault> staged() {
    auto fault = make();
    fault->preflight(in(10s));
    fault->stage(in(10s));
    return fault;
  }
  std::vector<Evidence> undo(const UndoRecord& record) { return undo_kind(record.kind).undo(record, context(), in(10s)); }
};

}  // namespace

TEST_CASE("crash loop: two main processes end one after the other, and the runner's connection with them") {
  LoopedService service;
  const auto fault = service.staged();
  fault->fire(service.in(5s));
  const auto evidence = fault->confirm(service.in(10s));
  REQUIRE(evidence.size() == 2);
  CHECK(all_confirmed(evidence));
  CHECK_THAT(evidence[0].expected,
             Contains("main process 1287 of mariadb.service on c1 ends, and so does the one that follows"));
  CHECK_THAT(evidence[0].observed, Contains("2 ended"));
  CHECK(evidence[1].observer == "runner");
}

TEST_CASE("crash loop: a single end, or none, is no loop") {
  LoopedService service;
  SECTION("it is not started again") { service.starts_by_itself = false; }
  SECTION("it is killed once") { service.kills_left = 1; }
  SECTION("it is not killed at all") { service.kills_left = 0; }
  const auto fault = service.staged();
  fault->fire(service.in(5s));
  CHECK_FALSE(fault->confirm(service.in(5s))[0].confirmed);
}

TEST_CASE("crash loop: a service that systemd would not start again after that signal is refused") {
  LoopedService service;
  const auto refused_with = [&](const std::string& restart, const std::string& signal) {
    service.restart = restart;
    try {
      service.make("{unit: mariadb.service, for: 30s, signal: " + signal + "}")->preflight(service.in(5s));
      return false;
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Contains("Restart=" + restart));
      CHECK_FALSE(error.hint().empty());
      return true;
    }
  };
  CHECK(refused_with("no", "KILL"));
  CHECK(refused_with("on-success", "KILL"));
  CHECK(refused_with("on-failure", "TERM"));
  CHECK_FALSE(refused_with("on-failure", "KILL"));
  CHECK_FALSE(refused_with("on-abnormal", "SEGV"));
  CHECK_FALSE(refused_with("always", "TERM"));
  CHECK_FALSE(refused_with("on-success", "TERM"));
}

TEST_CASE("crash loop: a state of somebody else's, a node that is gone, a dead-man that is not armed") {
  LoopedService service;
  service.state = 'T';
  CHECK_THAT(error_of([&] { service.make()->preflight(service.in(5s)); }).what(), Contains("somebody froze it before us"));
  service.state = 'S';
  const auto fault = service.staged();
  service.armed = false;
  CHECK_THAT(error_of([&] { fault->fire(service.in(5s)); }).what(), Contains("its dead-man is not armed"));
  service.remote.cut_off("c1");
  CHECK(error_of([&] { fault->stage(service.in(5s)); }).kind() == ErrorKind::unreachable);
  CHECK(error_of([&] { fault->fire(service.in(5s)); }).kind() == ErrorKind::unreachable);
  CHECK_FALSE(fault->confirm(service.in(2s))[0].confirmed);
  CHECK_FALSE(all_confirmed(service.undo(fault->undo_record())));
}

TEST_CASE("undo of a crash loop: first our unit, then the service, from each state") {
  LoopedService service;
  const UndoRecord record = service.staged()->undo_record();
  CHECK((record.kind == "service.loop-ended" && record.facts.at("port") == "3306"));
  SECTION("nothing was done") {}
  SECTION("in the middle of it") { service.loop = true; }
  SECTION("it ran into its start limit") {
    service.loop = true;
    service.starts_by_itself = false;
    service.end("failed");
  }
  const auto evidence = service.undo(record);
  REQUIRE(evidence.size() == 3);
  CHECK(all_confirmed(evidence));
  CHECK((!service.loop && service.active == "active"));
  CHECK(all_confirmed(service.undo(record)));
}

TEST_CASE("undo of a crash loop: a process that was asked to end must stay for longer than one that was killed") {
  const auto took = [](const std::string& signal) {
    LoopedService service;
    const auto fault = service.make("{unit: mariadb.service, for: 30s, signal: " + signal + "}");
    fault->preflight(service.in(10s));
    const Time began = service.clock.now();
    CHECK(all_confirmed(service.undo(fault->undo_record())));
    return service.clock.now() - began;
  };
  CHECK(took("KILL") < 4s);
  CHECK(took("TERM") >= 5s);
}

TEST_CASE("undo of a crash loop: as long as our unit is there the service is not called back") {
  LoopedService service;
  const UndoRecord record = service.staged()->undo_record();
  service.loop = true;
  service.can_be_stopped = false;
  const auto evidence = service.undo(record);
  CHECK_FALSE(all_confirmed(evidence));
  CHECK(evidence.size() == 1);
}

TEST_CASE("undo of a crash loop: facts that make no sense are said, and nothing is run") {
  LoopedService service;
  UndoRecord record = service.staged()->undo_record();
  const std::size_t before = service.remote.calls().size();
  record.facts["id"] = "x; reboot";
  const auto evidence = service.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing service.loop-ended on c1"));
  CHECK(service.remote.calls().size() == before);
  record.facts["id"] = FakeService::kId;
  CHECK(service_loop_ended_command(record).find_first_of("$%") == std::string::npos);
  CHECK(run_process({"/bin/sh", "-n", "-c", service_loop_ended_command(record)}, 5s).ok());
}

TEST_CASE("crash loop: parameters come back, and what is wrong is said") {
  const auto settings = FakeNode::settings("service.crash-loop", "{unit: a.service, for: 30s, signal: ABRT}");
  CHECK(settings->summary() == "SIGABRT to each main process of a.service for 30s");
  CHECK(settings->parameters()[2] == std::pair<std::string, std::string>{"for", "30s"});
  CHECK_THAT(FakeNode::problem("service.crash-loop", "unit: a.service"), Contains("for"));
  CHECK_THAT(FakeNode::problem("service.crash-loop", "{unit: a, for: 30s}"), Contains("did you mean 'a.service'?"));
}
