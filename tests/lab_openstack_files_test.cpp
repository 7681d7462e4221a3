#include "lab/openstack_files.h"

#include <crypt.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "lab/lab_folder.h"
#include "lab/openstack_secrets.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

LabFile openstack() { return read_lab_file(BLACKSTART_SOURCE_DIR "/lab/openstack.yaml"); }

const Values& secrets() {
  static const Values made = new_openstack_secrets();
  return made;
}

std::optional<NodeFile> file(const LabFile& lab, const std::string& node, const std::string& path) {
  for (const NodeFile& each : node_files(lab, *lab.find(node), {"", "", "", secrets()}))
    if (each.path == path) return each;
  return std::nullopt;
}

std::string text(const std::string& node, const std::string& path) {
  const auto found = file(openstack(), node, path);
  REQUIRE(found);
  return found->text;
}

}  // namespace

TEST_CASE("secrets are new for each lab, have the form that Keystone wants, and are read as they were written") {
  const Values other = new_openstack_secrets();
  CHECK(secrets().size() == 6);
  for (const auto& [name, value] : secrets()) CHECK(other.at(name) != value);
  for (const char* key : {"fernet_0", "fernet_1", "credential_0", "credential_1"}) {
    CHECK(secrets().at(key).size() == 44);
    CHECK(secrets().at(key).back() == '=');
  }
  const auto path = std::filesystem::temp_directory_path() / ("secrets." + random_word(8));
  write_file(path, write_secrets(secrets()), 0600);
  CHECK(read_secrets(path) == secrets());
  std::filesystem::remove(path);
}

TEST_CASE("a password's hash is bcrypt's, never twice the same, and right for that password alone") {
  const std::string hash = keystone_hash("secret");
  CHECK_THAT(hash, Catch::Matchers::StartsWith("$2b$04$"));
  CHECK(keystone_hash("secret") != hash);
  CHECK(crypt("secret", hash.c_str()) == hash);
  CHECK(crypt("Secret", hash.c_str()) != hash);
}

TEST_CASE("every service's settings are filled in, and name this node and all brokers") {
  const LabFile lab = openstack();
  const std::string nova = text("c2", "/etc/nova/nova.conf"), password = secrets().at("service_password");
  CHECK_THAT(nova, Contains("host = c2\n") && Contains("my_ip = 198.18.71.12\n") &&
                       Contains("connection = mysql+pymysql://openstack:" + password + "@vip/nova_api?charset=utf8\n"));
  CHECK_THAT(nova, Contains("transport_url = rabbit://openstack:" + password + "@c1:5672,openstack:" + password +
                            "@c2:5672,openstack:" + password + "@c3:5672/\n"));
  CHECK_THAT(nova,
             Contains("memcache_servers = c1:11211,c2:11211,c3:11211") && Contains("auth_url = http://198.18.71.10:5000\n"));
  CHECK_THAT(text("c1", "/etc/rabbitmq/rabbitmq.conf"), Contains("cluster_formation.classic_config.nodes.1 = rabbit@c1\n") &&
                                                            Contains("classic_config.nodes.3 = rabbit@c3\n"));
  for (const LabNode& node : lab.nodes)
    for (const NodeFile& each : node_files(lab, node, {"", "", "", secrets()})) {
      CAPTURE(each.path);
      CHECK(each.text.find("{{") == std::string::npos);
      if (each.text.find(password) != std::string::npos) CHECK(each.mode == 0600);
    }
}

TEST_CASE("a node has the settings of its services alone, and only Keystone's have its keys") {
  const LabFile lab = openstack();
  CHECK(file(lab, "k1", "/etc/nova/nova.conf"));
  CHECK(file(lab, "k1", "/etc/neutron/plugins/ml2/linuxbridge_agent.ini"));
  for (const char* path : {"/etc/keystone/keystone.conf", "/etc/keystone/fernet-keys/0", "/etc/openstack/clouds.yaml",
                           "/etc/haproxy/haproxy.cfg", "/etc/cinder/cinder.conf"}) {
    CHECK_FALSE(file(lab, "k1", path));
    CHECK(file(lab, "c1", path));
  }
  CHECK(file(lab, "k1", "/etc/systemd/system/rabbitmq-server.service")->text.empty());
  CHECK_FALSE(file(lab, "k1", "/etc/systemd/system/keystone.service"));
  CHECK(text("c1", "/etc/keystone/fernet-keys/1") == text("c3", "/etc/keystone/fernet-keys/1"));
}

TEST_CASE("HAProxy balances each API over those who run it") {
  LabFile lab = openstack();
  CHECK_THAT(balanced_apis(lab), Contains("listen keystone\n") && Contains("  bind 198.18.71.10:5000\n") &&
                                     Contains("option httpchk GET /v3\n") && Contains("  server c2 198.18.71.12:5000 check"));
  for (LabNode& node : lab.nodes)
    if (node.name != "c2") node.services = std::vector<std::string>{};
  CHECK(balanced_apis(lab).find("server c1") == std::string::npos);
  lab.image = "base";
  CHECK(balanced_apis(lab).empty());
}

TEST_CASE("clouds.yaml has a cloud of a plain user and one of the administrator, each with its own password") {
  const std::string yaml = clouds_yaml(openstack(), secrets());
  CHECK_THAT(yaml, Contains("  openstack:\n") && Contains("  openstack-admin:\n") &&
                       Contains("auth_url: http://198.18.71.10:5000/v3\n"));
  const std::size_t user = yaml.find(secrets().at("user_password")), admin = yaml.find(secrets().at("service_password"));
  CHECK(yaml.find("username: demo") < user);
  CHECK(user < yaml.find("username: admin"));
  CHECK(yaml.find("username: admin") < admin);
  CHECK(admin != std::string::npos);
}

TEST_CASE("the statements for the databases hold no password of Keystone's in clear text but the services'") {
  const std::string sql = secret_statements(openstack(), secrets());
  CHECK(sql.find(secrets().at("user_password")) == std::string::npos);
  CHECK_THAT(sql, Contains("REPLACE(url, '//vip:', '//198.18.71.10:')") && Contains("$2b$04$"));
}

TEST_CASE("nodes that serve images share one folder of the host") {
  const LabFile lab = openstack();
  CHECK_THAT(domain_xml(lab, *lab.find("c1"), "/x"), Contains("<source dir='/var/lib/blackstart/labs/openstack/images'/>"));
  CHECK(domain_xml(lab, *lab.find("k1"), "/x").find("images") == std::string::npos);
}
