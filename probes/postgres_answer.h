// libpq's results and messages, made a SqlAnswer.
//
// Purpose: what PostgreSQL says, without its library; the part of PostgresConnection that needs no socket.
// Ownership: takes nothing. Thread rule: pure functions, but for take_in(), which changes its answer.
#pragma once

#include <string>

#include "probes/sql_connection.h"

struct pg_result;  // libpq's PGresult

namespace blackstart {

// Adds one result to the answer; after an error nothing more is added.
void take_in(const pg_result* result, SqlAnswer& answer);

// libpq does not give the SQLSTATE of a connection that did not come about, but for its text in verbose form:
// `connection to server at "…" failed: FATAL:  28P01: password authentication failed for user "bank"`.
// Without one: kRefused, kNoSocket (this machine's fault) or kBroken, by the words of the system's error.
SqlAnswer connection_failure(const std::string& text);

}  // namespace blackstart
