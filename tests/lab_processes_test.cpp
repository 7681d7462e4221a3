// The processes that a lab leaves on its host: found by their mark, and by nothing else.
#include "lab/lab_processes.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "base/process.h"
#include "tests/support/folder.h"

using namespace blackstart;

namespace {

// Starts `script` of bash as a lab starts its BMCs: in a session of its own, which outlives the one who started it.
void leave_running(const std::string& mark, const std::string& script, const std::string& argument = "") {
  ProcessOptions options;
  if (!mark.empty()) options.extra_environment = {lab_process_mark(mark)};
  run_checked("starting it", {"setsid", "--fork", "bash", "-c", "exec </dev/null >/dev/null 2>&1; " + script, "bash", argument},
              10s, options);
}

std::vector<LabProcess> leaders(const std::filesystem::path& path, const std::string& program) {
  auto found = lab_processes(path);
  std::erase_if(found, [&](const LabProcess& p) { return !p.leads || p.words.empty() || p.words[0] != program; });
  return found;
}

void wait_for(const std::function<bool()>& condition) { REQUIRE(wait_until(condition, Deadline(real_clock(), 10s), 5ms)); }

// A process that has ended but that nobody has waited for has no command line any more.
bool alive(pid_t pid) {
  std::ifstream command("/proc/" + std::to_string(pid) + "/cmdline");
  return command.get() != std::ifstream::traits_type::eof();  // get() takes an error of reading for the end
}

constexpr const char* kSimulator = "exec -a ipmi_sim sleep 60";

// A folder of no other test's, with the simulator of c1 in it.
struct Lab : Folder {
  std::string conf = (path / "bmc" / "c1.conf").string();
  pid_t simulator = 0;
  Lab() {
    leave_running(conf, kSimulator);
    wait_for([&] { return leaders(conf, "ipmi_sim").size() == 1; });
    simulator = leaders(conf, "ipmi_sim").front().pid;
  }
  ~Lab() { end_lab_processes(path, 0s); }
};

}  // namespace

TEST_CASE("a process is a lab's by its mark, with its children; whoever only names the lab's files is not") {
  const Lab lab;
  leave_running(lab.conf, "sleep 60 & wait");
  wait_for([&] { return lab_processes(lab.path).size() == 3; });
  CHECK(lab_processes(lab.conf).size() == 3);
  CHECK(lab_processes(lab.path / "bmc").size() == 3);
  CHECK(lab_processes(lab.path / "bmc" / "c1").empty());
  CHECK(lab_processes(lab.path.string() + "2").empty());
  const auto all = lab_processes(lab.path);
  CHECK(std::count_if(all.begin(), all.end(), [](const LabProcess& p) { return p.leads; }) == 2);

  const std::string pid_file = (lab.path / "reader").string(), pipe = (lab.path / "pipe").string();
  leave_running("", "mkfifo " + pipe + "; echo $$ >" + pid_file + "; read -r -t 60 <>" + pipe, lab.conf);
  pid_t reader = 0;
  wait_for([&] { return bool(std::ifstream(pid_file) >> reader); });
  CHECK(lab_processes(lab.path).size() == 3);
  end_lab_processes(lab.path, 0s);
  CHECK(lab_processes(lab.path).empty());
  CHECK_FALSE(alive(lab.simulator));
  CHECK(alive(reader));
  ::kill(reader, SIGKILL);
}

TEST_CASE("a simulator goes at once, the orders that it took are carried out first") {
  const Lab lab;
  const auto done = lab.path / "done";
  leave_running(lab.conf,
                "while [ -e /proc/" + std::to_string(lab.simulator) + " ]; do sleep 0.01; done; echo yes >" + done.string());
  wait_for([&] { return lab_processes(lab.conf).size() >= 2; });
  end_lab_processes(lab.conf, 30s);
  CHECK(lab_processes(lab.conf).empty());
  CHECK(std::filesystem::exists(done));
}

TEST_CASE("an order that never ends does not keep a lab from going") {
  const Lab lab;
  leave_running(lab.conf, "while :; do sleep 60; done");
  wait_for([&] { return lab_processes(lab.conf).size() >= 2; });
  end_lab_processes(lab.path, 50ms);
  CHECK(lab_processes(lab.path).empty());
  end_lab_processes(lab.path, 0s);
}

TEST_CASE("a shell that is about to become a simulator is ended with the simulators") {
  const Lab lab;
  leave_running((lab.path / "bmc" / "c2.conf").string(), "while :; do sleep 60; done", "ipmi_sim");
  wait_for([&] { return leaders(lab.path / "bmc" / "c2.conf", "bash").size() == 1; });
  const auto starter = leaders(lab.path / "bmc" / "c2.conf", "bash").front();
  CHECK(starter.runs("ipmi_sim"));
  end_lab_processes(lab.path, 100ms);
  CHECK_FALSE(alive(starter.pid));
}

TEST_CASE("a signal does not go to a process that has only the ID of the one that was meant") {
  const Lab lab;
  LabProcess other = leaders(lab.conf, "ipmi_sim").front();
  other.mark = lab.path / "bmc" / "c2.conf";
  signal_lab_process(other, SIGKILL);
  CHECK(leaders(lab.conf, "ipmi_sim").size() == 1);
  signal_lab_process(leaders(lab.conf, "ipmi_sim").front(), SIGSTOP);
  wait_for([&] { return leaders(lab.conf, "ipmi_sim").front().stopped; });
  other.pid = 0;
  signal_lab_process(other, SIGKILL);
}
