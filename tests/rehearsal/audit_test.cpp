// The audit is shown a replica that lost something.
#include <catch2/catch.hpp>
#include <thread>

#include "base/clock.h"
#include "probes/probe.h"
#include "reports/audit.h"
#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a transfer that is deleted on one replica is found by the audit", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const std::string delete_one =
      "for i in $(seq 300); do n=$(mariadb -N bank -e \"SET wsrep_on=OFF; DELETE FROM transfers ORDER BY seq LIMIT 1; SELECT "
      "ROW_COUNT()\"); "
      "[ \"$n\" = 1 ] && exit 0; sleep 0.1; done; exit 1";
  std::string deleted;
  // While the rehearsal holds, the test takes one row away from c3, behind Galera's back.
  const std::string text = scenario(
      "  - inject: {id: kill-memcached, fault: service.kill, unit: memcached.service, on: {nodes: [c1]}}\n  - hold: 5s\n");
  std::jthread thief([&] {
    try {
      wait_until([&] { return on_node("c3", "mariadb -N -e 'SHOW TABLES IN bank' | wc -l") == "3\n"; },
                 Deadline(real_clock(), 30s), 100ms);
      deleted = on_node("c3", delete_one + "; echo done");
    } catch (const std::exception& error) {
      deleted = error.what();
    }
  });
  const auto run = workplace.rehearse(text);
  thief.join();
  INFO(deleted);
  CHECK(run.process.exit_code == 1);
  CHECK(run.verdict() == "failed");
  CHECK_THAT(run.reasons(), Catch::Contains("lost"));
  require_whole_lab();
}
