// Writes what a replica holds to a file, row by row, however many there are: docs/record.md has the layout.
//
// Purpose: what is read from a database goes to the disk with the memory of one block. Ownership: owns its file, which has its
// name only when it is finished; before that, and when it never is, no file of that name is there. Thread rule: one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "reports/snapshot.h"

namespace blackstart {

class RowsWriter {
 public:
  // Throws Error(internal), as all of these do when the disk takes no more.
  RowsWriter(const std::filesystem::path& file, const std::string& replica);
  ~RowsWriter();
  RowsWriter(const RowsWriter&) = delete;
  RowsWriter& operator=(const RowsWriter&) = delete;

  // All accounts first, then all transfers, each in the order of key_of(); Error(internal) when they are not. What is as
  // planned_transfer() says for a bank of so many accounts takes next to no room.
  void account(const AccountBalance& account);
  void transfer(const PostedTransfer& transfer);
  // `problem`: why it is not complete. Waits until the disk has it, and gives the file its name; nothing may follow.
  void finish(bool complete, const std::string& problem);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart
