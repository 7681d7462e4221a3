#include <catch2/catch.hpp>

#include "base/fields.h"
#include "lab/cloud_draft.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using Catch::Contains;
using Names = std::vector<std::string>;

namespace {

const char* const kInventory = R"([control]
c1 ansible_host=10.0.0.11
c2 ansible_host=10.0.0.12 ansible_port=2222
[compute]
k1.example.org ansible_host=10.0.0.[21:22]
[deployment]
localhost ansible_connection=local
[mariadb:children]
control
[dc1]
c1
k1.example.org
[dc2]
c2
[all:vars]
ansible_user=kolla
ansible_become=true
ansible_ssh_pass=hunter2
ansible_ssh_private_key_file=/home/kolla/.ssh/id
kolla_internal_vip_address=10.0.0.10
)";

CloudDraft draft_of(const std::string& text, const Names& sites = {}) {
  const Inventory inventory = parse_inventory(text, "multinode");
  return draft_cloud({&inventory, nullptr, "north", sites, {}});
}

OpenStackFacts facts() {
  OpenStackFacts facts;
  facts.access.cloud = "north-admin";
  facts.region = "RegionOne";
  facts.endpoints = {{"identity", "internal", "http://10.0.0.10:5000/v3"},
                     {"compute", "internal", "http://10.0.0.10:8774/v2.1"},
                     {"identity", "public", "https://api.example.org:5000\nnodes: []"}};
  facts.hypervisors = {{"k1", "10.0.0.21", "az1"}, {"k2", "10.0.0.22", ""}, {"no name: [", "10.0.0.23", ""}};
  return facts;
}

// What check says of the draft: one line each.
std::string problems(const std::string& text) {
  std::string all;
  for (const auto& problem : check_text(text, "cloud.yaml", [](Fields& f) { Cloud().describe(f); }))
    all += yaml::format(problem) + "\n";
  return all;
}

std::string said(const Names& sentences) {
  std::string all;
  for (const std::string& sentence : sentences) all += sentence + "\n";
  return all;
}

}  // namespace

TEST_CASE("groups become roles, by whatever habit they are named") {
  CHECK(roles_of({"control", "mariadb", "rabbitmq", "memcached"}) == Names{"controller", "database", "messaging", "cache"});
  CHECK(roles_of({"shared-infra_hosts", "galera_all"}) == Names{"controller", "database"});
  CHECK(roles_of({"nova-compute", "ceph-osd", "Hypervisors"}) == Names{"compute", "storage"});
  CHECK(roles_of({"baremetal", "deployment"}).empty());
}

TEST_CASE("a draft takes over names, roles, ways in and the virtual IP, and never a password") {
  const CloudDraft draft = draft_of(kInventory);
  REQUIRE(draft.cloud.nodes.size() == 3);
  CHECK(draft.cloud.nodes[1].address == "10.0.0.12");
  CHECK(draft.cloud.nodes[1].ssh_port == 2222);
  CHECK(draft.cloud.nodes[1].roles == Names{"controller", "database"});
  CHECK(draft.cloud.vip == "10.0.0.10");
  CHECK(draft.cloud.ssh.user == "kolla");
  CHECK(draft.cloud.ssh.key == "/home/kolla/.ssh/id");
  CHECK(draft.cloud.ssh.sudo);
  CHECK_THAT(said(draft.left_out), Contains("localhost") && Contains("passwords of 4 hosts"));
  CHECK_THAT(write_draft(draft) + said(draft.found) + said(draft.left_out), !Contains("hunter2"));
}

TEST_CASE("a user or a key that can't be written down is left out, and that is said") {
  const CloudDraft draft =
      draft_of("[control]\nc1\n[all:vars]\nansible_user={{ deploy_user }}\nansible_ssh_private_key_file=\"{{ home }}/id\"\n");
  CHECK(draft.cloud.ssh.user.empty());
  CHECK(draft.cloud.ssh.key.empty());
  CHECK_THAT(said(draft.left_out),
             Contains("ansible_user: '{{ deploy_user }}'") && Contains("ansible_ssh_private_key_file: '{{ home }}/id'"));
  CHECK(draft_of("[control]\nc1\n").left_out.empty());
}

