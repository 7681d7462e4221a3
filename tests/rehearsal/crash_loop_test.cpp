// service.crash-loop on real systemd: the service dies again and again, as another node sees it, and then stays.
#include <catch2/catch.hpp>

#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr const char* kUnit = "haproxy.service";

std::string main_pid() { return on_node("c3", std::string("systemctl show -p MainPID --value ") + kUnit); }

// Does HAProxy on c3 answer c1?
std::string look() {
  return "curl -s -m 1 http://" + cloud().find("c3")->data_address() + ":8404/ >/dev/null && echo up || echo down";
}
std::string seen_by_c1() { return on_node("c1", look()); }

}  // namespace

TEST_CASE("a crash loop: each new main process is killed, until the undo", "[lab]") {
  const std::string before = main_pid();
  REQUIRE(seen_by_c1() == "up\n");
  Injected loop("service.crash-loop", "{unit: haproxy.service, for: 60s}", {"c3"});
  const auto evidence = loop.inject();
  require_all(evidence, 1);
  CHECK_THAT(evidence[0].observed, Catch::Contains("restarts by systemd"));
  int down = 0;
  for (int i = 0; i < 10; ++i) down += seen_by_c1() == "down\n";
  CHECK(down > 0);
  wait_on_node("c3", "[ $(systemctl show -p NRestarts --value haproxy.service) -ge 5 ] && echo many || echo few", "many\n",
               30s);
  CHECK(main_pid() != before);
  require_all(loop.undo(), 2);
  const std::string after = main_pid();
  wait_on_node("c1", look(), "up\n", 10s);
  CHECK(main_pid() == after);
  CHECK(on_node("c3", "systemctl is-active haproxy.service") == "active\n");
}

TEST_CASE("a crash loop ends by the dead-man when nobody undoes it", "[lab]") {
  Injected loop("service.crash-loop", "{unit: haproxy.service, for: 300s}", {"c3"});
  require_all(loop.inject(12s), 1);
  wait_on_node("c3", "ls /run/blackstart/ | grep -c fired; true", "1\n", 20s);
  wait_on_node("c3", "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l", "0\n", 10s);
  wait_on_node("c3", "systemctl is-active haproxy.service; true", "active\n", 10s);
  const std::string after = main_pid();
  require_all(loop.undo(), 2);
  CHECK(main_pid() == after);
}

TEST_CASE("a crash loop of a service that systemd does not start again is refused", "[lab]") {
  on_node("c3", "systemd-run --quiet --collect --unit=once sleep 600");
  Injected loop("service.crash-loop", "{unit: once.service, for: 10s}", {"c3"});
  CHECK_THROWS_WITH(loop.preflight(), Catch::Contains("does not start it again") && Catch::Contains("Restart=no"));
  on_node("c3", "systemctl stop once.service");
}
