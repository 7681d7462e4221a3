#include "lab/lab_bmc.h"

#include <fmt/format.h>
#include <signal.h>

#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "base/yaml.h"
#include "lab/each_node.h"
#include "lab/lab_processes.h"
#include "lab/power_libvirt.h"
#include "lab/template.h"

namespace blackstart {
namespace embedded {
std::string_view lab_bmc_conf();
std::string_view lab_bmc_emu();
std::string_view lab_chassis();
}  // namespace embedded
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPasswordLength = 16;  // IPMI 1.5 has no more
constexpr Duration kAnswerLimit = 20s, kChangeLimit = 5s, kPoll = 20ms;
constexpr const char* kUser = "admin";

struct Files {
  Files(const LabFolder& folder, const std::string& node) : base((folder.bmc() / node).string()) {}
  std::string base;
  std::string conf() const { return base + ".conf"; }
  std::string lies() const { return base + ".lies"; }
  std::string log() const { return base + ".log"; }
  std::string state() const { return base + ".state"; }
};

// Its children have its command line for a moment, but lead no session.
std::optional<LabProcess> simulator(const Files& files) {
  for (const LabProcess& process : lab_processes(files.conf()))
    if (process.leads && process.words.front() == "ipmi_sim") return process;
  return std::nullopt;
}

void require(bool reached, const std::string& doing) {
  if (!reached) throw Error(ErrorKind::internal, doing, fmt::format("it is not seen after {}", format_duration(kChangeLimit)));
}

bool wait_for(const std::function<bool()>& condition) {
  return wait_until(condition, Deadline(real_clock(), kChangeLimit), kPoll);
}

void write_scripts(const LabFolder& folder) {
  fs::create_directories(folder.bmc());
  if (!fs::exists(folder.bmc_password())) write_file(folder.bmc_password(), random_word(kPasswordLength) + "\n", 0600);
  write_file(folder.bmc() / "chassis", std::string(embedded::lab_chassis()), 0755);
  write_file(folder.bmc() / "power-domain", power_domain_script(), 0755);
  write_file(folder.bmc() / "emu", std::string(embedded::lab_bmc_emu()));
}

void write_settings(const Node& node, const LabFolder& folder, const Files& files) {
  const std::string password = slurp_if_there(node.bmc.password_file);
  const std::string chassis = fmt::format("{} {} {} {} {}", (folder.bmc() / "chassis").string(), folder.bmc().string(),
                                          node.name, node.libvirt.uri, node.libvirt.domain);
  write_file(files.conf(),
             fill_template(embedded::lab_bmc_conf(), {{"node", node.name},
                                                      {"address", node.bmc.address},
                                                      {"port", std::to_string(node.bmc.port)},
                                                      {"guid", random_word(32, "0123456789abcdef")},
                                                      {"chassis", chassis},
                                                      {"user", node.bmc.user},
                                                      {"password", password.substr(0, password.find('\n'))}}),
             0600);
}

// In a session of its own, with nothing of ours open: it stays when we end.
void start(const Node& node, const LabFolder& folder, const Files& files) {
  write_settings(node, folder, files);
  fs::create_directories(files.state());
  const std::string script = "exec \"$@\" </dev/null >>\"$0\" 2>&1";
  ProcessOptions marked;
  marked.extra_environment = {lab_process_mark(files.conf())};
  run_checked("starting the BMC of " + node.name,
              {"setsid", "--fork", "sh", "-c", script, files.log(), "ipmi_sim", "-c", files.conf(), "-f",
               (folder.bmc() / "emu").string(), "-n", "-s", files.state()},
              kAnswerLimit, marked);
  require(wait_for([&] { return simulator(files).has_value(); }),
          fmt::format("starting the BMC of {} (see {})", node.name, files.log()));
}

void make_honest(const Node& node, const LabFolder& folder, const Files& files) {
  fs::remove(files.lies());
  if (const auto process = simulator(files))
    signal_lab_process(*process, SIGCONT);
  else
    start(node, folder, files);
}

void wait_for_answer(const Node& node, const Files& files) {
  std::string why;
  const Deadline deadline(real_clock(), kAnswerLimit);
  const bool answers = wait_until(
      [&] {
        try {
          return real_power().state(node, deadline), true;
        } catch (const Error& error) {
          return why = error.what(), false;
        }
      },
      deadline, 100ms);
  if (!answers) throw Error(ErrorKind::unreachable, "waiting for the BMC of " + node.name, why, "see " + files.log());
}

}  // namespace

const char* name_of(BmcMode mode) {
  switch (mode) {
    case BmcMode::honest: return "honest";
    case BmcMode::lying: return "lying";
    case BmcMode::hung: return "hung";
    case BmcMode::dead: return "dead";
  }
  return "?";
}

BmcMode bmc_mode_named(const std::string& word) {
  std::vector<std::string> words;
  for (const BmcMode mode : {BmcMode::honest, BmcMode::lying, BmcMode::hung, BmcMode::dead}) {
    if (word == name_of(mode)) return mode;
    words.push_back(name_of(mode));
  }
  throw Error(ErrorKind::usage, "changing a BMC", fmt::format("'{}' is nothing that a BMC can be", word),
              suggestion(word, words));
}

// 198.18.10.11 has its BMC at 127.18.10.11: as no two labs share an address, no two BMCs do.
Bmc lab_bmc(const LabFolder& folder, const std::string& address) {
  Bmc bmc;
  bmc.address = "127" + address.substr(address.find('.'));
  bmc.user = kUser;
  bmc.password_file = folder.bmc_password().string();
  return bmc;
}

void start_bmcs(const std::vector<Node>& nodes, const LabFolder& folder) {
  write_scripts(folder);
  for_each_at_once(nodes, [&](const Node& node) { make_honest(node, folder, Files(folder, node.name)); });
}

void await_bmcs(const std::vector<Node>& nodes, const LabFolder& folder) {
  for_each_at_once(nodes, [&](const Node& node) { wait_for_answer(node, Files(folder, node.name)); });
}

void stop_bmcs(const LabFolder& folder) { end_lab_processes(folder.path, kAnswerLimit); }

BmcMode bmc_mode(const LabFolder& folder, const std::string& node) {
  const Files files(folder, node);
  const auto process = simulator(files);
  if (!process) return BmcMode::dead;
  if (process->stopped) return BmcMode::hung;
  return fs::exists(files.lies()) ? BmcMode::lying : BmcMode::honest;
}

void set_bmc_mode(const Node& node, const LabFolder& folder, BmcMode mode) {
  const Files files(folder, node.name);
  if (mode == BmcMode::dead) return end_lab_processes(files.conf(), kAnswerLimit);
  make_honest(node, folder, files);
  wait_for_answer(node, files);
  if (mode == BmcMode::lying) {
    const PowerState state = libvirt_state(node, Deadline(real_clock(), kAnswerLimit));
    write_file(files.lies(), std::string(name_of(state)) + "\n");
  }
  if (mode == BmcMode::hung) {
    if (const auto process = simulator(files)) signal_lab_process(*process, SIGSTOP);
  }
  require(wait_for([&] { return bmc_mode(folder, node.name) == mode; }),
          fmt::format("making the BMC of {} {}", node.name, name_of(mode)));
}

}  // namespace blackstart
