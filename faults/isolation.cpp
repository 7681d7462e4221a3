#include "faults/isolation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "faults/drop_fault.h"
#include "faults/isolation_common.h"
#include "faults/link_cut.h"
#include "faults/peers.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

// In what the three faults differ.
struct Kind {
  const char* field;
  const char* doc;
  bool several;  // a list of names of any kind
};
constexpr Kind kSite{"site", "the site that is cut off", false};
constexpr Kind kRack{"rack", "the rack that is cut off", false};
constexpr Kind kGroup{"members", "sites, racks and nodes that are cut off together, and go on to see each other", true};

class IsolateSettings final : public FaultSettings {
 public:
  explicit IsolateSettings(const Kind& kind) : kind_(kind) {}

  void describe(Fields& f) override {
    if (kind_.several)
      f.texts({kind_.field, kind_.doc, Field::required}, members_);
    else if (std::string name; f.name({kind_.field, kind_.doc, Field::required}, name))
      members_ = {name};
    f.texts({"from", "everybody, or the names of sites, racks and nodes"}, from_);
    f.choice({"direction", "both, or only what arrives (in) or leaves (out), as the isolated nodes see it"}, direction_,
             {"both", "in", "out"});
    if (&kind_ == &kSite)
      f.choice({"via", "node: by nft on each node; switch: by the site's uplink (labs only)"}, via_, {"node", "switch"});
    std::int64_t port = 0;
    if (f.integer({"port", "TCP port of the nodes at which others watch; without it that of their SSH server"}, port,
                  {1, 65535}))
      port_ = port;
    if (from_.size() > 1 && contains(from_, "everybody")) f.problem("from", "'everybody' includes the others", "name only one");
    if (via_ == "switch" && (!everybody() || direction_ != "both"))
      f.problem("via", "an uplink that is cut cuts everybody off, in both directions", "via: node can do that");
  }

  std::string summary() const override {
    std::string words = fmt::format("{} {} cut off from {}", kind_.field, fmt::join(members_, ", "), fmt::join(from_, ", "));
    if (direction_ != "both") words += direction_ == "in" ? ", what arrives" : ", what leaves";
    return via_ == "switch" ? words + " at its uplink" : words;
  }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{kind_.field, fmt::format("{}", fmt::join(members_, ", "))},
                                                            {"from", fmt::format("{}", fmt::join(from_, ", "))},
                                                            {"direction", direction_}};
    if (&kind_ == &kSite) all.emplace_back("via", via_);
    if (port_) all.emplace_back("port", std::to_string(*port_));
    return all;
  }

  bool names_targets() const override { return true; }

  Names targets(const Cloud& cloud) const override {
    outside(cloud);  // throws for names that the cloud doesn't have
    return inside(cloud);
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    const Names in = inside(context.cloud), out = outside(context.cloud);
    if (via_ == "switch") return at_uplink(node, context, in);
    NodeIsolation isolation;
    isolation.doing = fmt::format("{} on {}", summary(), node.name);
    isolation.everybody = everybody();
    isolation.port = port_;
    isolation.inside = in;
    isolation.outside = out;
    isolation.vip = true;
    isolation.arriving = direction_ != "out";
    isolation.leaving = direction_ != "in";
    return make_isolation(node, context, isolation);
  }

 private:
  bool everybody() const { return from_ == Names{"everybody"}; }

  Names inside(const Cloud& cloud) const {
    if (kind_.several) return members_of(members_, cloud);
    Peers only;
    (&kind_ == &kSite ? only.sites : only.racks) = members_;
    return resolve_peers(only, cloud, "").nodes;
  }

  Names outside(const Cloud& cloud) const {
    if (everybody()) return {};
    Names out = members_of(from_, cloud);
    const Names in = inside(cloud);
    for (const std::string& name : out)
      if (contains(in, name))
        throw Error(ErrorKind::unmet, "looking for whom to isolate", name + " would be cut off from itself",
                    "name others in 'from'");
    return out;
  }

  std::unique_ptr<TargetFault> at_uplink(const Node& node, FaultContext context, const Names& in) const {
    const auto site = std::find_if(context.cloud.sites.begin(), context.cloud.sites.end(),
                                   [&](const Site& each) { return each.name == node.site; });
    WatchPlan plan;
    plan.target = node;
    plan.avoid = in;
    plan.port = port_;
    return make_port_fault(node, context, site == context.cloud.sites.end() ? "" : site->uplink, PortForm::down, false,
                           cut_watch(context, plan));
  }

  const Kind& kind_;
  Names members_, from_ = {"everybody"};
  std::string direction_ = "both", via_ = "node";
  std::optional<std::int64_t> port_;
};

}  // namespace

const FaultAbout kIsolateAbout = {
    "They stay open and hang: packets are dropped before connection tracking, nothing is refused. Connections inside of what "
    "is "
    "isolated go on.",
    "On each node our nft table is there and its counters move (via switch: the uplink is down, the node keeps its carrier); "
    "and "
    "a connection that a node outside held open before stalls, its pings are not answered any more.",
    "The tables are deleted, the uplink is set up; without the runner by a systemd timer on each node (via switch: by a "
    "process on "
    "the runner's machine).",
    "nftables and bash on the nodes; at least one node outside with python3, flock, bash and ping."};

std::unique_ptr<FaultSettings> site_isolate_settings() { return std::make_unique<IsolateSettings>(kSite); }
std::unique_ptr<FaultSettings> rack_isolate_settings() { return std::make_unique<IsolateSettings>(kRack); }
std::unique_ptr<FaultSettings> group_isolate_settings() { return std::make_unique<IsolateSettings>(kGroup); }

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::unique_ptr<TargetFault> make_isolation(const Node& node, FaultContext context, const NodeIsolation& isolation) {
  DropRules rules;
  rules.one_device = false;
  rules.mutual = isolation.mutual;
  rules.arriving = isolation.arriving;
  rules.leaving = isolation.leaving;
  WatchPlan plan;
  plan.target = node;
  plan.port = isolation.port;
  if (isolation.everybody) {
    rules.keep = addresses_of(isolation.inside, context.cloud, true);
    plan.avoid = isolation.inside;
  } else {
    rules.from = addresses_of(isolation.outside, context.cloud);
    if (isolation.vip && is_address(context.cloud.vip)) rules.from.push_back(context.cloud.vip);
    plan.anybody = false;
    plan.among = isolation.outside;
  }
  return make_drop_fault(node, context, isolation.doing, "", std::move(rules), cut_watch(context, std::move(plan)));
}

}  // namespace blackstart
