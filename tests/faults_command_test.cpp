// The fault `command`: the user's own pair of commands, on a node and on the runner's machine.
#include "faults/command.h"

#include <catch2/catch.hpp>

#include <filesystem>

#include "base/process.h"
#include "faults/looking.h"
#include "faults/script.h"
#include "tests/support/fake_node.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kYaml = "{inject: port 7 down, undo: port 7 up, evidence: port 7 is down, gone: port 7 is up}";
constexpr const char* kShort = "{inject: port 7 down, undo: port 7 up, evidence: port 7 is down}";
constexpr const char* kLocal = "{where: local, inject: port 7 down, undo: port 7 up, evidence: port 7 is down}";

// A switch whose port the commands look at and move; they reach it as plain commands.
struct Switch : FakeNode {
  bool down = false, obeys = true, armed = true;
  int look_code = -1;  // what looking gives in place of the truth

  Switch() {
    for (FakeRemote* side : {&remote, &local}) {
      side->on(plain_command("port 7 is down"), [this](const auto&, const auto&) { return look(down); });
      side->on(plain_command("port 7 is up"), [this](const auto&, const auto&) { return look(!down); });
      side->on(plain_command("port 7 down"), [this](const auto&, const auto&) {
        if (!armed) return refused(1, "its dead-man is not armed");
        down = down || obeys;
        return answered("");
      });
      side->on(plain_command("port 7 up"), [this](const auto&, const auto&) {
        down = down && !obeys;
        return answered("");
      });
    }
  }

 private:
  CommandResult look(bool holds) const {
    if (look_code >= 0) return refused(look_code, "no route to the switch");
    return holds ? answered("port 7: as asked\n") : refused(1, "");
  }
};

}  // namespace

TEST_CASE("command: seen by the user's own evidence, with what it printed, and gone after the user's own undo") {
  const std::string yaml = GENERATE(kYaml, kShort, kLocal);
  Switch node;
  const auto fault = node.staged("command", yaml);
  fault->fire(node.in(5s));
  const auto evidence = fault->confirm(node.in(5s));
  REQUIRE(evidence.size() == 1);
  CHECK(evidence[0].confirmed);
  CHECK(evidence[0].observer == (yaml == kLocal ? "runner" : "c1"));
  CHECK_THAT(evidence[0].expected, Contains("the user's own evidence"));
  CHECK_THAT(evidence[0].observed, Contains("exit code 0: port 7: as asked"));
  CHECK((yaml == kLocal ? node.remote : node.local).calls().empty());
  const UndoRecord record = fault->undo_record();
  CHECK(record.kind == (yaml == kLocal ? "command.local" : "command.node"));
  CHECK(all_confirmed(node.undo(record)));
  CHECK_FALSE(node.down);
  CHECK(all_confirmed(node.undo(record)));
}

TEST_CASE("command: without effect it is not confirmed") {
  Switch node;
  node.obeys = false;
  const auto evidence = node.inject("command", kYaml, 5s);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("exit code 1"));
}

TEST_CASE("command: an order that comes when the dead-man is no longer armed is refused; a local one has none") {
  Switch node;
  const auto fault = node.staged("command", kYaml);
  fault->fire(node.in(5s));
  CHECK(node.remote.count("systemctl is-active --quiet blackstart-20261121T071203Z-1-load-c1.timer || {") == 1);
  CHECK(undo_kind("command.local").command == nullptr);
  Switch local;
  local.staged("command", kLocal)->fire(local.in(5s));
  CHECK(local.local.count("blackstart-") == 0);
}

TEST_CASE("command: what is there already, or can't be told, is refused") {
  Switch node;
  SECTION("there already") {
    node.down = true;
    const Error error = node.preflight_error("command", kYaml);
    CHECK_THAT(error.what(), Contains("it is there already"));
    CHECK_THAT(error.hint(), Contains("port 7 up"));
  }
  SECTION("neither there nor gone") {
    node.look_code = 255;
    CHECK_THAT(node.preflight_error("command", kYaml).what(), Contains("both fail"));
    CHECK_THAT(node.preflight_error("command", kShort).what(), Contains("neither 0 (there) nor 1 (absent)"));
  }
  SECTION("both there and gone") {
    node.remote.on(plain_command("port 7 is down"), answered(""));
    CHECK_THAT(node.preflight_error("command", kYaml).what(), Contains("both hold"));
  }
  CHECK(node.remote.count(plain_command("port 7 down")) == 0);
}

