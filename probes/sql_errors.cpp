#include "probes/sql_errors.h"

namespace blackstart {

SqlSense sense_of(SqlKind kind, std::uint16_t error) {
  return kind == SqlKind::postgresql ? postgres_sense(error) : mariadb_sense(error);
}

}  // namespace blackstart
