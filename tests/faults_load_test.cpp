// The faults that load a node, and the undo `load.absent`.
#include "faults/load_unit.h"

#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/resource.h"
#include "tests/support/fake_node.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kUnit = "blackstart-20261121T071203Z-1-load-c1-load.service";

// A node with a unit of ours on it, its file, and what /proc and stat say.
struct LoadedNode : FakeNode {
  bool armed = true, obeys = true;  // the dead-man's timer; does systemd do what it is told?
  bool runs = false, file = false;  // our unit and its file
  bool mounted = true;              // the folder's file system
  std::string mount = "/srv";       // and where it is
  bool effective = true;            // does the load do anything?
  std::int64_t free_mib = 10000, leave_mib = 256, available_kib = 800000, ours_kib = 0;
  std::string type = "ext2/ext3";
  bool is_system = false;
  int cores = 2;
  double busy_by_others = 0, share_of_ours = 1;

  LoadedNode() {
    remote.on("systemd-run", [this](const auto&, const auto&) { return start(); });
    remote.on("systemctl stop ", [this](const auto&, const auto&) {
      if (obeys) runs = file = false;
      return answered("");
    });
    remote.on("ActiveState && echo End", [this](const auto&, const auto&) {
      return answered(runs ? "ActiveState=active\nEnd=1\n" : "ActiveState=inactive\nEnd=1\n");
    });
    remote.on("f=there;", [this](const auto&, const auto&) {
      return answered(fmt::format("File={}\nEnd=1\n", !mounted ? "unknown" : file ? "there" : "gone"));
    });
    remote.on("grep -c '^cpu[0-9]'",
              [this](const auto&, const auto&) { return answered(fmt::format("Cores={}\nEnd=1\n", cores)); });
    remote.on("CPUUsageNSec", [this](const auto&, const auto&) { return answered(cpu()); });
    remote.on("MemTotal|MemAvailable", [this](const auto&, const auto&) {
      return answered(fmt::format("MemTotal=1048576\nMemAvailable={}\nEnd=1\n", available_kib));
    });
    remote.on("VmRSS", [this](const auto&, const auto&) {
      return answered(fmt::format("Available={}\nOurs={}\nEnd=1\n", available_kib, ours_kib));
    });
    remote.on("stat -f", [this](const auto&, const auto&) { return answered(space()); });
    remote.on("write_bytes", [this](const auto&, const auto&) {
      return answered(fmt::format("Written={}\nEnd=1\n", runs && effective ? written += pace : 0));
    });
  }

  std::int64_t written = 0, pace = 20 << 20;  // by each look

 private:
  CommandResult start() {
    if (!armed) return refused(1, "its dead-man is not armed");
    runs = true;
    if (!effective) return answered("");
    file = true;
    free_mib = std::min(free_mib, leave_mib);
    ours_kib = 500 * 1024;
    available_kib -= ours_kib;
    return answered("");
  }
  std::string cpu() const {
    const double now = std::chrono::duration<double>(clock.now()).count();
    const double ours = runs && effective ? share_of_ours * cores * now : 0;
    const double idle = runs && effective ? 0.05 * now : (cores - busy_by_others) * now;
    return fmt::format("CPUUsageNSec={}\nUptime={:.2f}\nStat=cpu  1 2 3 {} 0 0 0\nEnd=1\n",
                       static_cast<std::int64_t>(ours * 1e9), now, static_cast<std::int64_t>(idle * 100));
  }
  std::string space() const {
    return fmt::format("Free={}\nBlocks=20000\nBlock=1048576\nType={}\nMount={}\nDevice=65025\nSystem= {} 25 26 \nEnd=1\n",
                       free_mib, type, mount, is_system ? 65025 : 24);
  }
};

const std::vector<std::pair<std::string, std::string>> kLoads = {{"resource.cpu", "workers: 2"},
                                                                 {"resource.memory", "size: 500MiB"},
                                                                 {"resource.io", "path: /srv"},
                                                                 {"resource.disk", "path: /srv"}};

