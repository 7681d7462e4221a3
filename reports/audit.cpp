#include "reports/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "reports/audit_merge.h"
#include "reports/by_posting.h"
#include "reports/plausible.h"

namespace blackstart {
namespace {

// As many operations may wait for one that was sent earlier, or are put in order at once: some 10 and 40 MB.
constexpr std::size_t kMostWaiting = std::size_t{1} << 17, kMostAtOnce = std::size_t{1} << 19;

// The snapshots in the order of the replicas that the audit must read, then those that nobody asked for.
std::vector<ReplicaSnapshot> all_snapshots(const ProbeRecord& probe) {
  std::vector<ReplicaSnapshot> result;
  auto with_name = [](const std::string& name) { return [name](const ReplicaSnapshot& s) { return s.replica == name; }; };
  for (const std::string& name : probe.info.replicas) {
    auto found = std::find_if(probe.snapshots.begin(), probe.snapshots.end(), with_name(name));
    result.push_back(found != probe.snapshots.end() ? *found : ReplicaSnapshot{name, false, "it was not read", {}, {}});
  }
  for (const ReplicaSnapshot& snapshot : probe.snapshots)
    if (std::none_of(result.begin(), result.end(), with_name(snapshot.replica))) result.push_back(snapshot);
  return result;
}

// What the record of the probe says about whether it is all there.
std::string trouble_of(const ProbeRecord& probe) {
  if (probe.damaged_bytes > 0) return fmt::format("{} bytes of its operations are damaged", probe.damaged_bytes);
  return probe.stopped.count() < 0 ? "it was not seen to stop" : "";
}

std::string trouble_of(const Stream& stream, std::uint64_t operations) {
  if (!stream.problem.empty()) return stream.info->name + ": " + stream.problem;
  const std::uint64_t missing = stream.planned - std::min(stream.planned, operations);
  return missing == 0 ? "" : fmt::format("{}: {} operations are not in the record", stream.info->name, missing);
}

// What the bank's customers were told, against the replicas: one attempt under what is known so far.
class Attempt {
 public:
  Attempt(const ProbeRecord& probe, const std::vector<Stream>& streams, const std::vector<ReplicaSnapshot>& snapshots,
          bool whole)
      : probe_(probe), streams_(streams), seen_(streams.size()), merge_(snapshots, probe.info.initial_sum, whole) {}

  // False: they came in too wild an order to be taken in one pass.
  bool run(const EachOperation& each, bool in_one_pass) {
    const EachOperation posting = [&](const auto& take) {
      std::fill(seen_.begin(), seen_.end(), 0);
      each([&](const Operation& o) {
        if (o.series >= streams_.size() || !streams_[o.series].info->posts || !plausible(o)) return;
        ++seen_[o.series];
        take(o);
      });
    };
    const auto compare = [&](const Operation& operation) {
      count(operation);
      merge_.take(operation);
    };
    const ByPosting order =
        in_one_pass ? nearly_by_posting(posting, kMostWaiting, compare) : wholly_by_posting(posting, kMostAtOnce, compare);
    if (order.in_order) finish(order.twice);
    return order.in_order;
  }

  AuditResult result;
  const AuditMerge& merge() const { return merge_; }

 private:
  void count(const Operation& operation) {
    if (operation.outcome == Outcome::ok) ++result.acknowledged;
    if (operation.outcome == Outcome::indeterminate) ++result.indeterminate;
    if (operation.outcome == Outcome::failed) ++result.failed;
  }

  void finish(const std::optional<std::uint64_t>& twice) {
    merge_.finish();
    result.problem = trouble_of(probe_);
    for (std::size_t i = 0; i < streams_.size() && result.problem.empty(); ++i)
      if (streams_[i].info->posts) result.problem = trouble_of(streams_[i], seen_[i]);
    if (result.problem.empty() && twice) result.problem = fmt::format("the client used posting {} twice", *twice);
  }

  const ProbeRecord& probe_;
  const std::vector<Stream>& streams_;
  std::vector<std::uint64_t> seen_;  // operations of each series that posts
  AuditMerge merge_;
};

std::unique_ptr<Attempt> attempt(const ProbeRecord& probe, const std::vector<Stream>& streams,
                                 const std::vector<ReplicaSnapshot>& snapshots, const EachOperation& each, bool whole) {
  for (bool in_one_pass : {true, false}) {
    auto made = std::make_unique<Attempt>(probe, streams, snapshots, whole);
    if (made->run(each, in_one_pass)) return made;
  }
  throw Error(ErrorKind::internal, "auditing " + probe.info.name, "its operations could not be put in order");
}

void take(const ReplicaAudit& one, Time fault, AuditResult& result) {
  result.indeterminate_present = std::max(result.indeterminate_present, one.indeterminate_present);
  if (one.replica.lost > result.lost) {
    result.lost = one.replica.lost;
    result.lost_amount = one.replica.lost_amount;
  }
  if (one.first_lost && fault.count() >= 0) result.rpo_time = std::max(result.rpo_time, fault - *one.first_lost);
  if (!one.replica.complete && result.problem.empty())
    result.problem = "replica " + one.replica.name + ": " +
                     (one.replica.problem.empty() ? "it was not read to its end" : one.replica.problem);
  result.replicas.push_back(one.replica);
}

// A row that nobody is known to have sent is a phantom only where all that was sent is known, and that is known in the end.
std::unique_ptr<Attempt> compare(const ProbeRecord& probe, const std::vector<Stream>& streams,
                                 const std::vector<ReplicaSnapshot>& snapshots, const EachOperation& each) {
  auto made = attempt(probe, streams, snapshots, each, true);
  const auto& replicas = made->merge().replicas();
  const bool unknown = std::any_of(replicas.begin(), replicas.end(), [](const ReplicaAudit& r) { return r.unknown > 0; });
  return unknown && !made->result.problem.empty() ? attempt(probe, streams, snapshots, each, false) : std::move(made);
}

}  // namespace

bool AuditResult::intact() const {
  auto sound = [this](const Replica& r) {
    // A sum is only wrong where every account was read.
    return r.phantom + (at_least_once ? 0 : r.duplicate) + r.altered + r.partial + r.unbalanced == 0 &&
           (r.sum_right || !r.complete);
  };
  return replicas_equal && std::all_of(replicas.begin(), replicas.end(), sound);
}

AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault, const EachOperation& each) {
  const std::vector<ReplicaSnapshot> snapshots = all_snapshots(probe);
  const auto compared = compare(probe, streams, snapshots, each);
  AuditResult result = std::move(compared->result);
  result.probe = probe.info.name;
  result.at_least_once = probe.info.at_least_once;
  double rate = 0;
  for (const Stream& stream : streams)
    if (stream.info->posts) rate += stream.info->rate;
  if (rate > 0) result.rpo_resolution = from_seconds(1 / rate);
  for (const ReplicaAudit& one : compared->merge().replicas()) take(one, fault, result);
  result.differences = compared->merge().differences();
  result.replicas_equal = result.differences.empty();
  if (snapshots.empty()) result.problem = "no replica was read";
  if (result.acknowledged == 0 && result.problem.empty())
    result.problem = "no transfer was acknowledged, so none could be looked for";
  result.complete = result.problem.empty();
  return result;
}

AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault) {
  return audit(probe, streams, fault, [&](const auto& take) {
    for (const Operation& operation : probe.operations) take(operation);
  });
}

}  // namespace blackstart
