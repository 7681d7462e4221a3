// One replica against the postings, and two replicas against each other.
//
// Purpose: the audit's findings, each counted and the first few told. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <optional>

#include "reports/judgement.h"
#include "reports/postings.h"

namespace blackstart {

struct ReplicaAudit {
  AuditResult::Replica replica;
  std::uint64_t indeterminate_present = 0;
  std::optional<Time> first_lost;  // when the oldest lost one was acknowledged
};

// `rows` must be in order (in_order below).
ReplicaAudit audit_replica(const ReplicaSnapshot& rows, const Postings& postings, std::int64_t initial_sum);

// Where `b` differs from `a`, in words: at most `most` of them, empty when they are equal. Both must be in order.
std::vector<std::string> differences(const ReplicaSnapshot& a, const ReplicaSnapshot& b, std::size_t most);

// The snapshot sorted by posting and account, as the other functions need it.
ReplicaSnapshot in_order(ReplicaSnapshot snapshot);

}  // namespace blackstart
