// A blocking session with a SQL server, for everything that is not on a schedule: preflight, set-up, audit.
//
// Purpose: ask, and get rows or an Error that says what was being done; the deadline holds whatever the server does.
// Ownership: owns its connection. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "lab/cloud.h"
#include "probes/sql_connection.h"

namespace blackstart {

// What cloud.yaml calls `kind`.
SqlKind kind_of(const Database& database);

// Where the bank's clients go, and where one replica answers. The host's name is looked up once, here, and the password is read
// from its file. Throws Error(unreachable, bad_file).
SqlTarget endpoint_of(const Database& database);
SqlTarget target_of(const Database& database, const Database::Replica& replica);

// What a server answered other than success, or that it did not answer.
class SqlError final : public Error {
 public:
  SqlError(std::uint16_t number, ErrorKind kind, std::string doing, std::string why, std::string hint)
      : Error(kind, std::move(doing), std::move(why), std::move(hint)), number_(number) {}
  std::uint16_t number() const { return number_; }  // as SqlAnswer::error

 private:
  std::uint16_t number_;
};

class SqlSession {
 public:
  // Connects; everything it does has to be done by `deadline`. Throws SqlError (unreachable, or unmet when the server refuses
  // us).
  SqlSession(const SqlTarget& target, const Deadline& deadline);
  ~SqlSession();

  // `doing` starts the SqlError that anything but success throws: "reading the accounts". How many rows and columns there are
  // is the server's to say: see sql_row.h.
  SqlRows ask(const std::string& doing, const std::string& sql);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A cell that must be a whole number; throws Error(unmet) with `doing`.
std::int64_t integer_of(const std::string& doing, const std::optional<std::string>& cell);

}  // namespace blackstart
