#include "tests/rehearsal/support.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "lab/lab_folder.h"
#include "probes/galera.h"

namespace blackstart::rehearsal {

namespace fs = std::filesystem;

std::vector<std::string> Workplace::environment() const { return {"BLACKSTART_STATE=" + (path / "state").string()}; }

ProcessResult Workplace::blackstart(std::vector<std::string> arguments, Duration limit) const {
  arguments.insert(arguments.begin(), BLACKSTART_BINARY);
  ProcessOptions options;
  options.extra_environment = environment();
  ProcessResult result = run_process(arguments, limit, options);
  std::cout << result.out << result.err << std::flush;  // shown by ctest when a test fails
  CHECK_FALSE(result.timed_out);
  return result;
}

Workplace::Run Workplace::rehearse(const std::string& scenario, std::vector<std::string> more) const {
  std::vector<std::string> arguments{
      "run", write("scenario.yaml", scenario).string(), "--cloud", cloud_file().string(), "--out", (path / "runs").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult process = blackstart(arguments);
  Run run = latest();
  run.process = process;
  return run;
}

Workplace::Run Workplace::latest() const {
  Run run;
  run.folder = fs::canonical(path / "runs" / "latest");
  std::ifstream in(run.folder / "record.json");
  REQUIRE(in);
  run.record = nlohmann::json::parse(in);
  return run;
}

std::string Workplace::Run::reasons() const { return record.at("reasons").dump(); }

fs::path cloud_file() { return BLACKSTART_TEST_CLOUD; }

Cloud cloud() { return read_cloud(cloud_file()); }

std::string on_node(const std::string& node, const std::string& command) {
  return run_checked("running on " + node + ": " + command,
                     {BLACKSTART_BINARY, "lab", "exec", node, "--lab", cloud().name, "--", "sh", "-c", command}, 60s);
}

void wait_on_node(const std::string& node, const std::string& command, const std::string& output, Duration limit) {
  std::string seen;
  const bool reached =
      wait_until([&] { return (seen = on_node(node, command)) == output; }, Deadline(real_clock(), limit), 200ms);
  INFO(node << ": " << command << " printed " << seen);
  REQUIRE(reached);
}

void require_whole_lab() {
  const Redundancy redundancy = await_whole(cloud().database, Deadline(real_clock(), 90s), {});
  INFO(redundancy.observed);
  REQUIRE(redundancy.restored);
}

void require_steady_lab() {
  const Deadline limit(real_clock(), 90s);
  Time broken = real_clock().now();
  REQUIRE(wait_until(
      [&] {
        if (!await_whole(cloud().database, limit.sooner(1s), {}).restored) broken = real_clock().now();
        return real_clock().now() - broken >= 4s;
      },
      limit, 200ms));
}

std::string traces(const fs::path& lab_file) {
  const LabFile lab = read_lab_file(lab_file);
  std::set<std::string> uris{"lxc:///"};
  for (const LabNode& node : lab.nodes) uris.insert(node.hypervisor());
  std::vector<std::vector<std::string>> looks{
      {"ip", "-o", "link"}, {"ip", "route"}, {"cat", "/proc/mounts"}, {"ps", "-e", "-o", "args"}};
  for (const std::string& uri : uris) looks.push_back({"virsh", "-q", "-c", uri, "list", "--all", "--name"});
  std::string found;
  for (const auto& look : looks) {
    std::istringstream lines(run_checked("looking for traces", look, 20s));
    for (std::string line; std::getline(lines, line);)
      for (const std::string& mark :
           {" " + lab.prefix + "-", lab.name + ".", "/labs/" + lab.name, lab.management.network, lab.data.network})
        if (line.find(mark) != std::string::npos) found += line + "\n";
  }
  if (fs::exists(LabFolder(lab.name).path)) found += "its folder\n";
  return found;
}

std::string scenario(const std::string& steps, const std::string& more) {
  return "scenario: lab-test\n"
         "claim: what a test of Blackstart itself says\n"
         "seed: 7\n"
         "probes:\n"
         "  bank: {kind: ledger, transfers: 40/s, inquiries: 10/s, hold: 3s}\n"
         "steady: {for: 3s, within: 60s}\n"
         "settle: 60s\n"
         "steps:\n" +
         steps +
         "objectives:\n"
         "  - rto: {probe: bank, at-most: 30s}\n"
         "  - rpo: {probe: bank, at-most: 0}\n" +
         more;
}

}  // namespace blackstart::rehearsal
