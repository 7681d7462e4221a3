#include "faults/node_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

constexpr const char* kLook =
    "printf 'Boot=%s/%s\\nMachine=%s\\nSystem=%s\\nVirt=%s\\nPanic=%s\\nDump=%s\\nUptime=%s\\n' "
    "\"$(cat /proc/sys/kernel/random/boot_id)\" \"$(cut -d' ' -f22 /proc/1/stat)\" \"$(cat /etc/machine-id 2>/dev/null)\" "
    "\"$(systemctl is-system-running)\" \"$(systemd-detect-virt --container)\" \"$(cat /proc/sys/kernel/panic)\" "
    "\"$(cat /sys/kernel/kexec_crash_loaded 2>/dev/null)\" \"$(cut -d. -f1 /proc/uptime)\"; "
    "systemctl list-units --type=service --state=running --plain --no-legend | sed 's/ .*//; s/^/Service=/'; "
    "systemctl list-jobs --plain --no-legend | awk '{print \"Job=\" $2}'; echo End=1";

}  // namespace

std::string NodeState::words() const {
  return jobs.empty() ? "systemd is " + system : fmt::format("systemd is {} ({})", system, fmt::join(jobs, ", "));
}

NodeState read_node(Remote& remote, const std::string& node, const Deadline& deadline) {
  const std::string doing = "looking at " + node;
  const Answer answer(remote, doing, node, kLook, deadline);
  NodeState state;
  state.boot = answer.text("Boot");
  state.machine = answer.text("Machine");
  state.system = answer.text("System");
  if (state.boot.size() < 3 || state.boot.front() == '/' || state.boot.back() == '/' || state.system.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("it does not tell its boot ('{}') or what systemd does", state.boot),
                "faults of the families node and power need systemd there");
  state.container = answer.text("Virt") != "none";
  state.hangs_on_panic = answer.number("Panic") == 0 && answer.text("Dump") != "1";
  state.uptime = answer.number("Uptime");
  for (const std::string& unit : answer.all("Service"))
    if (unit.find('@') == std::string::npos) state.services.push_back(unit);
  state.jobs = answer.all("Job");
  return state;
}

}  // namespace blackstart
