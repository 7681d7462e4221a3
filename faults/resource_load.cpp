#include "faults/resource_load.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/load_unit.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 250ms;
constexpr Duration kReadLimit = 5s;  // a node under load answers late
constexpr Duration kOrderLimit = 10s;

class LoadFault final : public TargetFault {
 public:
  LoadFault(std::unique_ptr<Load> load, Node node, FaultContext context)
      : load_(std::move(load)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override { load_->check(context_, node_.name, deadline); }

  UndoRecord undo_record() const override { return load_absent_record(context_.id, node_.name, load_->folder()); }

  void stage(const Deadline& deadline) override { load_->check(context_, node_.name, deadline); }

  void fire(const Deadline& deadline) override {
    const std::string file = load_->folder().empty() ? "" : load_file(context_.id, load_->folder());
    context_.remote.check(fmt::format("starting {} on {}", load_->words(), node_.name), node_.name,
                          guarded_order(context_.id, load_order(context_.id, load_->script(file), file)),
                          deadline.sooner(kOrderLimit));
  }

  // Nobody else can see what a node has to spare: its own word is all there is.
  std::vector<Evidence> confirm(const Deadline& deadline) override {
    return see(
        {piece(node_.name, load_->expected() + " (nobody else can see that: no second witness)",
               [&](Evidence& evidence) { return load_->look(context_, node_.name, evidence, deadline.sooner(kReadLimit)); })},
        context_.clock, deadline, kPoll);
  }

  bool looks_again() const override { return true; }

 private:
  std::unique_ptr<Load> load_;
  const Node node_;
  FaultContext context_;
};

}  // namespace

std::unique_ptr<TargetFault> make_load_fault(std::unique_ptr<Load> load, const Node& node, FaultContext context) {
  return std::make_unique<LoadFault>(std::move(load), node, context);
}

}  // namespace blackstart
