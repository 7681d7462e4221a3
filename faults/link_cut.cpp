#include "faults/link_cut.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/drop_fault.h"
#include "faults/peers.h"

namespace blackstart {
namespace {

class CutSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.choice({"form", "silent: packets are dropped and nobody is told; carrier: the node sees its link go down"}, form_,
             {"silent", "carrier"});
    f.choice({"via", "node: on the node itself; switch: at the lab's simulated switch (labs only)"}, via_, {"node", "switch"});
    f.choice({"direction", "of the silent form on the node: what arrives (in), what leaves (out), or both"}, direction_,
             {"both", "in", "out"});
    f.object({"towards", "only towards these peers; of the silent form on the node"},
             [this](Fields& inner) { peers_.describe(inner); });
    f.name({"device", "interface on the node; without it the one that has the node's data address"}, device_);
    if (std::int64_t port = 0; f.integer(
            {"port", "TCP port of the node at which other nodes watch; without it that of its SSH server"}, port, {1, 65535}))
      port_ = port;
    check(f);
  }

  std::string summary() const override {
    if (via_ == "switch") return fmt::format("{} cut at the switch", form_);
    if (form_ == "carrier") return fmt::format("link down of {}", device_words());
    std::string words = fmt::format("silent cut of {}", device_words());
    if (direction_ != "both") words += direction_ == "in" ? ", what arrives" : ", what leaves";
    return peers_.text().empty() ? words : words + ", towards " + peers_.text();
  }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"form", form_}, {"via", via_}, {"direction", direction_}};
    if (const std::string peers = peers_.text(); !peers.empty()) all.emplace_back("towards", peers);
    if (!device_.empty()) all.emplace_back("device", device_);
    if (port_) all.emplace_back("port", std::to_string(*port_));
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    WatchPlan plan;
    plan.target = node;
    plan.port = port_;
    if (via_ == "switch")
      return make_port_fault(node, context, node.port, form_ == "carrier" ? PortForm::down : PortForm::silent,
                             form_ == "carrier", cut_watch(context, plan));
    if (form_ == "carrier") return make_carrier_fault(node, context, device_, cut_watch(context, plan));
    return make_silent(node, context, plan);
  }

 private:
  void check(Fields& f) const {
    const bool silent_on_node = form_ == "silent" && via_ == "node";
    if (silent_on_node) return;
    const std::string why = via_ == "switch" ? "a switch's port" : "a link that is down";
    if (direction_ != "both") f.problem("direction", why + " has no direction", "form: silent, via: node can do that");
    if (!peers_.text().empty()) f.problem("towards", why + " cuts everybody off", "form: silent, via: node can do that");
    if (via_ == "switch" && !device_.empty()) f.problem("device", "the switch knows nothing of it", "leave it out");
  }

  std::string device_words() const { return device_.empty() ? "the data interface" : device_; }

  std::unique_ptr<TargetFault> make_silent(const Node& node, FaultContext context, WatchPlan plan) const {
    const ResolvedPeers peers = resolve_peers(peers_, context.cloud, node.name);
    DropRules rules;
    rules.arriving = direction_ != "out";
    rules.leaving = direction_ != "in";
    rules.from = peers.addresses;
    rules.ports = peers_.ports;
    plan.anybody = peers_.anybody();
    plan.among = peers.nodes;
    if (!peers_.ports.empty()) {
      plan.pings = false;
      if (!plan.port) plan.port = peers_.ports.front();
    }
    return make_drop_fault(node, context, fmt::format("{} on {}", summary(), node.name), device_, std::move(rules),
                           cut_watch(context, std::move(plan)));
  }

  std::string form_ = "silent", via_ = "node", direction_ = "both", device_;
  Peers peers_;
  std::optional<std::int64_t> port_;
};

}  // namespace

const FaultAbout kLinkCutAbout = {
    "They stay open and hang: nothing is acknowledged, nothing refused, until a timeout of theirs. On the node itself, sending "
    "datagrams may fail with 'Operation not permitted' (silent) or 'Network is unreachable' (carrier).",
    "Silent: our nft table is there and its counters move. Carrier: the interface is down. And a connection that another node "
    "held open before stalls, its pings are not answered any more.",
    "The table of ours is deleted, or the link set up with its routes and addresses; without the runner by a systemd timer on "
    "the node. At the lab's switch by a process on the runner's machine.",
    "nftables and bash for the silent form; on another node python3, flock, bash and ping; a management interface of its own "
    "for "
    "the carrier form."};

std::unique_ptr<FaultSettings> link_cut_settings() { return std::make_unique<CutSettings>(); }

}  // namespace blackstart
