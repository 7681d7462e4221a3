// Replicas of the database, by SQL: what every Galera node says of itself; PostgreSQL's one primary, and each standby's way
// behind it.
#include "probes/galera.h"
#include "probes/redundancy_check.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

using Ask = decltype(look_at_replicas);

class ReplicasCheck final : public RedundancyCheck {
 public:
  ReplicasCheck(const RedundancyWays& ways, Ask* ask) : database_(ways.cloud.database), ask_(ask) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    for (const ReplicaState& replica : ask_(database_, deadline))
      look.parts.push_back({replica.node, replica.whole, replica.says});
    return look;
  }

 private:
  const Database& database_;
  Ask* const ask_;
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_galera_check(const RedundancyWays& ways) {
  return std::make_unique<ReplicasCheck>(ways, look_at_replicas);
}

std::unique_ptr<RedundancyCheck> make_postgres_check(const RedundancyWays& ways) {
  return std::make_unique<ReplicasCheck>(ways, look_at_streaming);
}

}  // namespace blackstart
