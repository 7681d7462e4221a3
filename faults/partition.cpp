// The fault group.partition: groups of nodes that do not see each other, in one of three shapes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "faults/isolation.h"
#include "faults/isolation_common.h"
#include "faults/peers.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

// How many neighbours on each side of the ring make a majority together with the group itself.
std::size_t ring_reach(std::size_t count) { return (count / 2 + 1) / 2; }

class PartitionSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.text_lists({"groups", "who is in which group: [[dc1], [dc2, dc3]]; sites, racks or nodes", Field::required}, groups_);
    f.choice({"shape",
              "split: a group sees only itself; bridge: the second of three sees both others, which don't see each other; "
              "majorities-ring: each sees a majority, no two the same"},
             shape_, {"split", "bridge", "majorities-ring"});
    if (std::int64_t port = 0; f.integer(
            {"port", "TCP port of the nodes at which others watch; without it that of their SSH server"}, port, {1, 65535}))
      port_ = port;
    if (f.reading() && !groups_.empty()) check(f);
  }

  std::string summary() const override {
    std::vector<std::string> words;
    for (const Names& group : groups_) words.push_back(fmt::format("{}", fmt::join(group, ", ")));
    return fmt::format("{} into {}", shape_ == "split" ? "partition" : shape_, fmt::join(words, " | "));
  }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::string> words;
    for (const Names& group : groups_) words.push_back(fmt::format("[{}]", fmt::join(group, ", ")));
    std::vector<std::pair<std::string, std::string>> all = {{"groups", fmt::format("[{}]", fmt::join(words, ", "))},
                                                            {"shape", shape_}};
    if (port_) all.emplace_back("port", std::to_string(*port_));
    return all;
  }

  bool names_targets() const override { return true; }

  // A group that sees all others has nothing to be done on its nodes.
  Names targets(const Cloud& cloud) const override {
    const auto groups = members(cloud);
    Names all;
    for (const Node& node : cloud.nodes)
      if (const std::size_t group = group_of(groups, node.name); group < groups.size() && !unseen(groups, group).empty())
        all.push_back(node.name);
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    const auto groups = members(context.cloud);
    NodeIsolation isolation;
    isolation.doing = fmt::format("{} on {}", summary(), node.name);
    isolation.outside = unseen(groups, group_of(groups, node.name));
    isolation.mutual = true;
    isolation.port = port_;
    return make_isolation(node, context, isolation);
  }

 private:
  void check(Fields& f) const {
    const auto count = groups_.size();
    if (count < 2) f.problem("groups", "one group is no partition", "name two groups or more");
    if (shape_ == "bridge" && count != 3)
      f.problem("groups", fmt::format("a bridge has three groups, the second between the others; here are {}", count));
    if (shape_ == "majorities-ring" && 2 * ring_reach(count) + 1 >= count)
      f.problem("groups", fmt::format("with {} groups each would see all others", count), "a ring needs four groups or more");
    for (const Names& group : groups_)
      if (group.empty()) f.problem("groups", "a group is empty");
  }

  std::vector<Names> members(const Cloud& cloud) const {
    std::vector<Names> all;
    for (const Names& group : groups_) {
      all.push_back(members_of(group, cloud));
      for (const std::string& name : all.back())
        if (group_of(all, name) + 1 != all.size())
          throw Error(ErrorKind::unmet, "looking for the groups' members", name + " is in two groups");
    }
    return all;
  }

  static std::size_t group_of(const std::vector<Names>& groups, const std::string& name) {
    return static_cast<std::size_t>(
        std::find_if(groups.begin(), groups.end(), [&](const Names& group) { return contains(group, name); }) - groups.begin());
  }

  Names unseen(const std::vector<Names>& groups, std::size_t from) const {
    Names names;
    for (std::size_t other = 0; other < groups.size(); ++other)
      if (!sees(shape_, groups.size(), from, other)) names.insert(names.end(), groups[other].begin(), groups[other].end());
    return names;
  }

  std::vector<Names> groups_;
  std::string shape_ = "split";
  std::optional<std::int64_t> port_;
};

}  // namespace

const FaultAbout kPartitionAbout = {
    "They stay open and hang, where they cross the partition: packets are dropped before connection tracking. Inside of a "
    "group "
    "they go on.",
    "On each node our nft table is there and its counters move; and a connection that a node of another group held open before "
    "stalls, its pings are not answered any more.",
    "The tables are deleted; without the runner by a systemd timer on each node.",
    "nftables, python3, flock, bash and ping on the nodes. Nodes in no group go on to see everybody."};

std::unique_ptr<FaultSettings> group_partition_settings() { return std::make_unique<PartitionSettings>(); }

bool sees(const std::string& shape, std::size_t count, std::size_t a, std::size_t b) {
  if (a == b) return true;
  if (shape == "bridge") return a == 1 || b == 1;
  if (shape != "majorities-ring") return false;
  const std::size_t apart = a > b ? a - b : b - a;
  return std::min(apart, count - apart) <= ring_reach(count);
}

}  // namespace blackstart
