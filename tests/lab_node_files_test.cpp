#include "lab/node_files.h"

#include <catch2/catch.hpp>
#include <optional>

#include "base/error.h"
#include "lab/template.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

LabFile three_sites() { return read_lab_file(BLACKSTART_SOURCE_DIR "/lab/three-sites.yaml"); }

NodeFile file(const std::string& node, const std::string& path) {
  const LabFile lab = three_sites();
  for (const NodeFile& each :
       node_files(lab, *lab.find(node), {"ssh-ed25519 AAAA us", "PRIVATE", "0123456789abcdef0123456789abcdef"}))
    if (each.path == path) return each;
  FAIL("no file " << path);
  return {};
}

}  // namespace

TEST_CASE("templates: holes are filled, and a hole without a value is a defect") {
  CHECK(fill_template("{{a}} and {{b}}{{a}}.", {{"a", "1"}, {"b", "{{a}}"}}) == "1 and {{a}}1.");
  CHECK(fill_template("plain { } }}", {}) == "plain { } }}");
  CHECK_THROWS_WITH(fill_template("x {{c}}", {{"a", "1"}}), Contains("{{c}}"));
  CHECK_THROWS_AS(fill_template("x {{c", {{"c", "1"}}), Error);
}

TEST_CASE("each node's database knows itself and all members") {
  const std::string text = file("c2", "/etc/mysql/mariadb.conf.d/99-galera.cnf").text;
  CHECK_THAT(text, Contains("bind_address = 198.18.20.12\n") && Contains("wsrep_node_name = c2\n"));
  CHECK_THAT(text, Contains("gcomm://198.18.20.11,198.18.20.12,198.18.20.13\n") && Contains("gmcast.segment=1;"));
}

TEST_CASE("every proxy sends SQL to the same first server, the others are its backups") {
  for (const char* node : {"c1", "c3"}) {
    const std::string text = file(node, "/etc/haproxy/haproxy.cfg").text;
    CHECK_THAT(text, Contains("  server c1 198.18.20.11:3306 check port 9200\n"));
    CHECK_THAT(text, Contains("  server c3 198.18.20.13:3306 check port 9200 backup\n"));
    CHECK_THAT(text, Contains("bind 198.18.20.10:3306"));
  }
}

TEST_CASE("the virtual IP prefers the first node, and each asks the two others") {
  const std::string first = file("c1", "/etc/keepalived/keepalived.conf").text;
  const std::string last = file("c3", "/etc/keepalived/keepalived.conf").text;
  CHECK_THAT(first,
             Contains("priority 103\n") && Contains("unicast_src_ip 198.18.20.11\n") && Contains("198.18.20.10/24 dev data0"));
  CHECK_THAT(last, Contains("priority 101\n") && Contains("    198.18.20.11\n    198.18.20.12\n"));
  CHECK(last.find("    198.18.20.13\n") == std::string::npos);
}

TEST_CASE("keys in a node are readable by root alone") {
  CHECK(file("c1", "/etc/ssh/ssh_host_ed25519_key").mode == 0600);
  CHECK(file("c1", "/root/.ssh/authorized_keys").mode == 0600);
  CHECK(file("c1", "/root/.ssh/authorized_keys").text == "ssh-ed25519 AAAA us");
  CHECK_THAT(file("c1", "/etc/hosts").text, Contains("198.18.20.10 vip\n") && Contains("198.18.20.13 c3\n"));
}

