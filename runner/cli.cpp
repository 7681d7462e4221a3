// The command line: which command, which options, and how an error leaves the process.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/fields.h"
#include "runner/commands.h"
#include "runner/dead_man_process.h"

namespace blackstart {
namespace {

constexpr const char* kExitCodes =
    "exit codes: 0 passed, 1 failed, 2 inconclusive, 3 undo-pending, 64 usage, 65 bad file, 70 internal error";

struct Arguments {
  RunOptions run;
  ImportOptions drafted;
  CalibrateOptions calibrate;
  std::vector<std::string> files, words;
  std::string name, reason, lab, cloud_file = "cloud.yaml", folder;
  std::int64_t milliseconds = 0;
  bool markdown = false, accounts = false;
};

void add_run_options(CLI::App& command, RunOptions& run) {
  command.add_option("scenario", run.scenario, "scenario file, or a folder of them: one after the other")->required();
  command.add_option("--cloud", run.cloud, "cloud file")->capture_default_str();
  command.add_option("--seed", run.seed, "fixes every random choice");
}

using Action = std::function<int()>;

void add_file_commands(CLI::App& app, Arguments& a, Action& action) {
  auto* check = app.add_subcommand("check", "check cloud, scenario and lab files");
  check->add_option("files", a.files, "files")->required();
  check->callback([&] { action = [&] { return check_command(a.files); }; });
  auto* schema = app.add_subcommand("schema", "print the JSON Schema of a kind of file, for editors");
  schema->add_option("kind", a.name, "cloud, scenario, lab or defect")->required();
  schema->callback([&] { action = [&] { return schema_command(a.name); }; });
  auto* faults = app.add_subcommand("faults", "list the faults, or describe one");
  faults->add_option("name", a.name, "the fault");
  faults->add_flag("--markdown", a.markdown, "print docs/fault-catalogue.md");
  faults->callback([&] { action = [&] { return a.markdown ? faults_markdown_command() : faults_command(a.name); }; });
  auto* probes = app.add_subcommand("probes", "list the probes, or describe one");
  probes->add_option("name", a.name, "the probe");
  probes->callback([&] { action = [&] { return probes_command(a.name); }; });
}

void add_run_commands(CLI::App& app, Arguments& a, Action& action) {
  auto* plan = app.add_subcommand("plan", "show what a run would touch, and whether it could; touches nothing");
  add_run_options(*plan, a.run);
  plan->callback([&] { action = [&] { return plan_command(a.run); }; });
  auto* run = app.add_subcommand("run", "rehearse: inject, measure, undo, audit, judge, report");
  add_run_options(*run, a.run);
  run->add_option("--out", a.run.out, "folder for the run's folder")->capture_default_str();
  run->add_option("--repeat", a.run.repeat, "how many times in a row, instead of what the scenario says")
      ->check(CLI::Range(1, 1000));
  run->add_option("--live", a.run.live, "the cloud's name, needed when it is no lab");
  run->callback([&] { action = [&] { return run_command(a.run); }; });
  auto* fetch = app.add_subcommand("fetch", "bring the operations of a run that vantage points still keep, and judge it again");
  fetch->add_option("run", a.folder, "run folder")->required();
  fetch->callback([&] { action = [&] { return fetch_command(a.folder); }; });
  auto* judge = app.add_subcommand("judge", "judge a run again from its record");
  judge->add_option("run", a.folder, "run folder")->required();
  judge->callback([&] { action = [&] { return judge_command(a.folder); }; });
  auto* dump = app.add_subcommand("dump", "print a file of the record, ops/*.ops or audit/*/*.rows, as comma-separated values");
  dump->add_option("file", a.folder, "the file")->required();
  dump->add_flag("--accounts", a.accounts, "of a replica's rows: its accounts, not its transfers");
  dump->callback([&] { action = [&] { return dump_command(a.folder, a.accounts); }; });
}

void add_safety_commands(CLI::App& app, Arguments& a, Action& action) {
  auto* recover = app.add_subcommand("recover", "undo what a run that died has left");
  recover->add_option("cloud", a.name, "only of this cloud");
  recover->add_option("--run", a.reason, "only of this run");
  recover->callback([&] { action = [&] { return recover_command(a.name, a.reason); }; });
  auto* status = app.add_subcommand("status", "what runs, what is halted, what is left to undo");
  status->callback([&] { action = [] { return status_command(); }; });
  auto* dead_man = app.add_subcommand("dead-man", "the process that undoes what nobody else has undone in time")->group("");
  dead_man->add_option("journal", a.folder)->required();
  dead_man->add_option("id", a.name)->required();
  dead_man->add_option("milliseconds", a.milliseconds)->required();
  dead_man->callback(
      [&] { action = [&] { return dead_man_command(a.folder, a.name, std::chrono::milliseconds(a.milliseconds)); }; });
  auto* halt = app.add_subcommand("halt", "stop the running rehearsal of a cloud and block new ones");
  halt->add_option("cloud", a.name, "the cloud's name")->required();
  halt->add_option("reason", a.words, "why; quoted or not")->required();
  halt->callback([&] { action = [&] { return halt_command(a.name, fmt::format("{}", fmt::join(a.words, " "))); }; });
  auto* resume = app.add_subcommand("resume", "lift a halt");
  resume->add_option("cloud", a.name, "the cloud's name")->required();
  resume->callback([&] { action = [&] { return resume_command(a.name); }; });
}

// CLI11's ranges let "nan" through, and its conversion makes a huge number of a negative one.
std::string plain_number(const std::string& text) {
  return text.find_first_not_of("0123456789.") == std::string::npos ? "" : "'" + text + "' is no plain number";
}

void add_calibrate(CLI::App& app, Arguments& a, Action& action) {
  auto* calibrate = app.add_subcommand("calibrate", "measure outages of known length here: how far can reports be trusted?");
  calibrate->add_option("--outages", a.calibrate.outages, "how many; a good certificate takes 30")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  calibrate->add_option("--longest", a.calibrate.longest, "length of the longest in seconds; the shortest has 0.05")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 60.0))
      ->check(plain_number);
  calibrate->add_option("--rate", a.calibrate.rate, "operations a second")
      ->capture_default_str()
      ->check(CLI::Range(500.0, 2000.0))
      ->check(plain_number);
  calibrate->add_option("--seed", a.calibrate.seed, "fixes lengths and order")->check(plain_number);
  calibrate->add_option("--keep", a.calibrate.keep, "keep the record of it in this folder");
  calibrate->callback([&] { action = [&] { return calibrate_command(a.calibrate); }; });
}

