#include <catch2/catch.hpp>

#include "lab/inventory.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using Catch::Contains;
using Names = std::vector<std::string>;

namespace {

const char* const kMultinode = R"(# kolla's form
[control]
control[01:03]  ansible_user=kolla   # three of them
[network]
net-a ansible_host=10.0.0.31 ansible_port=2222 motd="two words"
10.0.0.32:2200

[compute]
compute01 ansible_host='10.0.0.41'
[compute:vars]
rack=r1
who = "of the group"
[deployment]
localhost       ansible_connection=local
[baremetal:children]
control
compute
[baremetal:vars]
who=of the parent
depth=2
[mariadb:children]
control
[all:vars]
who=of all
ansible_become=true
)";

const Inventory::Host& host(const Inventory& inventory, const std::string& name) {
  for (const auto& one : inventory.hosts)
    if (one.name == name) return one;
  FAIL("there is no host " + name);
  throw std::logic_error("not reached");
}

Names names_of(const Inventory& inventory) {
  Names names;
  for (const auto& one : inventory.hosts) names.push_back(one.name);
  return names;
}

}  // namespace

TEST_CASE("an inventory in Ansible's INI form gives hosts, groups and variables") {
  const Inventory inventory = parse_inventory(kMultinode, "multinode");
  CHECK(names_of(inventory) == Names{"control01", "control02", "control03", "net-a", "10.0.0.32", "compute01", "localhost"});
  CHECK(inventory.groups == Names{"control", "network", "compute", "deployment", "baremetal", "mariadb"});
  CHECK(host(inventory, "control02").groups == Names{"control", "baremetal", "mariadb"});
  CHECK(host(inventory, "control02").line == 3);
  CHECK(host(inventory, "control02").variable("ansible_user") == "kolla");
  CHECK(host(inventory, "net-a").variable("ansible_port") == "2222");
  CHECK(host(inventory, "net-a").variable("motd") == "two words");
  CHECK(host(inventory, "10.0.0.32").variable("ansible_port") == "2200");
  CHECK(host(inventory, "compute01").variable("ansible_host") == "10.0.0.41");
  CHECK(host(inventory, "localhost").variable("ansible_connection") == "local");
}

TEST_CASE("a deeper group's variable goes over its parent's, and a host's over both") {
  const Inventory inventory = parse_inventory(kMultinode, "multinode");
  CHECK(host(inventory, "compute01").variable("who") == "of the group");
  CHECK(host(inventory, "compute01").variable("depth") == "2");
  CHECK(host(inventory, "control01").variable("who") == "of the parent");
  CHECK(host(inventory, "net-a").variable("who") == "of all");
  CHECK(host(inventory, "net-a").variable("none").empty());
}

TEST_CASE("ranges count as Ansible counts") {
  CHECK(expand_hosts("plain", "x:1") == Names{"plain"});
  CHECK(expand_hosts("n[1:3]", "x:1") == Names{"n1", "n2", "n3"});
  CHECK(expand_hosts("n[08:10].a", "x:1") == Names{"n08.a", "n09.a", "n10.a"});
  CHECK(expand_hosts("n[:2]", "x:1") == Names{"n0", "n1", "n2"});
  CHECK(expand_hosts("n[1:6:2]", "x:1") == Names{"n1", "n3", "n5"});
  CHECK(expand_hosts("r[a:b]-[1:2]", "x:1") == Names{"ra-1", "ra-2", "rb-1", "rb-2"});
}

TEST_CASE("a range may end at the greatest number that there is") {
  CHECK(expand_hosts("n[9223372036854775806:9223372036854775807]", "x:1") ==
        Names{"n9223372036854775806", "n9223372036854775807"});
  CHECK(expand_hosts("n[1:9223372036854775807:9223372036854775806]", "x:1") == Names{"n1", "n9223372036854775807"});
}

TEST_CASE("YAML and ansible-inventory's JSON say the same as the INI form") {
  const char* const yaml = R"(---
all:
  vars: {who: of all}
  children:
    control:
      hosts:
        control[01:02]: {ansible_host: 10.0.0.1, secret: !vault "abc", many: [1, 2]}
    mariadb:
      children:
        control:
)";
  const char* const json =
      R"({"_meta": {"hostvars": {"control01": {"ansible_host": "10.0.0.1", "ansible_port": 22, "many": [1], "who": "of all"},
    "control02": {"ansible_host": "10.0.0.1", "who": "of all"}}},
    "all": {"children": ["ungrouped", "mariadb"]}, "control": {"hosts": ["control01", "control02"]}, "mariadb": {"children": ["control"]}})";
  for (const auto& inventory :
       {parse_inventory(yaml, "hosts.yml"), parse_inventory(yaml, "hosts"), parse_inventory(json, "-")}) {
    CHECK(names_of(inventory) == Names{"control01", "control02"});
    CHECK(inventory.hosts[0].in("control"));
    CHECK(inventory.hosts[0].in("mariadb"));
    CHECK_FALSE(inventory.hosts[0].in("all"));
    CHECK(inventory.hosts[0].variable("ansible_host") == "10.0.0.1");
    CHECK(inventory.hosts[0].variable("who") == "of all");
    CHECK(inventory.hosts[0].variable("many").empty());
  }
}

