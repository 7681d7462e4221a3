// What one replica of the bank's database holds after recovery: read by the ledger probe, kept in the record, compared by the
// audit.
//
// Purpose: the auditor's raw evidence; `blackstart judge` audits again from these files alone.
// Ownership: plain values; a snapshot whose rows are in a file refers to it by its path. Thread rule: pure functions of the
// files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace blackstart {

// One row of `transfers`, with what its history rows add up to. A posting that stands twice is two of these.
struct PostedTransfer {
  std::uint64_t posting = 0;
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;             // cents
  std::uint32_t history_rows = 0;      // 2 when whole: one debit, one credit
  std::int64_t debit = 0, credit = 0;  // what history says was taken from `from` and given to `to`
  bool operator==(const PostedTransfer&) const = default;
};

struct AccountBalance {
  std::uint32_t account = 0;
  std::int64_t balance = 0;  // cents
  bool operator==(const AccountBalance&) const = default;
};

// What rows are sorted by.
inline auto key_of(const PostedTransfer& t) {
  return std::tie(t.posting, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit);
}
inline auto key_of(const AccountBalance& a) { return std::tie(a.account, a.balance); }

struct ReplicaSnapshot {
  std::string replica;                    // node name
  bool complete = false;                  // false: it could not be read to the end
  std::string problem;                    // why not
  std::vector<PostedTransfer> transfers;  // sorted by posting; empty when they are in the file
  std::vector<AccountBalance> accounts;   // sorted by account
  std::filesystem::path file = {};        // that holds the transfers; empty: they are here
  std::uint64_t rows_in_file = 0;         // that can be read
  bool operator==(const ReplicaSnapshot&) const = default;
};

// Writes all of it in order. Format: docs/record.md. Throws Error(internal).
void write_snapshot(const std::filesystem::path& file, const ReplicaSnapshot& snapshot);
// Reads the file to its end, so that what is not complete is known to be so, and leaves the transfers there. Those of the
// format before this one are read into memory. Throws Error(bad_file) when the file is missing or is none of ours.
ReplicaSnapshot open_snapshot(const std::filesystem::path& file);
// The same with all its transfers in memory. Throws Error(bad_file), also when the file is no longer what it was.
ReplicaSnapshot with_transfers(ReplicaSnapshot snapshot);
ReplicaSnapshot read_snapshot(const std::filesystem::path& file);

}  // namespace blackstart
