// A witness that measures by ping what netem, or nft at random, does to packets on their way to the target and back.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "faults/link_netem.h"
#include "faults/ping_series.h"

namespace blackstart {
namespace {

constexpr int kRound = 200;    // pings of one look
constexpr double kSigmas = 4;  // one false alarm in 16000
constexpr double kMostLostBefore = 0.05;
constexpr int kNoTime = 8;  // too small for a time: one that is damaged on its way makes ping wait for ever
constexpr int kBurst = 50, kBurstSize = 1400, kBurstWire = 1442;  // bytes; with headers down to Ethernet's

double milliseconds(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

// The share that is hit when each packet may be hit once on each way.
double on_all_ways(double share, int ways) { return 1 - std::pow(1 - share, ways); }

struct Bounds {
  double least, most;
  bool hold(double value) const { return value >= least && value <= most; }
};
// Of a binomial count; at least one must be seen.
Bounds binomial(int trials, double share) {
  const double mean = trials * share, spread = kSigmas * std::sqrt(trials * share * (1 - share)) + 1;
  return {std::max(1.0, mean - spread), mean + spread};
}

class NetemWatch final : public ThirdParty {
 public:
  NetemWatch(FaultContext context, WatchPlan plan, Netem netem, int ways)
      : context_(context), plan_(std::move(plan)), netem_(std::move(netem)), ways_(ways) {}

  void preflight(const Deadline& deadline) override {
    watcher_.clear();
    const auto candidates = watchers_of(context_, plan_);
    for (const Node& node : candidates)
      if (watcher_.empty() && reach(context_, node.name, address(), plan_.target.ssh_port, deadline).ping) watcher_ = node.name;
    if (!watcher_.empty() || (candidates.empty() && !plan_.anybody)) return;
    throw Error(ErrorKind::unmet, "looking for a witness of " + plan_.target.name,
                candidates.empty() ? "there is no other node in the cloud that would notice"
                                   : fmt::format("no node gets an answer to a ping to {}", address()),
                "the effect is measured by ping: allow ICMP echo between the nodes");
  }

  std::map<std::string, std::string> facts() const override {
    if (watcher_.empty()) return {};
    return {{"witnesses", watcher_}, {"address", address()}};
  }

  void open(const Deadline& deadline) override {
    if (watcher_.empty()) return;
    before_ = ping_series(context_, watcher_, address(), {}, deadline);
    if (before_.lost() > kMostLostBefore * before_.sent)
      throw Error(ErrorKind::unmet, fmt::format("pinging {} from {} before the fault", address(), watcher_),
                  fmt::format("{} of {} get no answer already", before_.lost(), before_.sent),
                  "somebody else disturbs the path");
    if (netem_.rate > 0) before_burst_ = burst(deadline);
  }
  void require_undisturbed(const Deadline&) override {}  // open() has just measured it

  std::vector<Piece> pieces(const Deadline& deadline) override {
    if (watcher_.empty()) return {};
    const std::string expected = fmt::format("pings to {} ({}) show: {}{}", plan_.target.name, address(), netem_.text(),
                                             ways_ == 2 ? ", on the way there and back" : "");
    return {piece(watcher_, expected, [this, deadline](Evidence& evidence) {
      const bool seen = measure(deadline);
      evidence.observed = words();
      return seen;
    })};
  }

 private:
  const std::string& address() const { return plan_.target.data_address(); }

  double burst(const Deadline& deadline) {
    return ping_series(context_, watcher_, address(), {kBurst, 10ms, kBurstSize, kBurst}, deadline).time_at(1);
  }

  bool measure(const Deadline& deadline) {
    now_.add(ping_series(context_, watcher_, address(), {kRound, 10ms, netem_.corrupt > 0 ? kNoTime : 56, 1}, deadline));
    if (netem_.rate > 0) burst_ = burst(deadline);
    return delay_seen() && loss_seen() && duplicates_seen() && reordering_seen() && rate_seen();
  }

  double expected_delay() const { return milliseconds(netem_.delay) * ways_; }
  // Early packets lie below the others: the median of those that were delayed.
  double rise() const {
    const double early = on_all_ways(netem_.reorder, ways_);
    return now_.time_at((1 + early) / 2) - before_.time_at(0.5);
  }
  bool delay_seen() const {
    return netem_.delay <= Duration{0} || rise() >= 0.8 * expected_delay() - milliseconds(netem_.jitter) / 2;
  }

  // A damaged packet is dropped by its receiver. Correlation changes the share itself, so that only its sense can be checked.
  bool share_seen(int count, double share, double correlation) const {
    if (share <= 0) return true;
    return correlation > 0 ? count > 0 : binomial(now_.sent, share).hold(count);
  }
  bool loss_seen() const {
    const double share = 1 - (1 - netem_.loss) * (1 - netem_.corrupt);
    return share_seen(now_.lost(), on_all_ways(share, ways_), std::max(netem_.loss_correlation, netem_.corrupt_correlation));
  }
  bool duplicates_seen() const { return share_seen(now_.duplicates, netem_.duplicate, 1); }
  int early() const {
    const double limit = before_.time_at(0.5) + expected_delay() / ways_ / 2;
    return static_cast<int>(std::count_if(now_.times.begin(), now_.times.end(), [&](double time) { return time < limit; }));
  }
  bool reordering_seen() const { return share_seen(early(), netem_.reorder, 1); }
  double expected_burst() const { return kBurst * kBurstWire * 8 / netem_.rate * 1000; }
  bool rate_seen() const { return netem_.rate <= 0 || burst_ - before_burst_ >= 0.7 * expected_burst(); }

  std::string words() const {
    std::string text = fmt::format("{} of {} lost, median {:.1f} ms (before {:.1f} ms)", now_.lost(), now_.sent,
                                   now_.time_at(0.5), before_.time_at(0.5));
    if (netem_.duplicate > 0) text += fmt::format(", {} twice", now_.duplicates);
    if (netem_.reorder > 0) text += fmt::format(", {} early", early());
    if (netem_.rate > 0)
      text += fmt::format(", {} of {} bytes took {:.0f} ms (before {:.0f} ms)", kBurst, kBurstSize, burst_, before_burst_);
    return text;
  }

  FaultContext context_;
  const WatchPlan plan_;
  const Netem netem_;
  const int ways_;
  std::string watcher_;
  PingSeries before_, now_;
  double before_burst_ = 0, burst_ = 0;
};

}  // namespace

std::unique_ptr<ThirdParty> netem_watch(FaultContext context, WatchPlan plan, Netem netem, int ways) {
  return std::make_unique<NetemWatch>(context, std::move(plan), std::move(netem), ways);
}

}  // namespace blackstart
