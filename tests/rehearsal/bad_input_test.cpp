// Bad input: one clear message, the right exit code, nothing injected, nothing left behind.
#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

ProcessResult run(const Workplace& workplace, const std::string& text, const std::filesystem::path& cloud) {
  return workplace.blackstart({"run", workplace.write("scenario.yaml", text).string(), "--cloud", cloud.string(), "--out",
                               (workplace.path / "runs").string()});
}

const char* const kKill = "  - inject: {id: kill, fault: service.kill, unit: memcached.service, on: {nodes: [c1]}}\n";

std::string main_pids() {
  std::string pids;
  for (const char* node : {"c1", "c2", "c3"})
    pids += on_node(node, "systemctl show -p MainPID --value memcached.service mariadb.service");
  return pids;
}

}  // namespace

TEST_CASE("what is wrong in a run is told, and nothing is touched", "[lab]") {
  Workplace workplace;
  const std::string before = main_pids();
  Cloud other = cloud();

  SECTION("an unknown node") {
    const auto result =
        run(workplace, scenario("  - inject: {id: kill, fault: service.kill, unit: memcached.service, on: {nodes: [c4]}}\n"),
            cloud_file());
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("no node 'c4'"));
  }
  SECTION("an empty target set") {
    const auto result =
        run(workplace,
            scenario("  - inject: {id: kill, fault: service.kill, unit: memcached.service, on: {pick: all, role: storage}}\n"),
            cloud_file());
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("no node for 'every storage'"));
  }
  SECTION("an unknown unit") {
    const auto result =
        run(workplace, scenario("  - inject: {id: kill, fault: service.kill, unit: memcache.service, on: {nodes: [c1]}}\n"),
            cloud_file());
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("memcache.service"));
  }
  SECTION("a node that does not answer") {
    other.nodes[1].address = "198.18.110.99";
    const auto result = run(workplace, scenario(kKill), workplace.write("cloud.yaml", write_cloud(other)));
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("c2 (198.18.110.99:22)"));
  }
  SECTION("a wrong key") {
    run_checked("making a key", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (workplace.path / "key").string()}, 20s);
    other.ssh.key = (workplace.path / "key").string();
    const auto result = run(workplace, scenario(kKill), workplace.write("cloud.yaml", write_cloud(other)));
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("refused"));
  }
  SECTION("an unknown host key") {
    other.ssh.known_hosts = workplace.write("known_hosts", "").string();
    const auto result = run(workplace, scenario(kKill), workplace.write("cloud.yaml", write_cloud(other)));
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("known_hosts"));
  }
  SECTION("a wrong database password") {
    other.database.password_file = workplace.write("password", "wrong\n").string();
    const auto result = run(workplace, scenario(kKill), workplace.write("cloud.yaml", write_cloud(other)));
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("bank"));
  }
  SECTION("a probe that isn't steady") {
    std::string text = scenario(kKill);
    text.replace(text.find("hold: 3s}"), 9, "hold: 3s, good-within: 1ms}");
    text.replace(text.find("within: 60s}"), 12, "within: 5s}");
    const auto result = run(workplace, text, cloud_file());
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.out, Catch::Contains("steady"));
  }
  CHECK(main_pids() == before);
  CHECK(on_node("c1", "mariadb -N -e 'SHOW TABLES IN bank' | wc -l") == "0\n");
}

TEST_CASE("a broken file is told with its place, and no run folder is made", "[lab]") {
  Workplace workplace;
  struct Bad {
    const char* what;
    const char* with;
    const char* message;
  };
  const Bad bad = GENERATE(Bad{"for: 3s", "for: 3", ":6:"}, Bad{"kind: ledger", "kind: leger", "did you mean 'ledger'"},
                           Bad{"settle:", "setle:", "unknown key 'setle'"}, Bad{"steps:", "steps: [", ":9:"});
  std::string text = scenario(kKill);
  text.replace(text.find(bad.what), std::string(bad.what).size(), bad.with);
  const auto result = run(workplace, text, cloud_file());
  INFO(bad.with);
  CHECK(result.exit_code == 65);
  CHECK_THAT(result.err, Catch::Contains(bad.message));
  CHECK_FALSE(std::filesystem::exists(workplace.path / "runs"));
}

TEST_CASE("a cloud that is no lab is only run against when it is named", "[lab]") {
  Workplace workplace;
  Cloud live = cloud();
  live.simulated = false;
  const auto result = run(workplace, scenario(kKill), workplace.write("cloud.yaml", write_cloud(live)));
  CHECK(result.exit_code == 64);
  CHECK_THAT(result.err, Catch::Contains("--live"));
}
