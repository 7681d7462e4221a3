#include "faults/node_clock.h"

#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

// The time since boot is read before and after the wall clock, again while that took over 0.2 s: an emulated machine under load
// may need longer than the tolerance to start `date`.
constexpr const char* kRead =
    "i=0; while :; do read -r u x </proc/uptime; w=$(date +%s%3N); read -r v x </proc/uptime; "
    "[ $((${v%.*}${v#*.} - ${u%.*}${u#*.})) -gt 20 ] && [ $i -lt 9 ] || break; i=$((i + 1)); done; "
    "printf 'Boot=%s\\nWall=%s\\nUptime=%s\\nUptime=%s\\nEnd=1\\n' \"$(cat /proc/sys/kernel/random/boot_id)\" $w $u $v";

constexpr const char* kTimeServices =
    "chrony.service chronyd.service ntp.service ntpd.service ntpsec.service openntpd.service systemd-timesyncd.service "
    "phc2sys.service";

}  // namespace

NodeClock read_node_clock(FaultContext context, const std::string& node, const Deadline& deadline) {
  const std::string doing = "reading the clock of " + node;
  const std::int64_t before = context.clock.wall();
  const Answer answer(context.remote, doing, node, kRead, deadline);
  const std::int64_t runner_ms = (before + (context.clock.wall() - before) / 2) / 1'000'000;
  std::istringstream in(answer.text("Uptime") + " " + answer.all("Uptime").back());
  double begin = 0, end = 0;
  if (!(in >> begin >> end)) throw Error(ErrorKind::unmet, doing, "/proc/uptime is not understood: " + in.str());
  const std::int64_t wall_ms = answer.number("Wall");
  return {answer.text("Boot"), wall_ms - std::llround((begin + end) * 500), wall_ms - runner_ms};
}

std::string move_clock_script(std::int64_t by_ms) {
  return fmt::format("t=$(($(date +%s%3N) + {})) && date -s @$((t / 1000)).$(printf %03d $((t % 1000))) >/dev/null", by_ms);
}

std::string set_clock_script(const std::string& boot, std::int64_t since_boot_ms) {
  return fmt::format(
      "[ \"$(cat /proc/sys/kernel/random/boot_id)\" = {0} ] || exit 0\n"
      "read -r up x </proc/uptime; t=$((${{up%.*}} * 1000 + 1${{up#*.}} * 10 - 1000 + {1})); off=$(($(date +%s%3N) - "
      "t))\n"
      "[ ${{off#-}} -le {2} ] || date -s @$((t / 1000)).$(printf %03d $((t % 1000))) >/dev/null",
      boot, since_boot_ms, kClockToleranceMs);
}

std::vector<std::string> active_time_services(FaultContext context, const std::string& node, const Deadline& deadline) {
  const std::string ask = fmt::format(
      "for u in {}; do s=$(systemctl is-active $u); [ -n \"$s\" ] || exit 1; [ \"$s\" != active ] || echo Unit=$u; done; echo "
      "End=1",
      kTimeServices);
  return Answer(context.remote, "looking for time services on " + node, node, ask, deadline).all("Unit");
}

}  // namespace blackstart