TEST_CASE("a draft is refused while a part is missing that must be there, and says which") {
  const std::string text = write_draft(draft_of(kInventory));
  CHECK_THAT(text, Contains("c1, roles: [controller, database], address: \"10.0.0.11\"}  # fill in: site, rack, data, bmc"));
  CHECK_THAT(text, Contains("# fill in: address, site, rack, data, bmc; its ansible_host is no address: 10.0.0.[21:22]"));
  CHECK_THAT(problems(text), Contains("'sites' must be a list") && Contains("'site' is missing") &&
                                 Contains("'address' is missing") && Contains("'known-hosts' is missing"));
}

TEST_CASE("a draft is good once what is missing is filled in") {
  std::string text = write_draft(draft_of(kInventory, {"dc1", "dc2"}));
  CHECK_THAT(text, Contains("- {name: dc1}\n") && Contains("{name: c2, site: dc2,"));
  const auto replace = [&](const std::string& what, const std::string& by) {
    REQUIRE(text.find(what) != std::string::npos);
    text.replace(text.find(what), what.size(), by);
  };
  replace("roles: [compute]}", "roles: [compute], address: 10.0.0.21}");
  replace("# fill in: known-hosts: keys/known_hosts", "known-hosts: keys/known_hosts");
  CHECK(problems(text).empty());
}

TEST_CASE("OpenStack adds its hypervisors, zones and virtual IP") {
  const Inventory inventory = parse_inventory("[compute]\nk1.example.org ansible_host=10.1.0.21\n", "hosts");
  const OpenStackFacts openstack = facts();
  const CloudDraft draft = draft_cloud({&inventory, &openstack, "north", {}, {}});
  REQUIRE(draft.cloud.nodes.size() == 2);
  CHECK(draft.cloud.nodes[0].address == "10.1.0.21");
  CHECK(draft.cloud.nodes[0].site == "az1");
  CHECK(draft.cloud.nodes[1].name == "k2");
  CHECK(draft.cloud.nodes[1].roles == Names{"compute"});
  CHECK(draft.cloud.vip == "10.0.0.10");
  CHECK_THAT(said(draft.found), Contains("3 hypervisors, 1 of them in the inventory") && Contains("taken for the virtual IP"));
  CHECK_THAT(said(draft.left_out), Contains("hypervisor 'no name: ['"));
  const std::string text = write_draft(draft);
  CHECK_THAT(text, Contains("- {name: az1, region: RegionOne}") && Contains("openstack: {cloud: \"north-admin\"}") &&
                       Contains("Nova knows it, the inventory doesn't") && Contains("api.example.org:5000?nodes: []"));
  CHECK_THAT(problems(text), Contains("'site' is missing") && !Contains("stands here twice"));
}

TEST_CASE("OpenStack alone makes a draft, too") {
  const OpenStackFacts openstack = facts();
  const CloudDraft draft = draft_cloud({nullptr, &openstack, "north", {}, {}});
  REQUIRE(draft.cloud.nodes.size() == 2);
  CHECK(draft.cloud.nodes[0].address == "10.0.0.21");
  CHECK_THAT(write_draft(draft), Contains("does SSH get in there?") && Contains("# fill in: user: root"));
}

TEST_CASE("what can't become a cloud file is refused") {
  const auto kind = [](const std::string& text, const Names& sites = {}) {
    return error_of([&] { draft_of(text, sites); }).kind();
  };
  CHECK(kind("[a]\nc@1 ansible_host=10.0.0.1\n") == ErrorKind::bad_file);
  CHECK(kind("[a]\n-c1\n") == ErrorKind::bad_file);
  CHECK(kind("[a]\nc1 ansible_port=ssh\n") == ErrorKind::bad_file);
  CHECK(kind("[a]\nc1 ansible_port=70000\n") == ErrorKind::bad_file);
  CHECK(kind("[a]\nc1\n[b]\nc1\n", {"a", "b"}) == ErrorKind::bad_file);
  CHECK(kind("[a]\nc1\n", {"dc1"}) == ErrorKind::usage);
  CHECK(error_of([] { draft_cloud({nullptr, nullptr, "no name", {}, {}}); }).kind() == ErrorKind::usage);
}
