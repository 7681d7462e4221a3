// Reading one replica's books to the end, in one consistent view.
//
// Purpose: the audit's evidence. Ownership: nothing outlives the call. Thread rule: replicas may be read on threads of their
// own.
#pragma once

#include <functional>

#include "probes/ledger_bank.h"
#include "reports/snapshot.h"

namespace blackstart {

// Writes it to `file` (reports/rows_writer.h), a page at a time, however much there is. `catch_up` is called before the view is
// opened: it returns when the replica has applied all that was accepted before, and throws when it can't tell. Never throws:
// what goes wrong is the snapshot's `problem`, and then it is not complete. History rows whose transfer is missing stand as a
// transfer of amount 0 from account 0 to account 0, with those rows' sums.
ReplicaSnapshot read_replica(const Database& database, const Database::Replica& replica, const Bank& bank,
                             const std::function<void(SqlSession&)>& catch_up, const Deadline& deadline,
                             const std::filesystem::path& file);

// One row of the table `history`; a debit is negative.
struct HistoryRow {
  std::uint32_t account = 0;
  std::int64_t amount = 0;  // cents
};
// Adds the history of one posting up into its transfers, in the order of key_of(). A posting that stands twice shows the whole
// of its history twice.
std::vector<PostedTransfer> join_history(std::uint64_t posting, std::vector<PostedTransfer> transfers,
                                         const std::vector<HistoryRow>& history);

}  // namespace blackstart
