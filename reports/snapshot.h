// What one replica of the bank's database holds after recovery: read by the ledger probe, kept in the record, compared by the
// audit.
//
// Purpose: the auditor's raw evidence; `blackstart judge` audits again from these files alone.
// Ownership: plain values. Thread rule: pure functions of the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
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

struct ReplicaSnapshot {
  std::string replica;                    // node name
  bool complete = false;                  // false: it could not be read to the end
  std::string problem;                    // why not
  std::vector<PostedTransfer> transfers;  // sorted by posting
  std::vector<AccountBalance> accounts;   // sorted by account
  bool operator==(const ReplicaSnapshot&) const = default;
};

// Text, a line a row, ends with a line that counts the rows: a file cut short is not complete. Format: docs/record.md.
void write_snapshot(const std::filesystem::path& file, const ReplicaSnapshot& snapshot);
// Throws Error(bad_file) when the file is missing or is none of ours.
ReplicaSnapshot read_snapshot(const std::filesystem::path& file);

}  // namespace blackstart
