#include "faults/process_limit.h"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/script.h"

namespace blackstart {
namespace {

// capabilities(7): CAP_SYS_ADMIN is 21, CAP_SYS_RESOURCE is 24.
constexpr std::uint64_t kUncounted = 1ULL << 21 | 1ULL << 24;

// Field 22 of /proc/PID/stat is the 20th after the process's name, which may hold anything.
constexpr const char* kRead =
    "if [ -e /proc/{0} ]; then IFS= read -r s </proc/{0}/stat && l=$(grep '^{1} ' /proc/{0}/limits) || exit 3; set -- "
    "${{s##*) }}; printf 'Ticks=%s\\nLimit=%s\\n' \"${{20}}\" \"${{l#{1}}}\"; else echo Ticks=0; fi; echo End=1";

std::int64_t same_of_three(const std::string& ids, const std::string& doing) {
  std::istringstream in(ids);
  std::string real, effective, saved;
  in >> real >> effective >> saved;
  const auto id = parse_integer(real);
  if (!in || !id || real != effective || real != saved)
    throw Error(ErrorKind::unmet, doing, "it runs as several users at once: " + ids,
                "its limits can't be changed from outside");
  return *id;
}

void require_counted(const LimitedProcess& process, const std::string& capabilities, const std::string& doing) {
  std::uint64_t effective = 0;
  std::istringstream in(capabilities);
  if (!(in >> std::hex >> effective))
    throw Error(ErrorKind::unmet, doing, "its capabilities are not understood: " + capabilities);
  if (process.uid == 0 || (effective & kUncounted) != 0)
    throw Error(ErrorKind::unmet, doing,
                "the kernel counts no processes of root's, nor of one with CAP_SYS_RESOURCE or CAP_SYS_ADMIN",
                "choose a service that runs as a user of its own");
}

}  // namespace

bool is_limit(const std::string& text) { return text == "unlimited" || parse_integer(text).value_or(-1) >= 0; }

std::optional<Limit> read_limit(FaultContext context, const std::string& node, const LimitedProcess& process,
                                const LimitName& name, const Deadline& deadline) {
  const std::string doing = fmt::format("reading the limits of process {} on {}", process.pid, node);
  const Answer answer(context.remote, doing, node, fmt::format(kRead, process.pid, name.line), deadline);
  if (answer.number("Ticks") != process.start_ticks) return std::nullopt;
  std::istringstream in(answer.text("Limit"));
  Limit limit;
  in >> limit.soft >> limit.hard;
  if (!in || !is_limit(limit.soft) || !is_limit(limit.hard))
    throw Error(ErrorKind::unmet, doing, "not a line of /proc/PID/limits: " + answer.text("Limit"));
  return limit;
}

std::string limit_functions(const LimitedProcess& process, const LimitName& name) {
  return fmt::format(
      "alive() {{ IFS= read -r s </proc/{0}/stat || return 1; set -- ${{s##*) }}; [ \"${{20}}\" = {1} ]; }} 2>/dev/null\n"
      "limit() {{ prlimit --pid {0} --{2}=$1: 2>/dev/null || setpriv --reuid={3} --regid={4} --clear-groups prlimit --pid {0} "
      "--{2}=$1:; }}\n",
      process.pid, process.start_ticks, name.option, process.uid, process.gid);
}

LimitedProcess require_limitable(FaultContext context, const std::string& node, std::int64_t pid, std::int64_t start_ticks,
                                 const LimitName& name, const Deadline& deadline) {
  const std::string doing = fmt::format("looking at process {} on {}", pid, node);
  const Answer who(context.remote, doing, node,
                   fmt::format("while read -r n v; do case $n in Uid:|Gid:|CapEff:) echo \"${{n%:}}=$v\";; esac; done "
                               "</proc/{}/status && echo End=1",
                               pid),
                   deadline);
  const LimitedProcess process{pid, start_ticks, same_of_three(who.text("Uid"), doing), same_of_three(who.text("Gid"), doing)};
  if (std::string_view(name.option) == kProcesses.option) require_counted(process, who.text("CapEff"), doing);
  const CommandResult way = context.remote.run(
      node,
      fmt::format(
          "prlimit --pid {0} --{1} >/dev/null 2>&1 || setpriv --reuid={2} --regid={3} --clear-groups prlimit --pid {0} --{1}",
          pid, name.option, process.uid, process.gid),
      deadline);
  if (!way.ok())
    throw Error(ErrorKind::unmet, doing, "its limits can't be changed: " + way.trouble(),
                "prlimit and setpriv are in util-linux");
  return process;
}

}  // namespace blackstart
