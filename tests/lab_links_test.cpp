#include "lab/links.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

LabFile two_sites() {
  LabFile lab;
  lab.name = "test";
  lab.management = {"198.18.10.0/24", "198.18.10.1"};
  lab.data = {"198.18.20.0/24", "198.18.20.1"};
  lab.sites = {{"dc1", ""}, {"dc2", ""}};
  lab.nodes = {{"c1", "dc1", 1 << 30, "198.18.10.11", "198.18.20.11"}};
  return lab;
}

// The host's links when the lab is up.
std::vector<HostLink> all_up() {
  const std::string mark = lab_mark("test");
  return {{"bs-mgmt", mark, "", true, {"198.18.10.1/24"}},
          {"bs-core", mark, "", true, {"198.18.20.1/24"}},
          {"bs-dc1", mark, "", true, {}},
          {"bs-dc2", mark, "", true, {}},
          {"bs-l-dc1", mark, "bs-core", true, {}},
          {"bs-p-dc1", mark, "bs-dc1", true, {}},
          {"bs-l-dc2", mark, "bs-core", true, {}},
          {"bs-p-dc2", mark, "bs-dc2", true, {}}};
}

HostLink& of(std::vector<HostLink>& links, const std::string& name) {
  return *std::find_if(links.begin(), links.end(), [&](const HostLink& link) { return link.name == name; });
}

using Steps = std::vector<std::string>;

}  // namespace

TEST_CASE("what ip prints becomes links; what a filter left out doesn't") {
  const auto links = parse_links(R"([{}, {"ifname": "bs-mgmt", "ifalias": "blackstart lab test", "flags": ["BROADCAST", "UP"],
    "addr_info": [{"family": "inet", "local": "198.18.10.1", "prefixlen": 24}, {"family": "inet6", "local": "fe80::1", "prefixlen": 64}]},
    {"ifname": "bs-p-dc1", "master": "bs-dc1", "flags": ["BROADCAST"]}])");
  REQUIRE(links.size() == 2);
  CHECK(links[0].alias == "blackstart lab test");
  CHECK(links[0].up);
  CHECK(links[0].addresses == Steps{"198.18.10.1/24"});
  CHECK(links[1].master == "bs-dc1");
  CHECK_FALSE(links[1].up);
  CHECK_THROWS_AS(parse_links("no json"), Error);
}

TEST_CASE("nothing is to be done for a lab whose links are all there") { CHECK(missing_steps(two_sites(), all_up()).empty()); }

TEST_CASE("links: on an empty host all is made, bridges before what goes into them") {
  const auto steps = missing_steps(two_sites(), {});
  const auto at = [&](const std::string& step) {
    const auto found = std::find(steps.begin(), steps.end(), step);
    REQUIRE(found != steps.end());
    return found - steps.begin();
  };
  CHECK(steps.front() == "link add name bs-mgmt type bridge forward_delay 0 stp_state 0 mcast_snooping 0");
  CHECK(at("link add name bs-l-dc2 type veth peer name bs-p-dc2") < at("link set dev bs-p-dc2 master bs-dc2"));
  CHECK(at("link set dev bs-dc2 alias \"blackstart lab test\"") < at("link set dev bs-p-dc2 master bs-dc2"));
  CHECK(at("address add 198.18.20.1/24 dev bs-core") < at("link set dev bs-core up"));
  CHECK(std::count_if(steps.begin(), steps.end(), [](const auto& step) { return step.starts_with("link add"); }) == 6);
}

TEST_CASE("links: exactly what is broken is mended") {
  auto links = all_up();
  of(links, "bs-l-dc2").up = false;
  of(links, "bs-p-dc1").master = "";
  of(links, "bs-core").addresses.clear();
  CHECK(missing_steps(two_sites(), links) ==
        Steps{"address add 198.18.20.1/24 dev bs-core", "link set dev bs-p-dc1 master bs-dc1", "link set dev bs-l-dc2 up"});
}

TEST_CASE("ranges and names that others have are refused, our own are not") {
  const std::string own =
      R"([{"dst": "198.18.20.0/24", "dev": "bs-core"}, {"dst": "198.18.10.1", "dev": "bs-mgmt"}, {"dst": "default", "dev": "eth0"}])";
  auto links = all_up();
  links.push_back({"bs-d-c1", "", "bs-dc1", true, {}});  // a node's, made by libvirt
  CHECK(conflicts(two_sites(), links, own).empty());
  CHECK(conflicts(two_sites(), {}, R"([{"dst": "198.18.30.0/24", "dev": "eth1"}])").empty());

  const auto routed = conflicts(two_sites(), links,
                                R"([{"dst": "198.18.0.0/16", "dev": "tun0"}, {"type": "blackhole", "dst": "198.18.20.7"}])");
  REQUIRE(routed.size() == 2);
  CHECK_THAT(routed[0], Contains("198.18.0.0/16 is routed already (to tun0)"));
  CHECK_THAT(routed[1], Contains("198.18.20.7"));

  links = {{"bs-core", "", "", true, {}}, {"bs-d-c1", lab_mark("other"), "", true, {}}};
  const auto named = conflicts(two_sites(), links, "[]");
  REQUIRE(named.size() == 2);
  CHECK_THAT(named[0], Contains("bs-core"));
  CHECK_THAT(named[1], Contains("blackstart lab other"));
}