void add_cloud_commands(CLI::App& app, Arguments& a, Action& action) {
  auto* cloud = app.add_subcommand("cloud", "cloud files of clouds that exist");
  cloud->require_subcommand(1);
  auto* draft = cloud->add_subcommand("import", "draft a cloud file from Ansible's inventory, OpenStack itself, or both");
  draft->add_option("inventory", a.drafted.inventory, "INI, YAML or 'ansible-inventory --list'; - for standard input");
  draft->add_flag("--openstack", a.drafted.openstack, "ask OpenStack, with OS_CLOUD or the other OS_* variables");
  draft->add_option("--os-cloud", a.drafted.os_cloud, "ask OpenStack, with this cloud of clouds.yaml");
  draft->add_option("--name", a.drafted.name, "the cloud's name, instead of the inventory's or the one in clouds.yaml");
  draft->add_option("--sites", a.drafted.sites, "groups of the inventory that are sites: dc1,dc2")->delimiter(',');
  draft->add_option("--racks", a.drafted.racks, "groups of the inventory that are racks: r1,r2")->delimiter(',');
  draft->add_option("--out", a.drafted.out, "where to write the cloud file")->capture_default_str();
  draft->add_flag("--force", a.drafted.force, "replace a file that is there");
  draft->callback([&] { action = [&] { return cloud_import_command(a.drafted); }; });
}

