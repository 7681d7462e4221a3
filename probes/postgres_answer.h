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
// Without one: kNoSocket (this machine's fault) by `own_error`, the errno of a call that libpq came out of without a socket,
// and 0 for any other: a server's words about its own memory or files are never taken for ours. Else kRefused or kBroken.
SqlAnswer connection_failure(const std::string& text, int own_error = 0);

}  // namespace blackstart
