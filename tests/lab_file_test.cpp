#include "lab/lab_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "lab/ipv4.h"
#include "lab/service.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

const char* const kHead = R"(lab: test
vip: 198.18.20.10
management: {network: 198.18.10.0/24, host: 198.18.10.1}
data: {network: 198.18.20.0/24, host: 198.18.20.1}
sites: [{name: dc1}, {name: dc2}]
)";

// The problems of a lab file that is kHead and these nodes, one line each.
std::string problems(const std::string& rest, const std::string& head = kHead) {
  std::string all;
  LabFile lab;
  for (const auto& problem : check_text(head + rest, "lab.yaml", [&](Fields& f) { lab.describe(f); }))
    all += yaml::format(problem) + "\n";
  return all;
}

std::string node(const std::string& name, const std::string& site, int host) {
  return fmt::format("  - {{name: {0}, site: {1}, address: 198.18.10.{2}, data: 198.18.20.{2}}}\n", name, site, host);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("IPv4 networks: what is one and what isn't") {
  CHECK(parse_ipv4("198.18.10.1") == 0xC6120A01u);
  for (const char* bad : {"", "198.18.10", "198.18.10.256", "198.18.10.1 ", "a.b.c.d"}) CHECK_FALSE(parse_ipv4(bad));
  const auto network = parse_network("198.18.10.0/24");
  REQUIRE(network);
  CHECK(network->contains(*parse_ipv4("198.18.10.255")));
  CHECK_FALSE(network->contains(*parse_ipv4("198.18.11.0")));
  for (const char* bad : {"198.18.10.1/24", "198.18.10.0/33", "198.18.10.0/-1", "198.18.10.0/", "/24"})
    CHECK_FALSE(parse_network(bad));
  CHECK(parse_network("0.0.0.0/0")->contains(1));
  CHECK(network->overlaps(*parse_network("198.18.0.0/15")));
  CHECK(network->overlaps(*parse_network("198.18.10.7")));
  CHECK_FALSE(network->overlaps(*parse_network("198.18.11.0/24")));
}

TEST_CASE("the lab file of three sites is read, and written and read again it is the same") {
  const LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/lab/three-sites.yaml");
  CHECK(lab.name == "three-sites");
  REQUIRE(lab.nodes.size() == 3);
  CHECK(lab.find("c3")->memory == 768 << 20);
  CHECK(lab.find("c4") == nullptr);
  LabFile again;
  read_text(write_lab_file(lab), "again", [&](Fields& f) { again.describe(f); });
  CHECK(write_lab_file(again) == write_lab_file(lab));
  CHECK(again.find("c2")->data == "198.18.20.12");
}

TEST_CASE("interface names fit into the kernel's 15 characters and are all different") {
  LabFile lab;
  lab.prefix = "four";
  const std::string longest = "12345678";
  const std::set<std::string> names = {lab.management_bridge(), lab.backbone(),         lab.site_bridge(longest),
                                       lab.link(longest),       lab.link_peer(longest), lab.management_nic(longest),
                                       lab.data_nic(longest)};
  CHECK(names.size() == 7);
  for (const auto& name : names) CHECK(name.size() <= 15);
}

TEST_CASE("lab files with mistakes: each is told with its place") {
  CHECK(problems("nodes:\n" + node("c1", "dc1", 11)) == "");
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc3", 11)), Contains("lab.yaml:7:22: there is no site 'dc3'"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 11) + node("c1", "dc1", 12)), Contains("node 'c1' stands here twice"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 11) + node("c2", "dc1", 11)),
             Contains("198.18.10.11 belongs to c1 already"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 10)), Contains("198.18.20.10 belongs to the virtual IP already"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 1)), Contains("belongs to the host already"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 255)), Contains("broadcast address"));
  CHECK_THAT(problems("nodes:\n" + node("muchtoolong", "dc1", 11)), Contains("longer than 8 characters"));
  CHECK_THAT(problems("nodes:\n" + node("C_1", "dc1", 11)), Contains("characters other than"));
  CHECK_THAT(problems("nodes: []\n"), Contains("without nodes"));
  CHECK_THAT(problems("nodes:\n  - {name: c1, site: dc1, memory: 64MiB, address: 198.18.10.11, data: 198.18.30.11}\n"),
             Contains("less than 512MiB") && Contains("198.18.30.11 is outside of the network 198.18.20.0/24"));
}

TEST_CASE("nodes without services need neither memory for them nor a virtual IP") {
  const std::string head = replaced(kHead, "vip: 198.18.20.10\n", "");
  const std::string at = "site: dc1, address: 198.18.10.11, data: 198.18.20.11";
  CHECK(problems("nodes:\n  - {name: n1, roles: [], memory: 64MiB, " + at + "}\n", head) == "");
  CHECK(problems("nodes:\n  - {name: n1, roles: [compute, network], memory: 64MiB, " + at + "}\n", head) == "");
  CHECK_THAT(problems("nodes:\n  - {name: n1, roles: [], memory: 63MiB, " + at + "}\n", head), Contains("less than 64MiB"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, roles: [], driver: qemu, memory: 255MiB, " + at + "}\n", head),
             Contains("less than 256MiB"));
  CHECK_THAT(problems("nodes:\n" + node("c1", "dc1", 11), head), Contains("a lab with controllers needs a virtual IP"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, roles: [databse], " + at + "}\n"),
             Contains("'databse' is no role that a lab knows") && Contains("did you mean 'database'?"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, roles: [database], " + at + "}\n"), Contains("no controller to reach them"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, roles: [controller], " + at + "}\n"), Contains("controllers, but no database"));
}

