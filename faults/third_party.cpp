#include "faults/third_party.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/node_network.h"
#include "faults/witness.h"

namespace blackstart {
namespace {

constexpr std::size_t kMost = 2;  // witnesses of one target
constexpr Duration kCallLimit = 10s;
constexpr Duration kPoll = 200ms;
constexpr Duration kCannotTell = 12s;  // how long witnesses that can't tell are waited for

struct Watchers {
  std::vector<std::string> names;
  std::string address;
  std::int64_t port = 0;  // 0: they look by ping
  std::string where() const { return port == 0 ? address : fmt::format("{} port {}", address, port); }
};

// None: nobody could notice, and the fault said so.
Watchers watchers_of_record(const UndoRecord& record) {
  Watchers watchers;
  std::istringstream names(fact_or_none(record, "witnesses"));
  for (std::string name; names >> name;) watchers.names.push_back(name);
  if (watchers.names.empty()) return watchers;
  watchers.address = fact(record, "address");
  if (!is_address(watchers.address)) bad_fact(record, "address", "is no address: '" + watchers.address + "'");
  if (!fact_or_none(record, "port").empty()) watchers.port = number_fact(record, "port", 1);
  if (watchers.port > 65535) bad_fact(record, "port", "is no port");
  return watchers;
}

class Undoing {
 public:
  Undoing(const UndoRecord& record, FaultContext context, const Deadline& deadline)
      : context_(context), deadline_(deadline), watchers_(watchers_of_record(record)) {
    witness_.observer = fmt::format("{}", fmt::join(watchers_.names, ", "));
    witness_.expected = fmt::format("{} answers again at {}", record.node, watchers_.where());
    witness_.observed = "not looked at";
  }

  std::vector<Evidence> run(const std::function<Gone(const Deadline&)>& look, Evidence target) {
    target_ = std::move(target);
    wait_until([&] { return step(look); }, deadline_, kPoll);
    if (watchers_.names.empty() || left_out_) return {target_};
    return {target_, witness_};
  }

 private:
  bool step(const std::function<Gone(const Deadline&)>& look) {
    if (!target_.confirmed) look_at_target(look);
    if (!target_.confirmed) return false;
    if (watchers_.names.empty()) return true;
    return ask_watchers() || (left_out_ = nobody_can_tell_ && context_.clock.now() - target_.at >= kCannotTell);
  }

  void look_at_target(const std::function<Gone(const Deadline&)>& look) {
    try {
      const Gone now = look(deadline_);
      target_.observed = now.observed;
      target_.confirmed = now.gone;
      if (now.gone) target_.at = context_.clock.now();
    } catch (const Error& error) {
      target_.observed = error.what();
    }
  }

  bool ask_watchers() {
    nobody_can_tell_ = true;
    witness_.observed.clear();
    for (const std::string& name : watchers_.names) {
      std::string words;
      try {
        const Reach now = reach(context_, name, watchers_.address, watchers_.port, deadline_);
        if (watchers_.port == 0 ? now.ping : now.tcp) return confirm(name);
        nobody_can_tell_ = nobody_can_tell_ && now.disturbed;
        words = now.disturbed ? "is under an injection itself" : "gets no answer";
      } catch (const Error& error) {
        words = error.what();
      }
      witness_.observed += fmt::format("{}{} {}", witness_.observed.empty() ? "" : "; ", name, words);
    }
    return false;
  }

  bool confirm(const std::string& name) {
    witness_.observer = name;
    witness_.observed = watchers_.where() + (watchers_.port == 0 ? " answers a ping" : " accepts a connection");
    witness_.at = context_.clock.now();
    return witness_.confirmed = true;
  }

  FaultContext context_;
  const Deadline deadline_;
  const Watchers watchers_;
  Evidence target_, witness_;
  bool nobody_can_tell_ = false, left_out_ = false;
};

}  // namespace

std::vector<Node> watchers_of(FaultContext context, const WatchPlan& plan) {
  std::vector<std::string> avoid = plan.avoid;
  if (plan.anybody)
    avoid.insert(avoid.end(), context.together.begin(), context.together.end());
  else
    for (const Node& node : context.cloud.nodes)
      if (std::find(plan.among.begin(), plan.among.end(), node.name) == plan.among.end()) avoid.push_back(node.name);
  return witnesses_for(context.cloud, plan.target.name, avoid, kMost);
}

Reach reach(FaultContext context, const std::string& from, const std::string& address, std::int64_t port,
            const Deadline& deadline) {
  const Answer answer(
      context.remote, fmt::format("asking {} whether {} answers", from, address), from,
      fmt::format(
          "ping -n -c 1 -W 1 {0} >/dev/null 2>&1; p=$?; timeout 2 bash -c 'exec 3<>/dev/tcp/{0}/{1}' 2>/dev/null; t=$?; "
          "command -v python3 >/dev/null; y=$?; n=0; [ $p$t = 00 ] || "
          "n=$(systemctl list-units --plain --no-legend 'blackstart-*.timer' | wc -l); "
          "printf 'Ping=%s\\nTcp=%s\\nPython=%s\\nArmed=%s\\nEnd=1\\n' $p $t $y $n",
          address, port),
      deadline.sooner(kCallLimit));
  return {answer.number("Ping") == 0, answer.number("Tcp") == 0, answer.number("Python") == 0, answer.number("Armed") > 0};
}

std::vector<Evidence> undo_until_gone(const UndoRecord& record, FaultContext context, const Deadline& deadline,
                                      const std::string& observer, const std::string& expected,
                                      const std::function<Gone(const Deadline&)>& look) {
  Evidence target;
  target.observer = observer;
  target.expected = expected;
  try {
    return Undoing(record, context, deadline).run(look, target);
  } catch (const Error& error) {
    target.observed = error.what();
    return {target};
  }
}

}  // namespace blackstart
