// dump: what the record keeps in files that nobody reads by eye, as comma-separated values.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "base/error.h"
#include "reports/operation_format.h"
#include "reports/operations.h"
#include "reports/row_cursor.h"
#include "runner/commands.h"

namespace blackstart {
namespace {

bool holds_operations(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string magic(operation_format::kMagic.size(), '\0');
  stream.read(magic.data(), static_cast<std::streamsize>(magic.size()));
  return stream && magic == operation_format::kMagic;
}

// Whoever was to read it has seen enough: `blackstart dump FILE | head`.
struct ReaderGone {};

void require_written(bool written) {
  if (written) return;
  if (errno == EPIPE) throw ReaderGone{};
  throw_errno("writing to standard output", errno);
}

void print(const std::string& line) { require_written(std::fputs(line.c_str(), stdout) >= 0); }

// What is there is printed before; the exit code tells that it is not all.
int ended(const std::filesystem::path& file, const std::string& problem) {
  require_written(std::fflush(stdout) == 0);
  if (problem.empty()) return kPassed;
  std::fputs(fmt::format("blackstart: {} is not complete: {}\n", file.string(), problem).c_str(), stderr);
  return kBadFile;
}

int dump_operations(const std::filesystem::path& file) {
  const Operations all = Operations::in_file(file);
  print("series,number,outcome,error,scheduled,sent,done,posting,from,to,amount\n");
  for (const Operation& o : all)
    print(fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", o.series, o.number, name_of(o.outcome), o.error,
                      o.scheduled.count(), o.sent.count(), o.done.count(), o.posting, o.from, o.to, o.amount));
  return ended(file, all.damaged_bytes() == 0 ? "" : fmt::format("{} bytes are damaged", all.damaged_bytes()));
}

void dump_transfers(const ReplicaSnapshot& snapshot) {
  print("posting,from,to,amount,history_rows,debit,credit\n");
  for (RowCursor rows(snapshot); !rows.done(); rows.next()) {
    const PostedTransfer& t = rows.row();
    print(fmt::format("{},{},{},{},{},{},{}\n", t.posting, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit));
  }
}

void dump_accounts(const ReplicaSnapshot& snapshot) {
  print("account,balance\n");
  for (const AccountBalance& a : snapshot.accounts) print(fmt::format("{},{}\n", a.account, a.balance));
}

int dump(const std::filesystem::path& file, bool accounts) {
  if (holds_operations(file)) {
    if (accounts) throw Error(ErrorKind::usage, "", "a file of operations has no accounts", "leave --accounts out");
    return dump_operations(file);
  }
  const ReplicaSnapshot snapshot = open_snapshot(file);
  if (accounts)
    dump_accounts(snapshot);
  else
    dump_transfers(snapshot);
  return ended(file, snapshot.complete          ? ""
                     : snapshot.problem.empty() ? "the replica was not read to its end"
                                                : snapshot.problem);
}

}  // namespace

int dump_command(const std::filesystem::path& file, bool accounts) try {
  return dump(file, accounts);
} catch (const ReaderGone&) {
  return kPassed;
}

}  // namespace blackstart
