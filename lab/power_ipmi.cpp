#include "lab/power_ipmi.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/process.h"

namespace blackstart {
namespace {

constexpr std::size_t kLongestPassword = 20;  // IPMI 2.0
constexpr int kLockBusy = 75, kNoProgram = 127;
// A refusal comes at once; silence takes ipmitool with -N1 -R2 about six seconds. It has the same words for both.
constexpr Duration kRefusalLimit = 3s;
constexpr const char* kNoSession = "Unable to establish";

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

void check_password_file(const Node& node, const std::string& doing) {
  std::ifstream in(node.bmc.password_file);
  if (!in)
    throw Error(ErrorKind::unmet, doing, fmt::format("the password file {} can't be read", node.bmc.password_file),
                "see 'bmc: password-file' of the node in the cloud file");
  const std::string password = first_line(node.bmc.password_file);
  if (password.empty() || password.size() > kLongestPassword)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("the first line of {} is no password for IPMI 2.0: it has {} characters, 1 to {} are possible",
                            node.bmc.password_file, password.size(), kLongestPassword));
}

// One per BMC; its name is fit for a file.
std::string lock_file(const Bmc& bmc) {
  std::string name = fmt::format("{}-{}", bmc.address, bmc.port);
  std::replace(name.begin(), name.end(), '/', '_');
  return "/run/lock/blackstart-bmc-" + name;
}

// ipmitool takes the place of flock and of the shell, so that it holds the lock for as long as it lives. The shell tells when
// the lock was had: only the time from then on tells a refusal from silence.
std::vector<std::string> command_line(const Bmc& bmc, const std::string& verb, Duration patience) {
  return {"flock",
          "--no-fork",
          "--timeout",
          fmt::format("{:.1f}", std::chrono::duration<double>(patience).count()),
          "--conflict-exit-code",
          std::to_string(kLockBusy),
          lock_file(bmc),
          "sh",
          "-c",
          "echo locked >&2; exec ipmitool \"$@\"",
          "ipmitool",
          "-I",
          "lanplus",
          "-H",
          bmc.address,
          "-p",
          std::to_string(bmc.port),
          "-U",
          bmc.user,
          "-f",
          bmc.password_file,
          "-C",
          std::to_string(bmc.cipher),
          "-N",
          "1",
          "-R",
          "2",
          "chassis",
          "power",
          verb};
}

[[noreturn]] void refuse(const Node& node, const std::string& doing) {
  throw Error(ErrorKind::unmet, doing,
              fmt::format("it refuses user '{}' with the password in {} (cipher suite {})", node.bmc.user,
                          node.bmc.password_file, node.bmc.cipher),
              "see 'bmc' of the node in the cloud file");
}

[[noreturn]] void explain(const Node& node, const std::string& doing, const ProcessResult& done, Duration took) {
  if (done.exit_code == kLockBusy)
    throw Error(ErrorKind::unreachable, doing, "another session to it did not end in time",
                fmt::format("who has it: fuser -v {}", lock_file(node.bmc)));
  if (done.exit_code == kNoProgram)
    throw Error(ErrorKind::unmet, doing, "there is no program ipmitool on this machine", "install the package ipmitool");
  const bool no_session = done.err.find(kNoSession) != std::string::npos;
  if (no_session && took < kRefusalLimit) refuse(node, doing);
  if (done.timed_out || no_session)
    throw Error(ErrorKind::unreachable, doing, "it does not answer",
                fmt::format("is {} right, is it reachable from here (UDP), does it have power?", node.bmc.address));
  throw Error(ErrorKind::unmet, doing, "ipmitool: " + done.trouble());
}

std::string chassis_power(const Node& node, const std::string& verb, const std::string& doing, const Deadline& deadline) {
  check_password_file(node, doing);
  Time locked = deadline.clock().now();
  ProcessOptions options;
  options.on_line = [&](const std::string& line) {
    if (line == "locked") locked = deadline.clock().now();
  };
  const ProcessResult done = run_process(command_line(node.bmc, verb, deadline.left()), deadline.left(), options);
  if (!done.ok()) explain(node, doing, done, deadline.clock().now() - locked);
  return done.out;
}

}  // namespace

PowerState parse_chassis_status(const std::string& text, const std::string& doing) {
  if (text == "Chassis Power is on\n") return PowerState::on;
  if (text == "Chassis Power is off\n") return PowerState::off;
  throw Error(ErrorKind::unmet, doing, fmt::format("its answer says neither on nor off: '{}'", text.substr(0, 200)),
              "ask it by hand: ipmitool -I lanplus … chassis power status");
}

PowerState ipmi_state(const Node& node, const Deadline& deadline) {
  const std::string doing = "asking " + power_channel(node) + " for the power state";
  return parse_chassis_status(chassis_power(node, "status", doing, deadline), doing);
}

void ipmi_order(const Node& node, PowerOrder order, const Deadline& deadline) {
  chassis_power(node, name_of(order), fmt::format("ordering {} from {}", name_of(order), power_channel(node)), deadline);
}

}  // namespace blackstart
