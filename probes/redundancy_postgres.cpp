// PostgreSQL: the one primary, and each standby's way behind it.
#include "probes/redundancy_check.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

class PostgresCheck final : public RedundancyCheck {
 public:
  explicit PostgresCheck(const RedundancyWays& ways) : database_(ways.cloud.database) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    for (const ReplicaState& replica : look_at_streaming(database_, deadline))
      look.parts.push_back({replica.node, replica.whole, replica.says});
    return look;
  }

 private:
  const Database& database_;
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_postgres_check(const RedundancyWays& ways) {
  return std::make_unique<PostgresCheck>(ways);
}

}  // namespace blackstart
