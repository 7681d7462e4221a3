// The parameters of the faults that take a node's power or restart it.
#include "base/units.h"
#include "faults/node_fault.h"

namespace blackstart {
namespace {

constexpr Duration kLeastBoot = 10s, kMostBoot = 8min;
constexpr Duration kLeastOff = 1s, kMostOff = 60s;

class NodeSettings final : public FaultSettings {
 public:
  explicit NodeSettings(const NodeAction& action) : action_(action) {}

  void describe(Fields& f) override {
    if (action_.takes_how)
      f.choice({"how",
                "sysrq-c: the kernel panics; sysrq-b: it restarts at once, without writing anything; reset: by BMC or libvirt"},
               parameters_.how, {"sysrq-c", "sysrq-b", "reset"});
    if (action_.takes_off_for)
      f.duration({"off-for", "how long the power stays off, 1s to 60s"}, parameters_.off_for, {kLeastOff, kMostOff});
    if (restarts())
      f.duration({"boots-within",
                  "how long the node may take until it answers again, 10s to 8min; an undo that waits for longer resets it"},
                 parameters_.boots_within, {kLeastBoot, kMostBoot});
  }

  std::string summary() const override { return action_.summary(parameters_); }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all;
    if (action_.takes_how) all.emplace_back("how", parameters_.how);
    if (action_.takes_off_for) all.emplace_back("off-for", format_duration(parameters_.off_for));
    if (restarts()) all.emplace_back("boots-within", format_duration(parameters_.boots_within));
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return make_node_fault(action_, parameters_, node, context);
  }

 private:
  bool restarts() const { return action_.effect != NodeEffect::paused; }

  const NodeAction& action_;
  NodeParameters parameters_;
};

}  // namespace

std::unique_ptr<FaultSettings> node_settings(const NodeAction& action) { return std::make_unique<NodeSettings>(action); }

}  // namespace blackstart
