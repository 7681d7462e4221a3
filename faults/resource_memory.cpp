// resource.memory: a process of ours that takes memory and keeps it.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/load_unit.h"
#include "faults/resource.h"
#include "faults/resource_load.h"

namespace blackstart {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kLeast = 16 * kMiB;  // less is lost in what other processes do
constexpr std::int64_t kFloor = 64 * kMiB;  // without which the node could not even undo it
constexpr double kFloorShare = 0.02;        // of the node's memory
constexpr double kTaken = 0.95;             // of it must be resident
constexpr double kMissed = 0.5;             // of it must be missing in MemAvailable: others give some back meanwhile

struct Parameters {
  std::int64_t size = 0;  // bytes; 0: by share
  double share = 0;       // of what is available
  std::int64_t leave = 0;
};

class MemoryLoad final : public Load {
 public:
  explicit MemoryLoad(Parameters p) : p_(p) {}

  std::string words() const override { return "a process that holds " + format_size(size_); }
  std::string expected() const override {
    return fmt::format("a process of ours holds {}, and at least half of that is missing in the available memory",
                       format_size(size_));
  }

  void check(FaultContext context, const std::string& node, const Deadline& deadline) override {
    const std::string doing = "looking at the memory of " + node;
    const Answer answer(
        context.remote, doing, node,
        "awk '/^(MemTotal|MemAvailable):/ {sub(\":\", \"\", $1); print $1 \"=\" $2}' /proc/meminfo && echo End=1", deadline);
    before_ = answer.number("MemAvailable") * 1024;
    const auto total = static_cast<double>(answer.number("MemTotal")) * 1024;
    const std::int64_t floor = std::max({kFloor, p_.leave, static_cast<std::int64_t>(total * kFloorShare)});
    size_ = p_.size ? p_.size : static_cast<std::int64_t>(p_.share * static_cast<double>(before_)) / kMiB * kMiB;
    if (before_ - size_ < floor)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("{} of {} that are available would leave less than the floor of {}", format_size(size_),
                              format_size(before_), format_size(floor)),
                  "take less: the kernel would end other processes");
    if (size_ < kLeast) throw Error(ErrorKind::unmet, doing, fmt::format("{} is too little to be seen", format_size(size_)));
  }

  // tail keeps what it was given until a line ends, and it never does. Where the kernel ends it all the same, it starts again:
  // the fault holds until it is undone.
  std::string script(const std::string&) const override {
    return fmt::format("while :; do {{ head -c {} /dev/zero; exec sleep infinity; }} | tail >/dev/null; sleep 1; done", size_);
  }

  bool look(FaultContext context, const std::string& node, Evidence& evidence, const Deadline& deadline) override {
    const std::string doing = "looking at the memory of " + node;
    const Answer answer(
        context.remote, doing, node,
        fmt::format("systemctl show {} -p MainPID | {{ IFS== read -r x p; cat /proc/meminfo /proc/[0-9]*/status "
                    "2>/dev/null | awk -v m=\"$p\" '/^MemAvailable:/ {{print \"Available=\" $2}} /^PPid:/ {{p = $2}} "
                    "/^VmRSS:/ {{if (p == m && m > 0) s += $2}} END {{print \"Ours=\" s + 0; print \"End=1\"}}'; }}",
                    load_unit(context.id)),
        deadline);
    const std::int64_t ours = answer.number("Ours") * 1024, now = answer.number("Available") * 1024;
    evidence.observed =
        fmt::format("ours hold {}, available were {} and are {}", format_size(ours), format_size(before_), format_size(now));
    return static_cast<double>(ours) >= kTaken * static_cast<double>(size_) &&
           static_cast<double>(before_ - now) >= kMissed * static_cast<double>(size_);
  }

 private:
  const Parameters p_;
  std::int64_t before_ = 0, size_ = 0;  // bytes
};

class MemorySettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.size({"size", "memory that is taken"}, p_.size);
    f.ratio({"part", "of the memory that is available when it begins, in place of `size`"}, p_.share);
    if (f.reading() && f.has("size") == f.has("part")) f.problem("size", "exactly one of 'size' and 'part' is wanted");
    f.size({"leave", "never take so much that less than this stays available; at least 64MiB and 2 % of all"}, p_.leave);
    if (f.has("size") && p_.size <= 0) f.problem("size", "it is nothing");
    if (f.has("part") && p_.share <= 0) f.problem("part", "it is nothing");
  }
  std::string summary() const override {
    return p_.size ? format_size(p_.size) + " of memory taken" : format_ratio(p_.share) + " of the available memory taken";
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {
        p_.size ? std::pair<std::string, std::string>{"size", format_size(p_.size)}
                : std::pair<std::string, std::string>{"part", format_ratio(p_.share)}};
    if (p_.leave) all.emplace_back("leave", format_size(p_.leave));
    return all;
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return make_load_fault(std::make_unique<MemoryLoad>(p_), node, context);
  }

 private:
  Parameters p_;
};

}  // namespace

const FaultAbout kResourceMemoryAbout = {
    "They stay open; answers come later where the node must swap or read files again.",
    "A process of ours is resident with that size and the node's MemAvailable has fallen; nobody else can see it.",
    "The unit of ours is stopped; without the runner by a systemd timer on the node. Should memory run out all the same, the "
    "kernel ends ours first.",
    "systemd, head, tail and awk on the node."};

std::unique_ptr<FaultSettings> resource_memory_settings() { return std::make_unique<MemorySettings>(); }

}  // namespace blackstart
