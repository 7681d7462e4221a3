// The fault link.flap: a unit of ours on the node cuts and uncuts by turns, so that no connection of the runner's is needed in
// between.
#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/drop_fault.h"
#include "faults/facts.h"
#include "faults/link_cut.h"
#include "faults/network_fault.h"
#include "faults/nft.h"
#include "faults/script.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;
constexpr Duration kLeastPart = 1s;  // of a period: shorter ones the witnesses could not tell
constexpr Duration kMostCut = 12s;   // the evidence waits for the first turn

std::string unit_of(const std::string& id) { return "blackstart-flap-" + short_name(id) + ".service"; }

class FlapFault final : public NetworkFault {
 public:
  FlapFault(const Node& node, FaultContext context, std::string device, Duration cut, Duration open,
            std::unique_ptr<ThirdParty> third)
      : NetworkFault(node, context, std::move(third)), device_(std::move(device)), cut_(cut), open_(open) {}

 private:
  void check(const Deadline& deadline) override {
    rules_.network = read_network(context_, node_, device_, deadline);
    require_no_drop(context_, node_.name, deadline);
  }
  UndoRecord own_record() const override { return {"flap.absent", node_.name, {{"id", context_.id}}}; }
  void prepare(const Deadline& deadline) override { stage_drop(context_, node_.name, rules_, deadline); }
  std::string doing() const override { return fmt::format("making {} of {} flap", rules_.network.device, node_.name); }
  std::string order() const override {
    const std::string loop =
        fmt::format("while :; do nft -f {} && sleep {} && nft delete table inet {} && sleep {} || exit 1; done",
                    drop_file(context_.id), seconds(cut_), drop_table(context_.id), seconds(open_));
    return fmt::format("systemd-run --quiet --collect --unit={} {}", unit_of(context_.id), plain_command(loop));
  }
  static std::string seconds(Duration length) { return format_number(std::chrono::duration<double>(length).count()); }

  std::string expected() const override {
    return fmt::format("the nft table {} on {} comes and goes, and drops while it is there", drop_table(context_.id),
                       node_.name);
  }
  bool look(std::string& observed, const Deadline& deadline) override {
    const DropCounts now = read_drop(context_, node_.name, drop_table(context_.id), deadline);
    if (now.there && now.arriving + now.leaving > 0) dropped_ = true;
    if (!now.there && dropped_) gone_ = true;
    observed = !dropped_ ? "it was not seen to drop anything" : gone_ ? "it dropped, and was gone after that" : "it drops";
    return dropped_ && gone_;
  }

  // At this moment it may be open; what cuts it again must be at work.
  bool lasts(std::string& observed, const Deadline& deadline) override {
    const std::string unit = unit_of(context_.id);
    const Answer answer(context_.remote, "looking at " + unit, node_.name,
                        fmt::format("s=$(systemctl show -p ActiveState --value {}) || exit 1; echo State=$s; echo End=1", unit),
                        deadline.sooner(kCallLimit));
    observed = fmt::format("{} is {}", unit, answer.text("State"));
    return answer.text("State") == "active";
  }

  const std::string device_;
  const Duration cut_, open_;
  DropRules rules_;
  bool dropped_ = false, gone_ = false;
};

class FlapSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.duration({"period", "from one cut to the next", Field::required}, period_, {2 * kLeastPart, 60s});
    f.ratio({"duty", "share of the period in which it is cut"}, duty_);
    f.name({"device", "interface on the node; without it the one that has the node's data address"}, device_);
    if (std::int64_t port = 0; f.integer(
            {"port", "TCP port of the node at which other nodes watch; without it that of its SSH server"}, port, {1, 65535}))
      port_ = port;
    if (f.reading() && (cut() < kLeastPart || period_ - cut() < kLeastPart || cut() > kMostCut))
      f.problem("duty",
                fmt::format("it would be cut for {} and open for {}", format_duration(cut()), format_duration(period_ - cut())),
                "both must be 1 s or longer to be seen, and the cut at most 12 s");
  }

  std::string summary() const override {
    return fmt::format("{} flaps silently: cut for {} of every {}", device_.empty() ? "the data interface" : device_,
                       format_duration(cut()), format_duration(period_));
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"period", format_duration(period_)},
                                                            {"duty", format_ratio(duty_)}};
    if (!device_.empty()) all.emplace_back("device", device_);
    if (port_) all.emplace_back("port", std::to_string(*port_));
    return all;
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    WatchPlan plan;
    plan.target = node;
    plan.port = port_;
    return std::make_unique<FlapFault>(node, context, device_, cut(), period_ - cut(), flap_watch(context, std::move(plan)));
  }

 private:
  Duration cut() const { return std::chrono::duration_cast<std::chrono::milliseconds>(period_ * duty_); }

  Duration period_ = 10s;
  double duty_ = 0.5;
  std::string device_;
  std::optional<std::int64_t> port_;
};

std::string stop_command(const UndoRecord& record) {
  return fmt::format("systemctl stop {} 2>/dev/null; ", unit_of(id_fact(record)));
}

}  // namespace

const FaultAbout kLinkFlapAbout = {
    "They hang while it is cut and go on afterwards; those with short timeouts end and are opened anew.",
    "Our nft table drops, and is gone after that; and a connection that another node held open before stalls and goes on.",
    "The unit of ours is stopped and the table deleted; without the runner by a systemd timer on the node.",
    "nftables on the node; on another node python3, flock, bash and ping."};

std::unique_ptr<FaultSettings> link_flap_settings() { return std::make_unique<FlapSettings>(); }

// The unit first: it would make the table anew.
std::string flap_absent_command(const UndoRecord& record) { return stop_command(record) + nft_absent_command(record); }

std::vector<Evidence> flap_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string expected = fmt::format("the unit and the nft table of the injection are gone on {}", record.node);
  try {
    const std::string command = flap_absent_command(record), id = id_fact(record), unit = unit_of(id);
    return undo_until_gone(record, context, deadline, record.node, expected, [&](const Deadline& until) {
      const std::string state = context.remote.check("stopping " + unit, record.node,
                                                     command + fmt::format("; systemctl show -p ActiveState --value {}", unit),
                                                     until.sooner(kCallLimit));
      if (state != "inactive\n") return Gone{false, fmt::format("{} is '{}'", unit, state)};
      const bool there = read_drop(context, record.node, drop_table(id), until).there;
      return Gone{!there, there ? drop_table(id) + " is still there" : "neither is there"};
    });
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace blackstart
