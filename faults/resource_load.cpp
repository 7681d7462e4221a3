#include "faults/resource_load.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/facts.h"
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

  void preflight(const Deadline& deadline) override {
    load_->check(context_, node_.name, deadline);
    if (!load_->folder().empty() && !is_plain_path(load_->mount()))
      throw Error(ErrorKind::unmet, looking(),
                  fmt::format("the mount point of its file system, '{}', is no plain absolute path", load_->mount()),
                  "choose a folder of another file system");
  }

  UndoRecord undo_record() const override {
    return load_absent_record(context_.id, node_.name, load_->folder(), load_->mount());
  }

  void stage(const Deadline& deadline) override {
    const std::string mount = load_->mount();
    load_->check(context_, node_.name, deadline);
    if (load_->mount() != mount)
      throw Error(ErrorKind::unmet, looking(),
                  fmt::format("its file system is the one of {}; at preflight it was the one of {}", load_->mount(), mount),
                  "somebody mounts or unmounts there");
  }

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

  std::vector<Evidence> look_again(const Deadline& deadline) override {
    load_->begin_again();
    return confirm(deadline);
  }

 private:
  std::string looking() const { return fmt::format("looking at {} on {}", load_->folder(), node_.name); }

  std::unique_ptr<Load> load_;
  const Node node_;
  FaultContext context_;
};

}  // namespace

std::unique_ptr<TargetFault> make_load_fault(std::unique_ptr<Load> load, const Node& node, FaultContext context) {
  return std::make_unique<LoadFault>(std::move(load), node, context);
}

}  // namespace blackstart
