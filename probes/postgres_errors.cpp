// What PostgreSQL's SQLSTATEs mean (Appendix A of its documentation, release 15), and what libpq finds by itself.
#include "probes/sql_errors.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

std::uint16_t class_of(std::uint16_t error) { return error / 1000; }

// Answers to COMMIT that prove a rollback: class 40, "transaction rollback", but for 40003, "statement completion unknown", and
// 25P02, by which we call a COMMIT that the server answers with ROLLBACK. Everything else stays open, also what is most likely
// undone (class 23, 53, 57014): 57P01 and 57P02 come at any time, and after the commit's record was written as well.
bool proves_rollback(std::uint16_t error) {
  return (class_of(error) == 40 && error != sqlstate("40003")) || error == sqlstate("25P02");
}

// Shutting down, crashed, starting up; and class 08, in which proxies say that they have no server.
bool is_going_or_coming(std::uint16_t error) {
  return error == sqlstate("57P01") || error == sqlstate("57P02") || error == sqlstate("57P03") || class_of(error) == 8;
}

bool without_words(std::uint16_t error) {
  return error == kTimedOut || error == kNoConnection || error == kRefused || error == kBroken;
}

bool may_pass(std::uint16_t error) {
  switch (error) {
    case sqlstate("25006"):  // read only: in the middle of a switch of roles the endpoint still leads to a standby
    case sqlstate("55006"):  // object in use
    case sqlstate("55P03"):  // lock not available
    case sqlstate("57014"):  // cancelled: a statement_timeout or lock_timeout
    case sqlstate("42P01"):  // no such table
    case sqlstate("42P06"):  // schema is there
    case sqlstate("42P07"):  // table is there
    case sqlstate("23505"): return true;
    // 40 rolled back; 53 out of connections, memory, disk.
    default: return class_of(error) == 40 || class_of(error) == 53 || is_going_or_coming(error) || without_words(error);
  }
}

const char* hint_for(std::uint16_t error) {
  switch (error) {
    case sqlstate("28000"): return "check 'user' of 'database' in cloud.yaml, and pg_hba.conf on the server";
    case sqlstate("28P01"): return "check 'user' and 'password-file' of 'database' in cloud.yaml";
    case sqlstate("42501"):
      return "make the user of 'database' in cloud.yaml the owner of that database, or of the schema of the same name in it";
    case sqlstate("53300"): return "raise max_connections on the server, or the limit of the role or of the database";
    case sqlstate("25006"): return "is this the primary?";
    default: return "";
  }
}

}  // namespace

SqlSense postgres_sense(std::uint16_t error) {
  SqlSense sense;
  sense.ours = error == kNoSocket;
  sense.undone = proves_rollback(error);
  sense.out_of_reach = without_words(error) || is_going_or_coming(error);
  sense.may_pass = may_pass(error);
  sense.hint = sense.out_of_reach ? "is the database up, and may this machine reach it?" : hint_for(error);
  return sense;
}

}  // namespace blackstart
