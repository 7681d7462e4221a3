// What a SQL server's errors mean to us, in no server's own numbers.
//
// Purpose: the one place that tells "nothing of it happened" from "nobody knows", for each server. Errors are numbers of 16
// bits, as operations keep them: MariaDB's own; PostgreSQL's SQLSTATE read as a decimal number with P as 9 (40001 is 40001,
// 57P01 is 57901, 08006 is 8006); and an OperationError where no server spoke. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "probes/sql_connection.h"

namespace blackstart {

struct SqlSense {
  bool ours = false;          // no socket, port or memory on our side: the cloud has no part in it
  bool undone = false;        // as the answer to COMMIT: the server itself says that nothing of the transaction stays
  bool out_of_reach = false;  // nobody answered, the line broke, or the server is going or coming
  // It can be gone when it is asked again: locks, votes of a cluster, a server that isn't ready, a line that broke. Also what
  // only a statement of an earlier try can have caused, which was carried out though we never heard of it: a table that we just
  // dropped and that is there.
  bool may_pass = false;
  const char* hint = "";  // what to do about it; "" when there is nothing to be said
};
SqlSense sense_of(SqlKind kind, std::uint16_t error);

// A SQLSTATE that no decimal number stands for (0A000, 3D000, XX000): its text is in the message.
inline constexpr std::uint16_t kOtherSqlState = 59999;
// PostgreSQL's SQLSTATE as such a number. What is no SQLSTATE at all is kOtherSqlState as well.
constexpr std::uint16_t sqlstate(std::string_view state) {
  std::uint32_t number = 0;
  for (const char c : state) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c != 'P' || number == 0)) return kOtherSqlState;
    number = number * 10 + (digit ? static_cast<std::uint32_t>(c - '0') : 9U);
  }
  return state.size() == 5 && number > 0 && number < kOtherSqlState ? static_cast<std::uint16_t>(number) : kOtherSqlState;
}

// Each server's own part of sense_of().
SqlSense mariadb_sense(std::uint16_t error);
SqlSense postgres_sense(std::uint16_t error);

}  // namespace blackstart