TEST_CASE("a node is a container unless its driver is qemu; roles and driver are written and read again") {
  const LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/tests/rehearsal/vms.yaml");
  CHECK(lab.has_vms());
  CHECK(lab.find("c1")->is_vm());
  CHECK(lab.find("c1")->hypervisor() == "qemu:///system");
  CHECK_FALSE(lab.find("w1")->is_vm());
  CHECK(lab.find("w1")->hypervisor() == "lxc:///");
  LabFile again;
  read_text(write_lab_file(lab), "again", [&](Fields& f) { again.describe(f); });
  CHECK(write_lab_file(again) == write_lab_file(lab));
  CHECK(again.find("w1")->roles.empty());
  CHECK(again.find("c2")->is_vm());
  CHECK_FALSE(read_lab_file(BLACKSTART_SOURCE_DIR "/lab/three-sites.yaml").has_vms());
  CHECK_THAT(problems("nodes:\n  - {name: n1, site: dc1, driver: kvm, address: 198.18.10.11, data: 198.18.20.11}\n"),
             Contains("'kvm'") && Contains("qemu"));
}

TEST_CASE("services and the image are written and read again, and those that do not fit are told") {
  const std::string at = "site: dc1, address: 198.18.10.11, data: 198.18.20.11";
  const std::string openstack = "image: openstack\n" + std::string(kHead);
  const std::string rest = "  - {name: c1, site: dc2, address: 198.18.10.12, data: 198.18.20.12}\n";
  CHECK(problems("nodes:\n  - {name: k1, services: [keystone, haproxy], " + at + "}\n" + rest, openstack) == "");
  CHECK_THAT(problems("nodes:\n  - {name: k1, services: [keystone], " + at + "}\n" + rest),
             Contains("the nodes' image has no keystone") && Contains("image: openstack"));
  CHECK_THAT(problems("nodes:\n  - {name: k1, services: [keyston], " + at + "}\n" + rest, openstack),
             Contains("'keyston' is no service that a lab knows") && Contains("did you mean 'keystone'?"));
  CHECK_THAT(problems("nodes:\n  - {name: k1, driver: qemu, roles: [compute], " + at + "}\n" + rest, openstack),
             Contains("nova-compute does not run in a virtual machine"));
  CHECK_THAT(problems("nodes:\n  - {name: k1, services: [mariadb], memory: 256MiB, " + at + "}\n" + rest),
             Contains("less than 512MiB"));
  CHECK_THAT(problems("nodes:\n  - {name: k1, services: [mariadb], " + at + "}\n"), Contains("no controller to reach them"));

  LabFile lab, again;
  read_text(openstack + "nodes:\n  - {name: k1, services: [], " + at + "}\n" + rest, "lab.yaml",
            [&](Fields& f) { lab.describe(f); });
  read_text(write_lab_file(lab), "again", [&](Fields& f) { again.describe(f); });
  CHECK(again.has_openstack());
  CHECK(again.nodes[0].services == std::vector<std::string>{});
  CHECK_FALSE(again.nodes[1].services);
  // A lab that was made before there were images must be recognized as the same.
  CHECK(write_lab_file(read_lab_file(BLACKSTART_SOURCE_DIR "/lab/three-sites.yaml")).find("image") == std::string::npos);
}

TEST_CASE("the lab of fifty nodes has fifty in one site and witnesses in another, none with a service") {
  const LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/lab/fifty-nodes.yaml");
  CHECK(std::count_if(lab.nodes.begin(), lab.nodes.end(), [](const LabNode& n) { return n.site == "dc1"; }) == 50);
  CHECK(std::count_if(lab.nodes.begin(), lab.nodes.end(), [](const LabNode& n) { return n.site == "dc2"; }) == 2);
  CHECK(nodes_with(lab, "mariadb").empty());
  CHECK(lab.vip.empty());
}

TEST_CASE("PostgreSQL needs no controller, some memory, and no Galera beside it") {
  const LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/lab/postgres.yaml");
  CHECK((lab.vip.empty() && lab.nodes.size() == 3));
  const std::string at = "site: dc1, roles: [database], services: [postgresql], address: 198.18.10.11, data: 198.18.20.11";
  CHECK(problems("nodes:\n  - {name: n1, memory: 256MiB, " + at + "}\n") == "");
  CHECK_THAT(problems("nodes:\n  - {name: n1, memory: 255MiB, " + at + "}\n"), Contains("less than 256MiB"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, driver: qemu, memory: 511MiB, " + at + "}\n"), Contains("less than 512MiB"));
  CHECK_THAT(problems("nodes:\n  - {name: n1, " + at + "}\n" + node("c1", "dc1", 12)),
             Contains("MariaDB on some of them and PostgreSQL on others"));
}

TEST_CASE("lab networks: only benchmark ranges, apart from each other") {
  const std::string nodes = "nodes:\n" + node("c1", "dc1", 11);
  CHECK_THAT(problems("nodes: []\n", replaced(kHead, "198.18.10.0/24", "10.0.0.0/24")), Contains("within 198.18.0.0/15"));
  CHECK_THAT(problems("nodes: []\n", replaced(kHead, "198.18.10.0/24", "198.18.10.1/24")), Contains("is no network"));
  CHECK_THAT(problems(nodes, replaced(kHead, "198.18.10.0/24", "198.18.0.0/16")), Contains("overlaps the management network"));
  CHECK_THAT(problems(nodes, replaced(kHead, "{name: dc2}", "{name: core}")), Contains("clashes with the names"));
  CHECK_THAT(problems(nodes, replaced(kHead, "{name: dc2}", "{name: dc1}")), Contains("site 'dc1' stands here twice"));
  CHECK_THAT(problems(nodes, replaced(kHead, "198.18.20.10", "198.18.20.1")), Contains("belongs to the host already"));
  CHECK_THAT(problems(nodes + "colour: red\n"), Contains("unknown key 'colour'"));
}
