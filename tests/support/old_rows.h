// A replica's rows as they were written before: text, a line a row.
#pragma once

#include <fmt/format.h>

#include "reports/files.h"
#include "reports/snapshot.h"

namespace blackstart {

inline std::string old_rows_escaped(const std::string& text) {
  std::string result;
  for (char c : text) result += c == '\n' ? std::string("\\n") : c == '\\' ? std::string("\\\\") : std::string(1, c);
  return result;
}

inline std::string old_rows(const ReplicaSnapshot& snapshot) {
  std::string text = "blackstart rows 1\nreplica " + old_rows_escaped(snapshot.replica) + "\n";
  if (!snapshot.problem.empty()) text += "problem " + old_rows_escaped(snapshot.problem) + "\n";
  if (snapshot.complete) text += "complete\n";
  for (const PostedTransfer& t : snapshot.transfers)
    text += fmt::format("T {} {} {} {} {} {} {}\n", t.posting, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit);
  for (const AccountBalance& a : snapshot.accounts) text += fmt::format("A {} {}\n", a.account, a.balance);
  return text + fmt::format("end {} {} {}\n", snapshot.transfers.size(), snapshot.accounts.size(), crc32c(text));
}

}  // namespace blackstart
