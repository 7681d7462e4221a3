// Whether a database is Galera's, asked of a real one that is not.
#include <catch2/catch.hpp>

#include "probes/live_settings.h"
#include "tests/support/fake_remote.h"
#include "tests/support/mariadb_server.h"
#include "tests/support/small_cloud.h"

using namespace blackstart;

TEST_CASE("live settings: of a MariaDB without Galera nothing is told of Galera", "[live]") {
  const test::MariadbServer server;
  Cloud cloud = small_cloud({"c1", "c2", "c3"});
  cloud.database = server.database();
  cloud.database.replicas = {{"c1", "127.0.0.1", server.port()}};
  FakeRemote remote;
  CHECK(read_live_settings(cloud, remote, Deadline(real_clock(), 10s)).empty());
  // That one does not answer is told: who knows what it is.
  cloud.database.replicas.push_back({"c2", "127.0.0.1", free_port()});
  const auto all = read_live_settings(cloud, remote, Deadline(real_clock(), 10s));
  REQUIRE(all.size() == 1);
  CHECK((all[0].component == "galera" && all[0].node == "c2" && !all[0].problem.empty()));
}