bool gone(const std::vector<Evidence>& evidence) { return all_confirmed(evidence); }

}  // namespace

TEST_CASE("load: each is seen on the node itself, and says that nobody else can") {
  for (const auto& [name, yaml] : kLoads) {
    INFO(name);
    LoadedNode node;
    const auto evidence = node.inject(name, yaml);
    REQUIRE(evidence.size() == 1);
    CHECK(evidence[0].confirmed);
    CHECK(evidence[0].observer == "c1");
    CHECK_THAT(evidence[0].expected, Contains("no second witness"));
    CHECK((evidence[0].at >= Time(1000s) && evidence[0].at <= node.clock.now()));
  }
}

TEST_CASE("load: one that does nothing is not confirmed, and is no exception") {
  for (const auto& [name, yaml] : kLoads) {
    INFO(name);
    LoadedNode node;
    node.effective = false;
    const auto evidence = node.inject(name, yaml);
    CHECK_FALSE(evidence[0].confirmed);
    CHECK(evidence[0].at == Time(-1));
    CHECK(evidence[0].observed != "not looked at");
  }
}

TEST_CASE("load: one that has ended is not there when it is looked at again") {
  for (const auto& [name, yaml] : kLoads) {
    INFO(name);
    LoadedNode node;
    const auto fault = node.staged(name, yaml);
    CHECK(fault->looks_again());
    fault->fire(node.in(5s));
    CHECK(fault->confirm(node.in(20s))[0].confirmed);
    node.clock.advance(30s);
    CHECK(fault->confirm(node.in(5s))[0].confirmed);
    node.clock.advance(30s);
    node.runs = node.file = false;
    node.ours_kib = 0;
    node.free_mib = 10000;
    CHECK_FALSE(fault->confirm(node.in(5s))[0].confirmed);
  }
}