void add_lab_commands(CLI::App& app, Arguments& a, Action& action) {
  auto* lab = app.add_subcommand("lab", "a simulated cloud on this machine");
  lab->require_subcommand(1);
  auto* up = lab->add_subcommand("up", "bring a lab up, or mend it; writes the cloud file");
  up->add_option("file", a.lab, "lab file")->required();
  up->add_option("--cloud", a.cloud_file, "where to write the cloud file")->capture_default_str();
  up->callback([&] { action = [&] { return lab_up_command(a.lab, a.cloud_file); }; });
  auto* down = lab->add_subcommand("down", "take a lab down, whatever state it is in");
  down->add_option("lab", a.lab, "its name or its file");
  down->callback([&] { action = [&] { return lab_down_command(a.lab); }; });
  auto* status = lab->add_subcommand("status", "what its nodes and services do");
  status->add_option("lab", a.lab, "its name or its file");
  status->callback([&] { action = [&] { return lab_status_command(a.lab); }; });
  auto* bmc = lab->add_subcommand("bmc", "make a node's BMC fail, or work again: for tests");
  bmc->add_option("node", a.name, "the node")->required();
  bmc->add_option("mode", a.reason, "honest, lying, hung or dead")->required();
  bmc->add_option("--lab", a.lab, "its lab, when several are up");
  bmc->callback([&] { action = [&] { return lab_bmc_command(a.lab, a.name, a.reason); }; });
  auto* plant = lab->add_subcommand("plant", "put a mistake into a running lab, that rehearsals must find");
  plant->add_option("defect", a.name, "defect file: lab/defects/*.yaml")->required();
  plant->add_option("--lab", a.lab, "the lab, when several are up");
  plant->callback([&] { action = [&] { return lab_plant_command(a.lab, a.name); }; });
  auto* unplant = lab->add_subcommand("unplant", "take the mistake out again");
  unplant->add_option("lab", a.lab, "its name, when several are up");
  unplant->callback([&] { action = [&] { return lab_unplant_command(a.lab); }; });
  auto* ssh = lab->add_subcommand("ssh", "a shell on a node");
  ssh->add_option("node", a.name, "the node")->required();
  ssh->add_option("--lab", a.lab, "its lab, when several are up");
  ssh->callback([&] { action = [&] { return lab_shell_command(a.lab, a.name, {}); }; });
  auto* exec = lab->add_subcommand("exec", "run a command on a node: lab exec c1 -- uptime");
  exec->add_option("node", a.name, "the node")->required();
  exec->add_option("command", a.words, "the command and its arguments")->required();
  exec->add_option("--lab", a.lab, "its lab, when several are up");
  exec->callback([&] { action = [&] { return lab_shell_command(a.lab, a.name, a.words); }; });
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::fputs(fmt::format("blackstart: {}\n'blackstart --help' tells what there is\n", error.what()).c_str(), stderr);
  return kUsage;
}

// CLI11 would only say that a command is wanted.
void check_command_name(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) == names.end())
    throw Error(ErrorKind::usage, "", fmt::format("there is no command '{}'", argv[1]), suggestion(argv[1], names));
}

// `blackstart faults | head`: whoever was to read it has seen enough.
bool reader_is_gone() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

// What could not be written was told to nobody, so the command has not passed. A code that tells of something else stays.
int told(int code) {
  const int problem = std::fflush(stdout) == 0 ? 0 : errno;
  if ((problem == 0 && std::ferror(stdout) == 0) || code == kInternal || reader_is_gone()) return code;
  const Error error(ErrorKind::internal, "writing to standard output", problem == 0 ? "a part is lost" : std::strerror(problem),
                    "what stands there is not complete");
  std::fputs(fmt::format("blackstart: {}\n", error.what()).c_str(), stderr);
  return code == kPassed ? kInternal : code;
}

int run_arguments(int argc, char** argv) {
  CLI::App app("Rehearses failures of an OpenStack cloud and proves, with numbers, how it recovers.", "blackstart");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("blackstart " BLACKSTART_VERSION));
  app.footer(kExitCodes);
  Arguments arguments;
  Action action;
  add_run_commands(app, arguments, action);
  add_file_commands(app, arguments, action);
  add_safety_commands(app, arguments, action);
  add_calibrate(app, arguments, action);
  add_cloud_commands(app, arguments, action);
  add_lab_commands(app, arguments, action);
  try {
    check_command_name(app, argc, argv);
    app.parse(argc, argv);
    return action();
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error);
  } catch (const Error& error) {
    std::fputs(fmt::format("blackstart: {}\n", error.what()).c_str(), stderr);
    return exit_code_of(error.kind());
  } catch (const std::exception& error) {
    std::fputs(fmt::format("blackstart: internal error: {}\n", error.what()).c_str(), stderr);
    return kInternal;
  }
}

}  // namespace

int run_cli(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return told(run_arguments(argc, argv));
}

}  // namespace blackstart
