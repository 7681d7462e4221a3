// Reads a file of a replica's rows from its begin to its end with the memory of one block.
//
// Purpose: rows that are as planned come as a run, without being looked at one by one. Ownership: owns its file. Thread rule:
// one thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "reports/snapshot.h"
#include "reports/varint.h"

namespace blackstart {

// Rows one after the other: `count` of them, with postings from `first` on, each alone under its posting and the row that
// planned_transfer() leaves behind; or, where `planned` is not set, the one `row`.
struct RowRun {
  std::uint64_t first = 0, count = 0;
  bool planned = false;
  PostedTransfer row = {};
};

class RowsReader {
 public:
  // Reads the replica's name and its accounts. Throws Error(bad_file) when the file is missing or is none of ours.
  explicit RowsReader(const std::filesystem::path& file);

  const std::string& replica() const { return replica_; }
  // Plan of the runs: a bank of so many.
  const std::vector<AccountBalance>& accounts() const { return accounts_; }

  // The next rows, in the order of key_of(); false when there are none, or no more that can be read.
  bool next(RowRun& run);
  std::uint64_t rows() const { return rows_; }  // that were given so far

  // When next() has returned false:
  bool complete() const { return complete_; }
  const std::string& problem() const {
    return problem_;
  }  // why it is not; what the writer said, or what is wrong with the file

 private:
  void read_front();
  bool load();  // the next block
  bool follows();
  bool read_accounts();
  bool read_entry(RowRun& run);
  bool read_run(std::uint64_t rows, RowRun& run);
  bool read_skip(std::uint64_t postings);
  bool read_row(std::uint64_t flags, RowRun& run);
  void pass(std::uint64_t posting);
  void read_end();
  bool fail(const std::string& why);

  std::string name_;
  std::ifstream stream_;
  std::string block_;
  varint::Reader bytes_{{}};
  std::uint32_t checksum_ = 0;
  char kind_ = 0;
  bool ended_ = false;

  std::string replica_;
  std::vector<AccountBalance> accounts_;
  std::uint64_t rows_ = 0;
  std::uint64_t next_ = 0;      // the posting that is expected
  bool exhausted_ = false;      // there is none any more
  bool again_allowed_ = false;  // the row before may be followed by one with its posting
  PostedTransfer last_ = {};
  bool complete_ = false;
  std::string problem_;
};

}  // namespace blackstart