TEST_CASE("a wrong inventory is told with its place") {
  struct Wrong {
    const char* text;
    const char* message;
  };
  const auto wrong =
      GENERATE(Wrong{"[control]\nc1\n[x:children]\ncontroll\n", "f:4: there is no group 'controll' (did you mean 'control'?)"},
               Wrong{"[a:vars]\nx=1\n", "f:1: there is no group 'a'"}, Wrong{"[a:kids]\n", "f:1: 'kids' is no kind of section"},
               Wrong{"[a]\nn[01:3]\n", "f:2: '[01:3]' is no range: both ends must have the same number of digits"},
               Wrong{"[a]\nn[3:1]\n", "f:2: '[3:1]' is no range: it ends before it begins"},
               Wrong{"[a]\nn[1-3]\n", "f:2: '[1-3]' is no range"}, Wrong{"[a]\nn[1:2\n", "there is no ']'"},
               Wrong{"[a]\nn[1:999999999]\n", "that is too many"}, Wrong{"[a]\nn[1:5:0]\n", "its step is 0"},
               Wrong{"[a]\nn[0:9999]-[0:9999]\n", "is more than 20000 hosts"},
               Wrong{"[a]\nc1 ansible_host\n", "f:2: word 1 behind 'c1' is no variable"},
               Wrong{"[a]\nc1 x=\"1\n", "f:2: a quotation mark is not closed"},
               Wrong{"[a]\nc1\n[a:vars]\nlonely\n", "f:4: 'lonely' is no variable"},
               Wrong{"[a:children]\nb\n[b:children]\na\n", "f: the group 'a' contains itself"}, Wrong{"", "it names no host"},
               Wrong{"# nothing\n", "it names no host"},
               Wrong{"all:\n  hosts:\n    c1:\n  host: {}\n", "f:4:3: 'host' is no part of a group"},
               Wrong{"all:\n  hosts: [c1]\n", "must be a map of names"}, Wrong{"{\"all\": 3}", "the group 'all' is no object"},
               Wrong{"{\"all\"", "as JSON it must be what ansible-inventory --list prints"});
  INFO(wrong.text);
  const Error error = error_of([&] { parse_inventory(wrong.text, "f"); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Contains(wrong.message));
}

TEST_CASE("no message about a wrong inventory tells a password") {
  struct Wrong {
    const char* text;
    const char* message;
  };
  const auto wrong =
      GENERATE(Wrong{"[a]\nc1\n[a:vars]\nansible_password: s3cret\n", "f:4: 'ansible_password' is no variable"},
               Wrong{"[a]\nc1\n[a:vars]\n=s3cret\n", "f:4: '' is no variable"},
               Wrong{"[a]\nansible_password: s3cret\n", "f:2: word 1 behind 'ansible_password' is no variable"},
               Wrong{"[a]\nc1 ansible_user=kolla ansible_password:s3cret\n", "f:2: word 2 behind 'c1' is no variable"},
               Wrong{"[a]\nansible_password=s3cret\n", "f:2: 'ansible_password' is a variable where a host's name must stand"},
               Wrong{"[a]\nansible_password:s3cret\n", "f:2: what stands behind 'ansible_password:' is no port"},
               Wrong{"[a]\nc1\n[b:children]\nansible_password = s3cret\n", "f:4: 'ansible_password…' is no group's name"},
               Wrong{"[a]\nc1\n[b:children]\nansible_password=s3cret\n", "f:4: there is no group 'ansible_password'"},
               Wrong{"{\"all\": {\"vars\": {\"ansible_password\": \"s3cret\n\"}}}", "it is no sound JSON at byte "},
               Wrong{"{\"all\": {\"vars\": {\"ansible_password\": \"s3cret\" \"x\"}}}", "it is no sound JSON at byte "},
               Wrong{"{\"all\": {\"vars\": {\"ansible_password\": s3cret}}}", "it is no sound JSON at byte "});
  INFO(wrong.text);
  const Error error = error_of([&] { parse_inventory(wrong.text, "f"); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Contains(wrong.message) && !Contains("s3"));
}
