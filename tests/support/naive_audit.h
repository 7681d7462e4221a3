// The audit as it is easiest to believe: of all replicas, each read into memory. What the one that goes through files side by
// side must agree with.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"
#include "tests/support/naive_replica_audit.h"

namespace blackstart::naive {

constexpr std::size_t kDifferences = 5;

// The snapshots in the order of the replicas that the audit must read, then those that nobody asked for.
inline std::vector<ReplicaSnapshot> all_snapshots(const ProbeRecord& probe) {
  std::vector<ReplicaSnapshot> result;
  auto with_name = [](const std::string& name) { return [name](const ReplicaSnapshot& s) { return s.replica == name; }; };
  for (const std::string& name : probe.info.replicas) {
    auto found = std::find_if(probe.snapshots.begin(), probe.snapshots.end(), with_name(name));
    result.push_back(found != probe.snapshots.end() ? in_order(*found)
                                                    : ReplicaSnapshot{name, false, "it was not read", {}, {}});
  }
  for (const ReplicaSnapshot& snapshot : probe.snapshots)
    if (std::none_of(result.begin(), result.end(), with_name(snapshot.replica))) result.push_back(in_order(snapshot));
  return result;
}

inline void count(const Postings& postings, AuditResult& result) {
  for (const Operation& operation : postings.all) {
    if (operation.outcome == Outcome::ok) ++result.acknowledged;
    if (operation.outcome == Outcome::indeterminate) ++result.indeterminate;
    if (operation.outcome == Outcome::failed) ++result.failed;
  }
}

inline void compare_replicas(const std::vector<ReplicaSnapshot>& snapshots, AuditResult& result) {
  const ReplicaSnapshot* first = nullptr;
  for (const ReplicaSnapshot& snapshot : snapshots) {
    if (!snapshot.complete) continue;
    if (first == nullptr) {
      first = &snapshot;
      continue;
    }
    for (std::string& difference : differences(*first, snapshot, kDifferences - result.differences.size()))
      result.differences.push_back(std::move(difference));
  }
  result.replicas_equal = result.differences.empty();
}

inline void take(const ReplicaAudit& one, Time fault, AuditResult& result) {
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

inline AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault) {
  AuditResult result;
  result.probe = probe.info.name;
  result.at_least_once = probe.info.at_least_once;
  Postings postings = postings_of(probe, streams);
  result.problem = postings.problem;
  count(postings, result);
  if (postings.rate > 0) result.rpo_resolution = from_seconds(1 / postings.rate);
  auto snapshots = all_snapshots(probe);
  for (const ReplicaSnapshot& snapshot : snapshots)
    take(audit_replica(snapshot, postings, probe.info.initial_sum), fault, result);
  compare_replicas(snapshots, result);
  if (snapshots.empty()) result.problem = "no replica was read";
  if (result.acknowledged == 0 && result.problem.empty())
    result.problem = "no transfer was acknowledged, so none could be looked for";
  result.complete = result.problem.empty();
  return result;
}

}  // namespace blackstart::naive