TEST_CASE("load: a node that stops answering at each stage") {
  for (const auto& [name, yaml] : kLoads) {
    INFO(name);
    LoadedNode node;
    const auto fault = node.staged(name, yaml);
    node.remote.cut_off("c1");
    CHECK(error_of([&] { fault->preflight(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->stage(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->fire(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK_FALSE(fault->confirm(node.in(5s))[0].confirmed);
    const auto undone = node.undo(fault->undo_record());
    CHECK_FALSE(gone(undone));
    CHECK_THAT(undone[0].observed, Contains("opening an SSH session to c1"));
  }
}

TEST_CASE("load: the unit is bound to its dead-man, ends first when memory runs out, and removes its file") {
  LoadedNode node;
  node.inject("resource.disk", "path: /srv");
  std::string order;
  for (const auto& [where, command] : node.remote.calls())
    if (command.find("systemd-run") != std::string::npos) order = command;
  CHECK_THAT(order, Contains("systemctl is-active --quiet blackstart-20261121T071203Z-1-load-c1.timer || {") &&
                        Contains(std::string("--unit=") + kUnit) &&
                        Contains("BindsTo=blackstart-20261121T071203Z-1-load-c1.timer") && Contains("RuntimeMaxSec=") &&
                        Contains("OOMScoreAdjust=1000") &&
                        Contains("'ExecStopPost=/bin/rm -f /srv/blackstart-20261121T071203Z-1-load-c1.load'"));
  CHECK(run_process({"/bin/sh", "-n", "-c", order}, 5s).ok());
  CHECK(order.substr(order.find("systemd-run")).find_first_of("$%") == std::string::npos);
}

TEST_CASE("load: an order that comes when the dead-man is no longer armed is refused") {
  LoadedNode node;
  const auto fault = node.staged("resource.cpu", "workers: 1");
  node.armed = false;
  CHECK_THAT(error_of([&] { fault->fire(node.in(5s)); }).what(), Contains("its dead-man is not armed"));
}

TEST_CASE("cpu: cores that others keep busy are not our doing") {
  LoadedNode node;
  node.effective = false;
  node.busy_by_others = 2;
  const auto evidence = node.inject("resource.cpu", "part: 100%");
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("ours used 0.00"));
}

TEST_CASE("cpu: on a node that is busy anyway a small part is ours") {
  LoadedNode node;
  node.share_of_ours = 0.2;
  CHECK(node.inject("resource.cpu", "part: 100%")[0].confirmed);
}

TEST_CASE("memory: never over the floor") {
  LoadedNode node;
  CHECK_THAT(node.preflight_error("resource.memory", "size: 720MiB").what(), Contains("less than the floor of 64MiB"));
  CHECK_THAT(node.preflight_error("resource.memory", "{size: 500MiB, leave: 400MiB}").what(), Contains("floor of 400MiB"));
  CHECK_THAT(node.preflight_error("resource.memory", "part: 95%").what(), Contains("floor"));
  CHECK_THAT(node.preflight_error("resource.memory", "size: 1MiB").what(), Contains("too little to be seen"));
  node.make("resource.memory", "part: 50%")->preflight(node.in(5s));
}

TEST_CASE("memory: what others give back meanwhile is allowed for, a process that is too small is not") {
  LoadedNode node;
  const auto fault = node.staged("resource.memory", "size: 500MiB");
  fault->fire(node.in(5s));
  node.available_kib += 200 * 1024;
  CHECK(fault->confirm(node.in(5s))[0].confirmed);
  node.ours_kib = 400 * 1024;
  CHECK_FALSE(fault->confirm(node.in(5s))[0].confirmed);
}

TEST_CASE("disk: never over the floor, and what is full already is somebody else's doing") {
  LoadedNode node;
  CHECK_THAT(node.preflight_error("resource.disk", "{path: /srv, leave: 1KiB}").what(), Contains("floor of 1MiB"));
  node.free_mib = 257;
  CHECK_THAT(node.preflight_error("resource.disk", "path: /srv").what(), Contains("as full as it should become"));
  node.free_mib = 10000;
  node.is_system = true;
  const Error error = node.preflight_error("resource.disk", "{path: /srv, leave: 16MiB}");
  CHECK_THAT(error.what(), Contains("floor of 128MiB, as the node itself lives there"));
  CHECK_THAT(error.hint(), Contains("leave"));
}

TEST_CASE("io: no device, no load") {
  LoadedNode node;
  node.type = "tmpfs";
  CHECK_THAT(node.preflight_error("resource.io", "path: /srv").what(), Contains("there is no device behind it"));
  node.type = "xfs";
  node.free_mib = 100;
  CHECK_THAT(node.preflight_error("resource.io", "path: /srv").what(), Contains("would leave less than 64MiB"));
}

TEST_CASE("io: what was written is no load any more when nothing is added to it") {
  LoadedNode node;
  const auto fault = node.staged("resource.io", "path: /srv");
  fault->fire(node.in(5s));
  REQUIRE(fault->confirm(node.in(20s))[0].confirmed);
  const auto still_there = [&](std::int64_t pace) {
    node.pace = pace;
    return fault->look_again(node.in(5s))[0];
  };
  CHECK_FALSE(still_there(0).confirmed);
  CHECK_THAT(still_there(0).observed, Contains("written, 0B of it since this look began"));
  CHECK_FALSE(still_there(4096).confirmed);  // less than one block
  CHECK(still_there(1 << 20).confirmed);
  CHECK_FALSE(still_there(0).confirmed);  // the look before it proves nothing
}

// What the node's own shell counts as written by a unit whose main process is `main`, of what lies in the folder.
std::string counted_in_shell(const TextFolder& folder, const std::string& main) {
  LoadedNode node;
  const std::string here = folder.path.string();
  folder.write("systemctl", "#!/bin/sh\ncase $4 in MainPID) echo " + main + ";; *) echo /unit;; esac\n");
  std::filesystem::permissions(folder.path / "systemctl", std::filesystem::perms::owner_all);
  node.remote.on("write_bytes", [&](const auto&, std::string asked) {
    for (const std::string from : {"/proc", "/sys/fs/cgroup"})
      for (std::size_t at = 0; (at = asked.find(from, at)) != std::string::npos; at += here.size())
        asked.replace(at, from.size(), here);
    return answered(run_process({"/bin/sh", "-c", asked}, 5s, {"", {"PATH=" + here + ":/usr/bin:/bin"}, {}}).out);
  });
  return node.inject("resource.io", "path: /srv", 100ms)[0].observed;
}

TEST_CASE("the shell: what each process of our unit has written is added up; where the first is gone nothing is known") {
  const TextFolder folder;
  folder.write("1287/io", "rchar: 5\nwrite_bytes: 3145728\ncancelled_write_bytes: 4096\n");
  folder.write("1290/io", "rchar: 5\nwrite_bytes: 2097152\ncancelled_write_bytes: 0\n");
  CHECK(counted_in_shell(folder, "1287") == "3MiB written");  // no control groups where we look for them
  const std::string all = "1287\n1290\n1299\n";               // the last has ended meanwhile
  SECTION("version 2") { folder.write("unit/cgroup.procs", all); }
  SECTION("version 1") { folder.write("systemd/unit/cgroup.procs", all); }
  CHECK(counted_in_shell(folder, "1287") == "5MiB written");
  CHECK_THAT(counted_in_shell(folder, "0"), Contains("the answer was cut short"));
}

TEST_CASE("undo of a load: from each state the unit is gone and so is its file") {
  LoadedNode node;
  const UndoRecord record = load_absent_record(FakeNode::kId, "c1", "/srv");
  SECTION("nothing was done") {}
  SECTION("it runs") { node.runs = node.file = true; }
  SECTION("it ended, its file is there") {
    node.file = true;
    CHECK(gone(node.undo(record)));
  }
  CHECK(gone(node.undo(record)));
  CHECK(gone(node.undo(record)));
  CHECK_FALSE((node.runs || node.file));
}

TEST_CASE("undo of a load: what is still there is not gone") {
  LoadedNode node;
  node.obeys = false;
  const UndoRecord record = load_absent_record(FakeNode::kId, "c1", "/srv");
  SECTION("the unit") { node.runs = true; }
  SECTION("the file") { node.file = true; }
  SECTION("a file system that is not mounted shows no file") { node.mounted = false; }
  SECTION("an answer that was cut short") { node.remote.on("ActiveState && echo End", answered("ActiveState=inactive\n")); }
  CHECK_FALSE(gone(node.undo(record)));
  CHECK(node.remote.count("systemctl stop ") >= 4);  // ordered again and again
}

TEST_CASE("undo of a load: facts that make no sense are said, and nothing is run") {
  LoadedNode node;
  UndoRecord record = load_absent_record(FakeNode::kId, "c1", "/srv");
  SECTION("no id") { record.facts.erase("id"); }
  SECTION("an id that is none") { record.facts["id"] = "x; reboot"; }
  SECTION("a folder that is none") { record.facts["folder"] = "/srv; reboot"; }
  SECTION("a folder above") { record.facts["folder"] = "/srv/../etc"; }
  SECTION("a mount point that is none") { record.facts["mount"] = "/srv ]; reboot"; }
  const auto evidence = node.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing load.absent on c1"));
  CHECK(node.remote.calls().empty());
  CHECK(error_of([&] { load_absent_command(record); }).kind() == ErrorKind::bad_file);
}

TEST_CASE("load: the mount point of its file stands in the undo's record; where it changes it is refused") {
  for (const char* name : {"resource.disk", "resource.io"}) {
    LoadedNode node;
    const auto fault = node.make(name, "path: /srv");
    fault->preflight(node.in(5s));
    CHECK(fault->undo_record().facts ==
          std::map<std::string, std::string>{{"id", FakeNode::kId}, {"folder", "/srv"}, {"mount", "/srv"}});
    node.mount = "/";
    CHECK_THAT(error_of([&] { fault->stage(node.in(5s)); }).what(),
               Contains("is the one of /; at preflight") && Contains("/srv"));
    node.mount = "disk";  // the end of a name with a space in it
    CHECK_THAT(node.preflight_error(name, "path: /srv").what(), Contains("'disk', is no plain absolute path"));
  }
}

// What the node's own shell says of a load's file, with and without the mount point in the record.
std::string seen_in_shell(const std::string& folder, const std::string& mount, Duration limit = 100ms) {
  FakeNode node;
  node.remote.on("systemctl stop", answered(""));
  node.remote.on("ActiveState && echo End", answered("ActiveState=inactive\nEnd=1\n"));
  node.remote.on("f=there;", [](const auto&, const auto& asked) {
    return answered(run_process({"/bin/sh", "-c", asked}, 5s).out);
  });
  const auto evidence = node.undo(load_absent_record(FakeNode::kId, "c1", folder, mount), limit);
  CHECK(evidence.at(1).confirmed == (evidence.at(1).observed == "it is gone"));
  return evidence.at(1).observed;
}

TEST_CASE("the shell: a file is gone only while the file system that it was in is mounted") {
  const TextFolder folder;
  const std::string here = folder.path.string();
  std::string mount = run_process({"df", "-P", here + "/."}, 5s).out;
  mount = mount.substr(0, mount.size() - 1);
  mount = mount.substr(mount.rfind(' ') + 1);
  CHECK(seen_in_shell(here, mount) == "it is gone");
  CHECK(seen_in_shell(here, "") == "it is gone");  // a journal of an older version
  CHECK_THAT(seen_in_shell(here, here), Contains("not mounted: it was at " + here));
  CHECK_THAT(seen_in_shell(here + "/none", mount), Contains("can't be looked into"));
  folder.write(std::string("blackstart-") + FakeNode::kId + ".load", "x");
  CHECK(seen_in_shell(here, mount) == "it is there");
  CHECK(seen_in_shell(here, here) == "it is there");
  CHECK(seen_in_shell("/", "/") == "it is gone");
}

TEST_CASE("the dead-man's command removes exactly our file") {
  const TextFolder folder;
  const auto ours = folder.write(std::string("blackstart-") + FakeNode::kId + ".load", "x");
  const auto other = folder.write("blackstart-other.load", "x");
  const std::string command = load_absent_command(load_absent_record(FakeNode::kId, "c1", folder.path.string()));
  CHECK(command.find_first_of("$%") == std::string::npos);
  folder.write("systemctl", "#!/bin/sh\n");
  run_process({"/bin/sh", "-c", command}, 5s, {"", {"PATH=" + folder.path.string() + ":/usr/bin:/bin"}, {}});
  CHECK_FALSE(std::filesystem::exists(ours));
  CHECK(std::filesystem::exists(other));
}

TEST_CASE("load: parameters come back for the record, and what is wrong is said") {
  CHECK(FakeNode::settings("resource.cpu", "part: 50%")->summary() == "50% of the cores kept busy");
  CHECK(FakeNode::settings("resource.cpu", "workers: 3")->parameters()[0] ==
        std::pair<std::string, std::string>{"workers", "3"});
  CHECK(FakeNode::settings("resource.memory", "part: 50%")->summary() == "50% of the available memory taken");
  CHECK(FakeNode::settings("resource.disk", "path: /srv")->summary() == "/srv filled up to 256MiB");
  CHECK(FakeNode::settings("resource.io", "{path: /srv, workers: 4}")->parameters()[1].second == "4");
  CHECK_THAT(FakeNode::problem("resource.cpu", "{part: 50%, workers: 2}"), Contains("not both"));
  CHECK_THAT(FakeNode::problem("resource.memory", "leave: 64MiB"), Contains("exactly one of 'size' and 'part'"));
  CHECK_THAT(FakeNode::problem("resource.memory", "{size: 64MiB, part: 5%}"), Contains("exactly one of 'size' and 'part'"));
  CHECK_THAT(FakeNode::problem("resource.disk", "path: srv"), Contains("no plain absolute path"));
  CHECK_THAT(FakeNode::problem("resource.io", "{path: /srv, block: 1000B}"), Contains("multiple of 4KiB"));
}
