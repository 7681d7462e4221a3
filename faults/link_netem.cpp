#include "faults/link_netem.h"

#include <fmt/format.h>

#include <cctype>

#include "base/error.h"
#include "base/units.h"
#include "faults/drop_fault.h"
#include "faults/peers.h"

namespace blackstart {
namespace {

// "10Mbit" → 10e6 bits a second.
std::optional<double> parse_bit_rate(const std::string& text) {
  for (const auto& [unit, factor] : {std::pair{"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}}) {
    if (!text.ends_with(unit)) continue;
    const auto number = parse_rate(text.substr(0, text.size() - 4) + "/s");
    return number ? std::optional(*number * factor) : std::nullopt;
  }
  return std::nullopt;
}

constexpr double kLeastRate = 8e3, kMostRate = 2e8;  // above that, pings show nothing of it
constexpr Duration kLeastDelay = 1ms;                // below that, pings don't either

// Which of netem's parameters a fault has; of a short form the first is required.
struct Form {
  const char* name;  // "" for all of them
  bool has(const char* parameter) const { return *name == 0 || std::string(name) == parameter; }
};
constexpr Form kAll{""}, kDelay{"delay"}, kLoss{"loss"}, kDuplicate{"duplicate"}, kReorder{"reorder"}, kCorrupt{"corrupt"},
    kRate{"rate"};

class NetemSettings final : public FaultSettings {
 public:
  explicit NetemSettings(const Form& form) : form_(form) {}

  void describe(Fields& f) override {
    describe_netem(f);
    if (&form_ == &kLoss) f.choice({"by", "netem; or nft, for kernels that have no netem"}, by_, {"netem", "nft"});
    f.choice({"direction", "what leaves the node (out), what arrives (in), or both"}, direction_, {"out", "in", "both"});
    f.object({"towards", "only towards these peers"}, [this](Fields& inner) { peers_.describe(inner); });
    f.name({"device", "interface on the node; without it the one that has the node's data address"}, device_);
    if (f.reading()) check(f);
  }

  std::string summary() const override {
    std::string words = netem_.text();
    if (by_ == "nft") words += " by nft";
    words += direction_ == "out" ? " on what leaves" : direction_ == "in" ? " on what arrives" : " both ways";
    return peers_.text().empty() ? words : words + ", towards " + peers_.text();
  }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"netem", netem_.arguments()}, {"direction", direction_}};
    if (&form_ == &kLoss) all.emplace_back("by", by_);
    if (const std::string peers = peers_.text(); !peers.empty()) all.emplace_back("towards", peers);
    if (!device_.empty()) all.emplace_back("device", device_);
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    const ResolvedPeers peers = resolve_peers(peers_, context.cloud, node.name);
    WatchPlan plan;
    plan.target = node;
    plan.anybody = peers_.anybody() && peers_.ports.empty();
    if (peers_.ports.empty()) plan.among = peers.nodes;  // pings have no port
    const int ways = direction_ == "both" ? 2 : 1;
    if (by_ == "nft") {
      DropRules rules;
      rules.arriving = direction_ != "out";
      rules.leaving = direction_ != "in";
      rules.from = peers.addresses;
      rules.ports = peers_.ports;
      rules.share = netem_.loss;
      return make_drop_fault(node, context, fmt::format("{} on {}", summary(), node.name), device_, std::move(rules),
                             netem_watch(context, std::move(plan), netem_, ways));
    }
    Shaping shaping;
    shaping.netem = netem_;
    shaping.arriving = direction_ != "out";
    shaping.leaving = direction_ != "in";
    shaping.towards = peers.addresses;
    shaping.ports = peers_.ports;
    return make_netem_fault(node, context, device_, std::move(shaping), netem_watch(context, std::move(plan), netem_, ways));
  }

 private:
  Field::Need need(const Form& form) const { return &form_ == &form ? Field::required : Field::optional; }

