// resource.cpu: processes of ours that compute without end.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/load_unit.h"
#include "faults/resource.h"
#include "faults/resource_load.h"

namespace blackstart {
namespace {

constexpr Duration kWindow = 1s;     // over which the use is measured
constexpr double kIdleLeft = 0.25;   // cores that may be idle by chance, of those that should be busy
constexpr double kLeastOurs = 0.05;  // of the cores that we want, on a node that others keep busy as well
constexpr double kTicks = 100;       // USER_HZ, the same on all Linux machines that Debian runs on

struct Parameters {
  std::int64_t workers = 0;  // 0: by share
  double share = 1;          // of the cores
};

struct Reading {
  double at = 0, idle = 0, ours = 0;  // seconds: since boot, of idle cores together, of our unit
};

class CpuLoad final : public Load {
 public:
  explicit CpuLoad(Parameters p) : p_(p) {}

  std::string words() const override { return fmt::format("{} busy processes", workers_); }
  std::string expected() const override {
    return fmt::format("{} of {} cores are busy, {} processes of ours among what they do", wanted(), cores_, workers_);
  }

  void check(FaultContext context, const std::string& node, const Deadline& deadline) override {
    cores_ = Answer(context.remote, "counting the cores of " + node, node,
                    "printf 'Cores=%s\\nEnd=1\\n' $(grep -c '^cpu[0-9]' /proc/stat)", deadline)
                 .number("Cores");
    if (cores_ < 1) throw Error(ErrorKind::unmet, "counting the cores of " + node, "/proc/stat names none");
    workers_ = p_.workers ? p_.workers : static_cast<std::int64_t>(std::ceil(p_.share * static_cast<double>(cores_)));
  }

  std::string script(const std::string&) const override {
    return fmt::format("i=1; while [ $i -lt {} ]; do while :; do :; done & i=$((i + 1)); done; while :; do :; done", workers_);
  }

  bool look(FaultContext context, const std::string& node, Evidence& evidence, const Deadline& deadline) override {
    const Reading now = read(context, node, deadline);
    if (!first_) first_ = now;
    const double seconds = now.at - first_->at;
    if (seconds < std::chrono::duration<double>(kWindow).count()) {
      if (!measured_) evidence.observed = "measured for too short a time";
      return false;
    }
    const double idle = (now.idle - first_->idle) / seconds, ours = (now.ours - first_->ours) / seconds;
    evidence.observed = fmt::format("over {:.1f} s {:.2f} cores were idle, ours used {:.2f}", seconds, idle, ours);
    first_ = now;
    measured_ = true;
    return idle <= static_cast<double>(cores_ - wanted()) + kIdleLeft && ours >= kLeastOurs * static_cast<double>(wanted());
  }

 private:
  std::int64_t wanted() const { return std::min(workers_, cores_); }

  static Reading read(FaultContext context, const std::string& node, const Deadline& deadline) {
    const std::string doing = fmt::format("measuring the use of {}'s cores", node);
    const Answer answer(context.remote, doing, node,
                        fmt::format("systemctl show {} -p CPUUsageNSec && read u x </proc/uptime && read l </proc/stat && "
                                    "printf 'Uptime=%s\\nStat=%s\\nEnd=1\\n' \"$u\" \"$l\"",
                                    load_unit(context.id)),
                        deadline);
    // proc(5): "cpu user nice system idle iowait …" in ticks.
    std::istringstream stat(answer.text("Stat")), uptime(answer.text("Uptime"));
    std::string cpu;
    double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, at = 0;
    stat >> cpu >> user >> nice >> system >> idle >> iowait;
    uptime >> at;
    if (!stat || !uptime || cpu != "cpu") throw Error(ErrorKind::unmet, doing, "/proc/stat is not understood");
    return {at, (idle + iowait) / kTicks, static_cast<double>(answer.number("CPUUsageNSec")) / 1e9};
  }

  const Parameters p_;
  std::int64_t cores_ = 0, workers_ = 0;
  std::optional<Reading> first_;
  bool measured_ = false;
};

class CpuSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.integer({"workers", "busy processes; without it as many as `part` of the cores"}, p_.workers, {1, 1024});
    f.ratio({"part", "of the node's cores that are kept busy, rounded up to whole ones"}, p_.share);
    if (f.has("workers") && f.has("part")) f.problem("part", "give 'workers' or 'part', not both");
    if (f.has("part") && p_.share <= 0) f.problem("part", "it is nothing");
  }
  std::string summary() const override {
    return p_.workers ? fmt::format("{} processes that keep cores busy", p_.workers)
                      : fmt::format("{} of the cores kept busy", format_ratio(p_.share));
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    if (p_.workers) return {{"workers", std::to_string(p_.workers)}};
    return {{"part", format_ratio(p_.share)}};
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return make_load_fault(std::make_unique<CpuLoad>(p_), node, context);
  }

 private:
  Parameters p_;
};

}  // namespace

const FaultAbout kResourceCpuAbout = {"They stay open; answers come later.",
                                      "The node's /proc/stat shows the cores busy and systemd's count for our unit shows that "
                                      "it is ours; nobody else can see it.",
                                      "The unit of ours is stopped; without the runner by a systemd timer on the node.",
                                      "systemd 240 or later on the node."};

std::unique_ptr<FaultSettings> resource_cpu_settings() { return std::make_unique<CpuSettings>(); }

}  // namespace blackstart
