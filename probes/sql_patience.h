// SQL that is tried again when a cluster hiccups: set-up and cleaning up, which nothing measures.
//
// Purpose: a node that has just come back says "not prepared yet", "lock wait timeout" or closes the line, and a moment later
// all is well; that is no reason to end a rehearsal. Ownership: none. Thread rule: calls are independent.
#pragma once

#include <functional>
#include <string>

#include "probes/sql_session.h"

namespace blackstart {

// Does `work`, which may be done from its start at any time, on a new session, and again until it succeeds. `tell` gets a line
// for each try that failed. A try gets half of the time that is left, so that one that hangs leaves room for others. At the
// deadline, and for every error that does not pass by itself (SqlSense::may_pass), throws the last one; with the number of
// tries, if there were several.
void ask_with_patience(const SqlTarget& target, const Deadline& deadline, const std::function<void(SqlSession&)>& work,
                       const std::function<void(const std::string&)>& tell);

}  // namespace blackstart
