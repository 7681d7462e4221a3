#include "reports/snapshot.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "reports/files.h"
#include "reports/old_rows.h"
#include "reports/rows_format.h"
#include "reports/rows_reader.h"
#include "reports/rows_writer.h"

namespace blackstart {
namespace {

bool is_old(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string line(kOldRowsFirstLine.size() + 1, '\0');
  stream.read(line.data(), static_cast<std::streamsize>(line.size()));
  return stream && line == std::string(kOldRowsFirstLine) + '\n';
}

template <class T>
std::vector<T> sorted(std::vector<T> rows) {
  std::sort(rows.begin(), rows.end(), [](const T& a, const T& b) { return key_of(a) < key_of(b); });
  return rows;
}

void append(const RowRun& run, std::size_t accounts, std::vector<PostedTransfer>& to) {
  if (!run.planned) to.push_back(run.row);
  for (std::uint64_t k = 0; run.planned && k < run.count; ++k) to.push_back(rows_format::planned_row(run.first + k, accounts));
}

}  // namespace

void write_snapshot(const std::filesystem::path& file, const ReplicaSnapshot& snapshot) {
  RowsWriter writer(file, snapshot.replica);
  for (const AccountBalance& account : sorted(snapshot.accounts)) writer.account(account);
  for (const PostedTransfer& transfer : sorted(with_transfers(snapshot).transfers)) writer.transfer(transfer);
  writer.finish(snapshot.complete, snapshot.problem);
}

ReplicaSnapshot open_snapshot(const std::filesystem::path& file) {
  if (is_old(file)) return read_old_rows(file.filename().string(), read_whole(file));
  RowsReader reader(file);
  for (RowRun run; reader.next(run);) continue;
  return {reader.replica(), reader.complete(), reader.problem(), {}, reader.accounts(), file, reader.rows()};
}

ReplicaSnapshot with_transfers(ReplicaSnapshot snapshot) {
  if (snapshot.file.empty()) return snapshot;
  RowsReader reader(snapshot.file);
  for (RowRun run; reader.next(run);) append(run, reader.accounts().size(), snapshot.transfers);
  if (reader.rows() != snapshot.rows_in_file)
    throw Error(ErrorKind::bad_file, "reading the rows in " + snapshot.file.string(), "the file changes while it is read");
  snapshot.file.clear();
  snapshot.rows_in_file = 0;
  return snapshot;
}

ReplicaSnapshot read_snapshot(const std::filesystem::path& file) { return with_transfers(open_snapshot(file)); }

}  // namespace blackstart
