// Witnesses with a connection open to the target: it stalls when the target is cut off, and by turns when it flaps.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/units.h"
#include "faults/third_party.h"
#include "faults/witness.h"

namespace blackstart {
namespace {

constexpr Duration kPingsStopped = 1s;  // five of them without an answer
constexpr Duration kPingsGoOn = 600ms;

class CutWatch final : public ThirdParty {
 public:
  CutWatch(FaultContext context, WatchPlan plan, bool by_turns)
      : context_(context), plan_(std::move(plan)), by_turns_(by_turns), port_(plan_.port.value_or(plan_.target.ssh_port)) {}

  void preflight(const Deadline& deadline) override {
    watchers_.clear();
    const auto candidates = watchers_of(context_, plan_);
    std::string seen;
    for (const Node& node : candidates) {
      const Reach now = reach(context_, node.name, plan_.target.data_address(), port_, deadline);
      if (now.tcp && now.python) watchers_.push_back({node, now.ping && plan_.pings, nullptr, false});
      seen += fmt::format("{}{}: {}", seen.empty() ? "" : ", ", node.name,
                          now.tcp    ? "it has no python3 to watch with"
                          : now.ping ? "only ping is answered"
                                     : "no answer");
    }
    if (!watchers_.empty() || (candidates.empty() && !plan_.anybody)) return;
    throw Error(ErrorKind::unmet, fmt::format("looking for a witness of {}", plan_.target.name),
                candidates.empty() ? "there is no other node in the cloud that would notice"
                                   : fmt::format("nobody can watch {} port {} ({})", plan_.target.data_address(), port_, seen),
                "name by 'port' a TCP port that the target listens on at its data address");
  }

  std::map<std::string, std::string> facts() const override {
    if (watchers_.empty()) return {};
    std::vector<std::string> names;
    for (const Watcher& each : watchers_) names.push_back(each.node.name);
    return {{"witnesses", fmt::format("{}", fmt::join(names, " "))},
            {"address", plan_.target.data_address()},
            {"port", std::to_string(port_)}};
  }

  void open(const Deadline& deadline) override {
    for (Watcher& each : watchers_)
      each.held = std::make_unique<HeldConnection>(context_, each.node, plan_.target, static_cast<int>(port_), deadline);
    for (Watcher& each : watchers_)
      if (!each.held->await_open(each.pings, deadline).no_pings.empty()) each.pings = false;
  }

  void require_undisturbed(const Deadline& deadline) override {
    for (Watcher& each : watchers_) {
      const auto now = each.held->look(deadline);
      if (now.closed || now.stalled || (each.pings && silent(now)))
        throw Error(ErrorKind::unmet, fmt::format("watching {} from {}", plan_.target.name, each.node.name),
                    "the path was disturbed before the fault: " + words(each, now),
                    "somebody else disturbs it, or its server hangs up on clients that don't log in: name another 'port'");
    }
  }

  std::vector<Piece> pieces(const Deadline& deadline) override {
    std::vector<Piece> all;
    for (Watcher& each : watchers_)
      all.push_back(piece(each.node.name, expected(each), [this, &each, deadline](Evidence& evidence) {
        const auto now = each.held->look(deadline);
        evidence.observed = words(each, now);
        evidence.at = now.at;
        return by_turns_ ? turned(each, now) : cut(each, now);
      }));
    return all;
  }

 private:
  struct Watcher {
    Node node;
    bool pings = false;  // were they answered before?
    std::unique_ptr<HeldConnection> held;
    bool stalled = false;  // seen before, by turns
  };

  std::string expected(const Watcher& each) const {
    const char* const pings = by_turns_ ? ", and so do pings" : ", and pings are not answered any more";
    return fmt::format("the open connection from {} to {} ({}) {}{}", each.node.name, plan_.target.name, each.held->endpoint(),
                       by_turns_ ? "stalls, and goes on, by turns" : "stalls", each.pings ? pings : "");
  }

  static bool silent(const HeldConnection::Seen& now) { return now.since_ping && now.unanswered >= kPingsStopped; }

  static bool cut(const Watcher& each, const HeldConnection::Seen& now) {
    return now.stalled && !now.closed && (!each.pings || silent(now));
  }

  static bool turned(Watcher& each, const HeldConnection::Seen& now) {
    if (now.stalled || (each.pings && silent(now))) each.stalled = true;
    const bool works = !now.closed && (!each.pings ? !now.stalled : now.since_ping && *now.since_ping <= kPingsGoOn);
    return each.stalled && works;
  }

  static std::string words(const Watcher& each, const HeldConnection::Seen& now) {
    if (!each.pings) return now.words;
    return fmt::format("{}; {}", now.words,
                       now.since_ping ? "latest answer to a ping " + format_seconds(*now.since_ping, 1) + " ago"
                                      : "no ping was ever answered");
  }

  FaultContext context_;
  const WatchPlan plan_;
  const bool by_turns_;
  const std::int64_t port_;
  std::vector<Watcher> watchers_;
};

}  // namespace

std::unique_ptr<ThirdParty> cut_watch(FaultContext context, WatchPlan plan) {
  return std::make_unique<CutWatch>(context, std::move(plan), false);
}
std::unique_ptr<ThirdParty> flap_watch(FaultContext context, WatchPlan plan) {
  return std::make_unique<CutWatch>(context, std::move(plan), true);
}

}  // namespace blackstart
