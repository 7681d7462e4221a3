// Galera: what every replica says of itself.
#include "probes/galera.h"
#include "probes/redundancy_check.h"

namespace blackstart {
namespace {

class GaleraCheck final : public RedundancyCheck {
 public:
  explicit GaleraCheck(const RedundancyWays& ways) : database_(ways.cloud.database) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    for (const ReplicaState& replica : look_at_replicas(database_, deadline))
      look.parts.push_back({replica.node, replica.whole, replica.says});
    return look;
  }

 private:
  const Database& database_;
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_galera_check(const RedundancyWays& ways) { return std::make_unique<GaleraCheck>(ways); }

}  // namespace blackstart
