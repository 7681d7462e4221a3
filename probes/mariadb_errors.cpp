// What MariaDB's error numbers mean. 2000 to 2999 are its client library's.
#include <errmsg.h>
#include <mysqld_error.h>

#include "probes/sql_errors.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

bool is_the_clients(std::uint16_t error) { return error >= CR_MIN_ERROR && error <= CR_MAX_ERROR; }

bool may_pass(std::uint16_t error) {
  switch (error) {
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_UNKNOWN_COM_ERROR:  // Galera: "WSREP has not yet prepared node for application use"
    case ER_ERROR_DURING_COMMIT:
    case ER_GET_TEMPORARY_ERRMSG:
    case ER_QUERY_INTERRUPTED:  // Galera: another node's transaction went first
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
    case ER_CON_COUNT_ERROR:
    case ER_TABLE_EXISTS_ERROR:
    case ER_NO_SUCH_TABLE:
    case ER_DUP_ENTRY:
    case kTimedOut:
    case kNoSocket: return true;
    default: return is_the_clients(error);
  }
}

const char* hint_for(std::uint16_t error) {
  switch (error) {
    case ER_ACCESS_DENIED_ERROR: return "check 'user' and 'password-file' of 'database' in cloud.yaml";
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR: return "give the user of 'database' in cloud.yaml ALL PRIVILEGES on its schema";
    case ER_CON_COUNT_ERROR: return "raise max_connections on the server";
    default: return "";
  }
}

}  // namespace

SqlSense mariadb_sense(std::uint16_t error) {
  SqlSense sense;
  sense.ours = error == kNoSocket || error == CR_IPSOCK_ERROR || error == CR_SOCKET_CREATE_ERROR || error == CR_OUT_OF_MEMORY;
  // A transaction that lost its certification (Galera) or a deadlock was rolled back as a whole, and the server says so.
  sense.undone = error == ER_LOCK_DEADLOCK;
  sense.out_of_reach = is_the_clients(error) || error == kTimedOut || error == kNoSocket || error == ER_SERVER_SHUTDOWN;
  sense.may_pass = may_pass(error);
  sense.hint = sense.out_of_reach ? "is the database up, and may this machine reach it?" : hint_for(error);
  return sense;
}

}  // namespace blackstart
