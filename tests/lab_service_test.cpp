#include "lab/service.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string_view>

#include "base/process.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

LabFile openstack() { return read_lab_file(BLACKSTART_SOURCE_DIR "/lab/openstack.yaml"); }

std::vector<std::string> names(const std::vector<Service>& services) {
  std::vector<std::string> all;
  for (const Service& service : services) all.emplace_back(service.name);
  return all;
}

}  // namespace

TEST_CASE("each row of the table is whole: unique name, known image, a port with a path, a stage unless the image starts it") {
  std::set<std::string> seen;
  std::set<int> ports;
  for (const Service& service : all_services()) {
    CAPTURE(service.name);
    CHECK(seen.insert(service.name).second);
    CHECK((service.image == std::string_view("base") || service.image == std::string_view("openstack")));
    CHECK((service.image == std::string_view("openstack") || service.stage == 0));
    CHECK((service.port != 0) == (*service.path == '/'));
    if (service.port) CHECK(ports.insert(service.port).second);
    CHECK(service.limit >= 60s);
    CHECK(find_service(service.name) != nullptr);
  }
  CHECK(find_service("nova") == nullptr);
}

TEST_CASE("roles bring services, those of OpenStack only with its image") {
  LabFile lab = openstack();
  CHECK(names(services_of(lab, *lab.find("k1"))) ==
        std::vector<std::string>{"nova-compute", "neutron-linuxbridge-agent", "neutron-dhcp-agent"});
  CHECK(services_of(lab, *lab.find("c1")).size() == 17);
  CHECK(nodes_with(lab, "keystone").size() == 3);
  CHECK(nodes_with(lab, "nova-compute").front().name == "k1");
  lab.image = "base";
  CHECK(services_of(lab, *lab.find("k1")).empty());
  CHECK(names(services_of(lab, *lab.find("c1"))) ==
        std::vector<std::string>{"mariadb", "galera-check", "haproxy", "keepalived", "memcached"});
}

TEST_CASE("services that a node names take the place of those of its roles") {
  LabFile lab = openstack();
  lab.nodes[0].services = {"rabbitmq-server", "keystone"};
  CHECK(names(services_of(lab, lab.nodes[0])) == std::vector<std::string>{"rabbitmq-server", "keystone"});
  CHECK_FALSE(runs(lab, lab.nodes[0], "mariadb"));
  CHECK(nodes_with(lab, "mariadb").size() == 2);
  lab.nodes[3].services = std::vector<std::string>{};
  CHECK(services_of(lab, lab.nodes[3]).empty());
}

TEST_CASE("the health script is one that a shell understands, and checks each service by its own means") {
  const LabFile lab = openstack();
  const LabNode& node = *lab.find("c2");
  const std::string script = health_script(lab, node, services_of(lab, node));
  CHECK_THAT(script, Contains("check keystone http 5000 /v3\n") && Contains("check nova-conductor nova\n") &&
                         Contains("check rabbitmq-server rabbit\n") && Contains("check haproxy balanced\n") &&
                         Contains("check keepalived true\n") && Contains("http://198.18.71.12:"));
  CHECK(run_process({"sh", "-n", "-c", script}, 10s).ok());
}

TEST_CASE("the health script names what does not work, with the reason, and nothing else") {
  const LabFile lab = openstack();
  const LabNode& node = *lab.find("c1");
  const auto all = services_of(lab, node);
  // Stands for the node: keystone does not answer, glance is not active, all else is well.
  const std::string node_stub =
      "systemctl() { [ \"$2\" != glance-api ] || { echo failed; return 3; }; echo active; }\n"
      "curl() { case \"$*\" in *:5000/*) echo 'curl: (7) refused' >&2; return 7 ;; esac; }\n"
      "mariadb() { echo 1; }\nss() { echo LISTEN; }\nrabbitmqctl() { echo 3; }\ngrep() { if [ \"$1\" = -c ]; then echo 3; else "
      "cat >/dev/null; fi; }\n"
      "socat() { cat >/dev/null; printf 'keystone,c1,0,,,,,,,,,,,,,,,UP\\n'; }\n";
  std::vector<Service> some;
  for (const Service& service : all)
    if (std::string(service.check) != "broker") some.push_back(service);
  const auto result = run_process({"sh", "-c", node_stub + health_script(lab, node, some)}, 20s);
  CHECK(result.out == "keystone: curl: (7) refused\nglance-api: failed\n");
}

TEST_CASE("the health script finds a missing member, a silent agent and a backend that is down") {
  const LabFile lab = openstack();
  const LabNode& node = *lab.find("c1");
  const std::string node_stub =
      "systemctl() { echo active; }\nmariadb() { echo 0; }\nss() { echo LISTEN; }\nrabbitmqctl() { echo 2; }\n"
      "grep() { if [ \"$1\" = -c ]; then echo 3; else cat >/dev/null; fi; }\nsocat() { cat >/dev/null; printf "
      "'nova-api,c3,0,,,,,,,,,,,,,,,DOWN\\n'; }\n";
  std::vector<Service> some;
  for (const char* name : {"haproxy", "rabbitmq-server", "nova-scheduler"}) some.push_back(*find_service(name));
  const auto result = run_process({"sh", "-c", node_stub + health_script(lab, node, some)}, 20s);
  CHECK(result.out ==
        "haproxy: down: nova-api/c3\nrabbitmq-server: 2 of 3 members run\nnova-scheduler: has not reported of late\n");
}

TEST_CASE("the health script finds a standby that does not stream, on either side") {
  const LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/lab/postgres.yaml");
  const LabNode& node = lab.nodes.front();
  const auto said = [&](const std::string& recovery, const std::string& count) {
    // Stands for the node; psql's question is its last word.
    const std::string stub = "systemctl() { echo active; }\nrunuser() { case \"$*\" in *pg_is_in_recovery*) " + recovery +
                             " ;; *) echo " + count + " ;; esac; }\n";
    return run_process({"sh", "-c", stub + health_script(lab, node, services_of(lab, node))}, 20s).out;
  };
  CHECK(said("echo f", "2") == "");
  CHECK(said("echo f", "1") == "postgresql: 1 of 2 standbys stream from it\n");
  CHECK(said("echo t", "1") == "");
  CHECK(said("echo t", "0") == "postgresql: receives nothing from a primary\n");
  CHECK(said("{ echo no server >&2; return 2; }", "0") == "postgresql: no server\n");
}