TEST_CASE("the first PostgreSQL is the primary, the others follow it, and a commit waits for one of them if there is one") {
  LabFile lab = read_lab_file(BLACKSTART_SOURCE_DIR "/lab/postgres.yaml");
  const auto text_of = [&](const char* node, const std::string& path) -> std::optional<std::string> {
    for (const NodeFile& each : node_files(lab, *lab.find(node), {}))
      if (each.path == path) return each.text;
    return std::nullopt;
  };
  const std::string settings = "/etc/postgresql/15/main/conf.d/lab.conf", signal = "/var/lib/postgresql/15/main/standby.signal";
  CHECK_FALSE(text_of("c1", signal));
  CHECK((text_of("c2", signal) == "" && text_of("c3", signal) == ""));
  CHECK_THAT(*text_of("c2", settings), Contains("listen_addresses = '198.18.24.12'\n") &&
                                           Contains("'host=198.18.24.11 user=replicator application_name=c2'\n") &&
                                           Contains("synchronous_standby_names = 'ANY 1 (*)'\n"));
  CHECK(units_of(lab, lab.nodes[0]) == std::vector<std::string>{"postgresql"});
  CHECK(text_of("c1", "/etc/systemd/system/mariadb.service") == "");
  CHECK_FALSE(text_of("c1", "/etc/systemd/system/postgresql.service"));
  lab.nodes.resize(1);
  CHECK_THAT(*text_of("c1", settings), Contains("synchronous_standby_names = ''\n"));
  CHECK(file("c1", "/etc/systemd/system/postgresql.service").text.empty());  // of the three sites' lab
}

TEST_CASE("a node has the services of its roles, the others of the image are masked") {
  LabFile lab = three_sites();
  lab.nodes[0].roles = {"compute"};
  lab.nodes[1].roles = {"database"};
  const auto text_of = [&](std::size_t index, const std::string& path) -> std::optional<std::string> {
    for (const NodeFile& each : node_files(lab, lab.nodes[index], {}))
      if (each.path == path) return each.text;
    return std::nullopt;
  };
  CHECK(units_of(lab, lab.nodes[0]).empty());
  CHECK(units_of(lab, lab.nodes[1]) == std::vector<std::string>{"mariadb", "galera-check"});
  CHECK(units_of(lab, lab.nodes[2]).size() == 5);
  for (const char* unit : {"mariadb", "galera-check", "haproxy", "keepalived", "memcached"})
    CHECK(text_of(0, "/etc/systemd/system/" + std::string(unit) + ".service") == "");
  CHECK_FALSE(text_of(0, "/etc/mysql/mariadb.conf.d/99-galera.cnf"));
  CHECK_FALSE(text_of(0, "/etc/haproxy/haproxy.cfg"));
  CHECK_FALSE(text_of(1, "/etc/systemd/system/mariadb.service"));
  CHECK(text_of(1, "/etc/systemd/system/haproxy.service") == "");
  CHECK_FALSE(text_of(2, "/etc/systemd/system/haproxy.service"));
  // Only databases are members and servers, only controllers hold the virtual IP, and the first of them prefers to.
  CHECK_THAT(*text_of(2, "/etc/mysql/mariadb.conf.d/99-galera.cnf"), Contains("gcomm://198.18.20.12,198.18.20.13\n"));
  CHECK(text_of(2, "/etc/haproxy/haproxy.cfg")->find("server c1") == std::string::npos);
  CHECK_THAT(*text_of(2, "/etc/haproxy/haproxy.cfg"), Contains("  server c2 198.18.20.12:3306 check port 9200\n"));
  CHECK_THAT(*text_of(2, "/etc/keepalived/keepalived.conf"), Contains("priority 103\n"));
}

TEST_CASE("without a virtual IP no host name stands for one") {
  LabFile lab = three_sites();
  lab.vip = "";
  const auto files = node_files(lab, lab.nodes[0], {});
  for (const NodeFile& each : files)
    if (each.path == "/etc/hosts") CHECK(each.text.starts_with("127.0.0.1 localhost\n198.18.20.11 c1\n"));
}

TEST_CASE("a node's domain carries the lab's mark, its memory and its two networks") {
  const LabFile lab = three_sites();
  const std::string xml = domain_xml(lab, *lab.find("c3"), "/x/root");
  CHECK_THAT(xml, Contains("<name>three-sites.c3</name>") && Contains("<description>blackstart lab three-sites</description>"));
  CHECK_THAT(xml, Contains("<memory unit='b'>805306368</memory>") && Contains("<source dir='/x/root'/>"));
  CHECK_THAT(
      xml, Contains("<source bridge='bs-mgmt'/>") && Contains("<source bridge='bs-dc3'/>") && Contains("<guest dev='data0'/>"));
  CHECK(xml.find("{{") == std::string::npos);
}
