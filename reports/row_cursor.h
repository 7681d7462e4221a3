// A place in a replica's rows, from the first to the last, wherever they are.
//
// Purpose: the audit goes through all replicas side by side, with the memory of a block each. Ownership: refers to the
// snapshot, which outlives it. Thread rule: one thread.
#pragma once

#include <optional>

#include "reports/rows_reader.h"
#include "reports/snapshot.h"

namespace blackstart {

class RowCursor {
 public:
  // At the first row. Throws Error(bad_file), also later, when the file is no longer what it was when the snapshot was opened.
  explicit RowCursor(const ReplicaSnapshot& snapshot);

  bool done() const { return done_; }
  // Of the current row; only when not done.
  std::uint64_t posting() const { return posting_; }
  bool at(std::uint64_t posting) const { return !done_ && posting_ == posting; }
  const PostedTransfer& row();
  void next();

  // The rows of all postings from the current one up to here (0: not even that one) stand there, once each, just as
  // planned_transfer() leaves them behind in a bank of plan() accounts.
  std::uint64_t planned_until() const { return planned_until_; }
  std::uint64_t plan() const;
  // To the row of a later posting up to there, or to the first row behind them.
  void skip_to(std::uint64_t posting);

 private:
  void load();

  const ReplicaSnapshot& snapshot_;
  std::optional<RowsReader> file_;
  std::vector<PostedTransfer> sorted_;  // where the snapshot's are not
  const PostedTransfer* here_ = nullptr;
  const PostedTransfer* end_ = nullptr;
  RowRun run_;

  bool done_ = false;
  std::uint64_t posting_ = 0, planned_until_ = 0;
  std::optional<PostedTransfer> made_;  // the current row of a run
};

}  // namespace blackstart
