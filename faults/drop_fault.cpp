#include "faults/drop_fault.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/facts.h"

namespace blackstart {
namespace {

constexpr Duration kOrderLimit = 10s;
constexpr std::int64_t kDiscard = 9;  // the port of that service (RFC 863)

class DropFault final : public NetworkFault {
 public:
  DropFault(const Node& node, FaultContext context, std::string doing, std::string device, DropRules rules,
            std::unique_ptr<ThirdParty> third)
      : NetworkFault(node, context, std::move(third)),
        doing_(std::move(doing)),
        device_(std::move(device)),
        rules_(std::move(rules)) {}

 private:
  void check(const Deadline& deadline) override {
    rules_.network = read_network(context_, node_, device_, deadline);
    require_no_drop(context_, node_.name, deadline);
  }
  UndoRecord own_record() const override { return {"nft.absent", node_.name, {{"id", context_.id}}}; }
  void prepare(const Deadline& deadline) override { stage_drop(context_, node_.name, rules_, deadline); }
  std::string doing() const override { return doing_; }
  std::string order() const override { return "nft -f " + drop_file(context_.id); }
  std::string expected() const override {
    const char* const ways = !rules_.leaving ? "arriving" : !rules_.arriving ? "leaving" : "arriving and leaving";
    return fmt::format("the nft table {} on {} drops {} packets{}", drop_table(context_.id), node_.name, ways,
                       rules_.one_device ? " on " + rules_.network.device : "");
  }
  bool look(std::string& observed, const Deadline& deadline) override {
    const DropCounts now = read_drop(context_, node_.name, drop_table(context_.id), deadline, something_leaves());
    observed = now.there ? fmt::format("dropped {} arriving, {} leaving", now.arriving, now.leaving) : "there is no such table";
    const bool arriving_expected = rules_.arriving && !(rules_.mutual && rules_.leaving);
    return now.there && (!arriving_expected || now.arriving > 0) && (!rules_.leaving || now.leaving > 0);
  }

  // A quiet node, to which nothing arrives any more that it would answer, sends nothing: a datagram of ours is what it drops.
  std::string something_leaves() const {
    const std::string to = witness_address();
    if (!rules_.arriving || !rules_.leaving || !is_address(to)) return "";
    return fmt::format("bash -c 'echo >/dev/udp/{}/{}' 2>/dev/null; ", to,
                       rules_.ports.empty() ? kDiscard : rules_.ports.front());
  }

  const std::string doing_, device_;
  DropRules rules_;
};

}  // namespace

std::unique_ptr<TargetFault> make_drop_fault(const Node& node, FaultContext context, const std::string& doing,
                                             const std::string& device, DropRules rules, std::unique_ptr<ThirdParty> third) {
  return std::make_unique<DropFault>(node, context, doing, device, std::move(rules), std::move(third));
}

// A table that isn't there can't be deleted, and is no matter: what counts is what is read afterwards.
std::string nft_absent_command(const UndoRecord& record) {
  const std::string id = id_fact(record);
  return fmt::format("nft delete table inet {} 2>/dev/null; rm -f {}", drop_table(id), drop_file(id));
}

std::vector<Evidence> nft_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string expected = fmt::format("the nft table of the injection is gone on {}", record.node);
  try {
    const std::string command = nft_absent_command(record), table = drop_table(id_fact(record));
    return undo_until_gone(record, context, deadline, record.node, expected, [&](const Deadline& until) {
      context.remote.check("deleting the nft table " + table, record.node, command, until.sooner(kOrderLimit));
      const DropCounts now = read_drop(context, record.node, table, until);
      return Gone{!now.there, now.there ? table + " is still there" : table + " is not in the ruleset"};
    });
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace blackstart