TEST_CASE("command: a look that fails is no absence: the undo stays open") {
  const std::string yaml = GENERATE(kYaml, kShort, kLocal);
  Switch node;
  const auto fault = node.staged("command", yaml);
  fault->fire(node.in(5s));
  const UndoRecord record = fault->undo_record();
  SECTION("the switch does not answer") { node.look_code = 255; }
  SECTION("the undo has no effect") { node.obeys = false; }
  SECTION("the node does not answer") {
    node.remote.cut_off("c1");
    node.local.cut_off("c1");
  }
  const auto evidence = node.undo(record, 8s);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK(evidence[0].observed.size() > 5);
  node.remote.reconnect("c1");
  node.local.reconnect("c1");
  node.look_code = -1;
  node.obeys = true;
  CHECK(all_confirmed(node.undo(record)));
}

TEST_CASE("command: the undo runs once even where nothing is to be seen, and again as long as something is") {
  Switch node;
  const UndoRecord record{
      "command.node", "c1", {{"undo", "port 7 up"}, {"evidence", "port 7 is down"}, {"timeout-ms", "5000"}}};
  CHECK(all_confirmed(node.undo(record)));
  CHECK(node.remote.count(plain_command("port 7 up")) == 1);
  node.down = true;
  node.obeys = false;
  CHECK_FALSE(all_confirmed(node.undo(record, 10s)));
  CHECK(node.remote.count(plain_command("port 7 up")) >= 4);
}

TEST_CASE("command: the dead-man runs the undo as the user wrote it") {
  const UndoRecord record{
      "command.node",
      "c1",
      {{"undo", "for i in 1 2; do printf '%s%%\\n' \"$i\"; done"}, {"evidence", "x"}, {"timeout-ms", "5000"}}};
  const std::string command = command_node_command(record);
  CHECK(command.find_first_of("$%") == std::string::npos);
  CHECK(run_process({"/bin/sh", "-c", command}, 5s).out == "1%\n2%\n");
}

TEST_CASE("command: local ones run in the folder that the injection was made in, whoever undoes it from wherever") {
  namespace fs = std::filesystem;
  const TextFolder folder;
  const fs::path ours = fs::current_path(), there = folder.path / "it's here";
  const Cloud cloud = small_cloud({"c1"});
  FakeRemote remote;
  const FaultContext context{remote, real_clock(), cloud, real_tcp(), real_power(), local_shell(), "id"};
  const Deadline deadline(real_clock(), 10s);
  fs::create_directories(there);
  fs::current_path(there);
  const auto fault =
      FakeNode::settings("command", "{where: local, inject: touch cut, undo: rm -f cut, evidence: test -e cut, timeout: 5s}")
          ->make(cloud.nodes[0], context);
  fs::current_path(ours);
  fault->preflight(deadline);
  UndoRecord record = fault->undo_record();
  CHECK(record.facts.at("folder") == there.string());
  fault->fire(deadline);
  CHECK(all_confirmed(fault->confirm(deadline)));
  REQUIRE(fs::exists(there / "cut"));
  fs::rename(there, folder.path / "away");
  if (GENERATE(false, true)) record.facts["gone"] = "test ! -e cut";
  const Deadline soon(real_clock(), 700ms);
  const auto pending = undo_kind(record.kind).undo(record, context, soon);
  CHECK_FALSE(all_confirmed(pending));
  CHECK_THAT(pending[0].observed, Contains("exit code 125"));
  fs::rename(folder.path / "away", there);
  CHECK(all_confirmed(undo_kind(record.kind).undo(record, context, deadline)));
  CHECK_FALSE(fs::exists(there / "cut"));
}

TEST_CASE("command: facts that make no sense are said, and nothing is run") {
  Switch node;
  UndoRecord record{"command.node", "c1", {{"undo", "port 7 up"}, {"evidence", "port 7 is down"}, {"timeout-ms", "5000"}}};
  const std::string missing = GENERATE("undo", "evidence", "timeout-ms");
  record.facts.erase(missing);
  const auto evidence = node.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing command.node on c1") && Contains(missing));
  CHECK(node.remote.calls().empty());
}

TEST_CASE("command: it is marked as the user's own, and its words stand in the record") {
  CHECK(FakeNode::settings("command", kYaml)->summary() == "the user's own command: port 7 down");
  CHECK_THAT(FakeNode::settings("command", kLocal)->summary(), Contains("the user's own command on the runner's machine"));
  const auto parameters = FakeNode::settings("command", kYaml)->parameters();
  CHECK(parameters[0] == std::pair<std::string, std::string>{"inject", "port 7 down"});
  CHECK(parameters[3] == std::pair<std::string, std::string>{"gone", "port 7 is up"});
  CHECK_THAT(FakeNode::problem("command", "{inject: ' ', undo: x, evidence: y}"), Contains("it is empty"));
  CHECK_THAT(FakeNode::problem("command", "{inject: x, undo: y}"), Contains("evidence"));
  CHECK_THAT(FakeNode::problem("command", "{undo: x, evidence: y, inject: " + std::string(9000, 'x') + "}"),
             Contains("8192 bytes"));
}