  void describe_netem(Fields& f) {
    if (form_.has("delay") || form_.has("reorder")) {
      f.duration({"delay", "how much later each packet comes", &form_ == &kReorder ? Field::required : need(kDelay)},
                 netem_.delay, {kLeastDelay, 60s});
    }
    if (form_.has("delay")) {
      f.duration({"delay-jitter", "how much the delay varies, up and down"}, netem_.jitter, {0s, 60s});
      f.ratio({"delay-correlation", "how much a packet's delay follows that of the packet before"}, netem_.delay_correlation);
      f.choice({"distribution", "of the jitter"}, netem_.distribution, {"uniform", "normal", "pareto", "paretonormal"});
    }
    share(f, "loss", "share of the packets that is lost", kLoss, netem_.loss);
    share(f, "loss-correlation", "how much a loss follows the one before; netem then loses fewer", kLoss,
          netem_.loss_correlation);
    share(f, "duplicate", "share of the packets that comes twice", kDuplicate, netem_.duplicate);
    share(f, "duplicate-correlation", "as loss-correlation", kDuplicate, netem_.duplicate_correlation);
    share(f, "reorder", "share of the packets that overtakes those that are delayed", kReorder, netem_.reorder);
    share(f, "reorder-correlation", "as loss-correlation", kReorder, netem_.reorder_correlation);
    share(f, "corrupt", "share of the packets in which one bit is turned", kCorrupt, netem_.corrupt);
    share(f, "corrupt-correlation", "as loss-correlation", kCorrupt, netem_.corrupt_correlation);
    if (std::string text; form_.has("rate") && f.text({"rate", "bits a second, from 8kbit to 200Mbit", need(kRate)}, text)) {
      netem_.rate = parse_bit_rate(text).value_or(0);
      if (netem_.rate < kLeastRate || netem_.rate > kMostRate)
        f.problem("rate", fmt::format("'{}' is no rate from 8kbit to 200Mbit", text), "as in 512kbit, 10Mbit");
    }
  }

  void share(Fields& f, const char* name, const char* doc, const Form& form, double& value) {
    const bool main = std::string(name) == form.name;
    if (!form_.has(form.name)) return;
    if (f.ratio({name, doc, main ? need(form) : Field::optional}, value) && main && value < 0.001)
      f.problem(name, "a share below 0.1 % could not be seen", "raise it");
  }

  void check(Fields& f) const {
    const Netem& n = netem_;
    if (form_.has("delay") && &form_ == &kAll && n.nothing() && !f.has("rate"))
      f.problem("delay", "nothing is asked for", "one of delay, loss, duplicate, reorder, corrupt, rate");
    if (n.jitter > n.delay) f.problem("delay-jitter", "it is larger than the delay", "a delay can't be negative");
    if (n.reorder > 0 && n.delay <= Duration{0})
      f.problem("reorder", "without a delay nothing can be overtaken", "add 'delay'");
    if (n.loss >= 1 || n.corrupt >= 1)
      f.problem(n.loss >= 1 ? "loss" : "corrupt", "with all packets hit it is a cut",
                "use link.cut, which is proven by other evidence");
    if (n.corrupt > 0 && (n.delay > Duration{0} || n.rate > 0))
      f.problem("corrupt", "beside a delay or a rate it can't be proven: times that were damaged mislead ping",
                "inject it as a fault of its own");
    if (by_ == "nft" && n.loss_correlation > 0) f.problem("loss-correlation", "nft draws each packet by itself", "by: netem");
    if ((n.delay_correlation > 0 || !n.distribution.empty()) && n.jitter <= Duration{0})
      f.problem("delay-jitter", "correlation and distribution are those of the jitter", "add 'delay-jitter'");
  }

  const Form& form_;
  Netem netem_;
  Peers peers_;
  std::string by_ = "netem", direction_ = "out", device_;
};

}  // namespace

const FaultAbout kLinkNetemAbout = {
    "They go on, as slowly and with as many losses as is asked for; the runner's own SSH connection is left out.",
    "netem of ours stands there with what was asked for and nothing else; and another node measures it by ping: the rise of "
    "the "
    "median, the share that is lost, doubled or early.",
    "The qdiscs with our handle and our ifb are deleted; without the runner by a systemd timer on the node.",
    "sch_netem in the node's kernel (with 'towards' sch_prio and cls_u32; for what arrives sch_ingress, ifb, act_mirred); no "
    "root qdisc of others on the interface; ping on another node."};
const FaultAbout kLinkLossAbout = {
    "They go on, slowed down by what must be sent again.",
    "netem of ours stands there, or our nft table whose counters move; and another node counts lost pings: as many as a "
    "binomial "
    "count of that share may have.",
    "The qdiscs with our handle, or the table, are deleted; without the runner by a systemd timer on the node.",
    "sch_netem in the node's kernel, or nftables with numgen (by: nft); ping on another node."};

std::unique_ptr<FaultSettings> link_netem_settings() { return std::make_unique<NetemSettings>(kAll); }
std::unique_ptr<FaultSettings> link_delay_settings() { return std::make_unique<NetemSettings>(kDelay); }
std::unique_ptr<FaultSettings> link_loss_settings() { return std::make_unique<NetemSettings>(kLoss); }
std::unique_ptr<FaultSettings> link_duplicate_settings() { return std::make_unique<NetemSettings>(kDuplicate); }
std::unique_ptr<FaultSettings> link_reorder_settings() { return std::make_unique<NetemSettings>(kReorder); }
std::unique_ptr<FaultSettings> link_corrupt_settings() { return std::make_unique<NetemSettings>(kCorrupt); }
std::unique_ptr<FaultSettings> link_rate_settings() { return std::make_unique<NetemSettings>(kRate); }

}  // namespace blackstart
