// Operations as a vantage point keeps them until they are fetched: records of one length, so that a file that still grows can
// be fetched piece by piece, and each record be told from a torn one.
//
// Purpose: what is on the node is the original; the run folder's OperationFile is written from it, in run time. Times are those
// of the node's own clock, in full nanoseconds. Ownership: the journal owns its file. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files.h"
#include "reports/operation.h"

namespace blackstart {

// Eight words, little-endian: series, outcome (from bit 16) and error (from bit 32); number; scheduled; sent; done; posting;
// from and to (from bit 32); amount. Then the CRC-32C of these, in a word of its own.
inline constexpr std::size_t kJournalRecord = 72;  // bytes

// Creates `file`, which must not exist yet. A full disk, or `most_bytes`, is kept as its trouble; what came before it stays.
class OperationJournal final : public OperationSink {
 public:
  OperationJournal(const std::filesystem::path& file, std::uint64_t most_bytes);
  void record(const Operation& operation) override;
  void flush() override;
  // Empty while nothing was lost.
  const std::string& trouble() const { return trouble_; }

 private:
  AppendFile file_;
  std::string waiting_;
  std::uint64_t written_ = 0;
  const std::uint64_t most_bytes_;
  std::string trouble_;
};

struct JournalPart {
  std::vector<Operation> operations;
  std::size_t bytes = 0;      // that were whole records, good or damaged
  std::uint64_t damaged = 0;  // bytes of those whose checksum is wrong
};
// As far as whole records go: a record that is still being written is left for the next part.
JournalPart read_journal(std::string_view bytes);

}  // namespace blackstart
