// Instances where anti-affinity wants them, and services whose instances are spread by nobody.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "probes/openstack_api.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_operations.h"
#include "probes/redundancy_check.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostServers = 20'000;  // more take longer than the next look may wait

struct Server {
  std::string id, name, host;
};

struct Group {
  std::string id, name;
  std::vector<std::string> members;  // ids of servers, also of some that are gone
};

// Before API 2.64 a group has a list of policies, since then one.
bool wants_hosts_of_their_own(const Json& group) {
  std::string policy = text_of(group, "policy");
  if (const auto all = group.find("policies");
      all != group.end() && all->is_array() && !all->empty() && all->front().is_string())
    policy = all->front().get<std::string>();
  return policy == "anti-affinity" || policy == "soft-anti-affinity";
}

std::vector<Group> groups_of(OpenStackApi& api) {
  std::vector<Group> groups;
  const auto take = [&](const Json& one) {
    if (!one.is_object() || !wants_hosts_of_their_own(one)) return;
    const std::string id = text_of(one, "id");
    Group group{id, fmt::format("{} ({})", text_of(one, "name"), id.substr(0, 8)), {}};
    for (const Json& member : one.value("members", Json::array()))
      if (member.is_string()) group.members.push_back(member.get<std::string>());
    groups.push_back(std::move(group));
  };
  each_of(api, ApiService::compute, "os-server-groups?all_projects=True", "server_groups", take, Paging::offset);
  return groups;
}

Server server_in(const Json& one) { return {text_of(one, "id"), text_of(one, "name"), text_of(one, "OS-EXT-SRV-ATTR:host")}; }

std::map<std::string, Server> servers_of(OpenStackApi& api) {
  std::map<std::string, Server> servers;
  each_of(api, ApiService::compute, "servers/detail?all_tenants=1", "servers", [&](const Json& one) {
    const Server server = server_in(one);
    servers[server.id] = server;
  });
  if (servers.size() <= kMostServers) return servers;
  throw Error(ErrorKind::unmet, "reading where instances are", fmt::format("there are more than {}", kMostServers),
              "leave 'anti-affinity' out of the probe's components");
}

std::string where(const std::vector<Server>& servers) {
  std::vector<std::string> words;
  for (const Server& one : servers) words.push_back(fmt::format("{} on {}", one.name, one.host.empty() ? "no host" : one.host));
  return some_of(words);
}

std::set<std::string> hosts_of(const std::vector<Server>& servers) {
  std::set<std::string> hosts;
  for (const Server& one : servers)
    if (!one.host.empty()) hosts.insert(one.host);
  return hosts;
}

class AntiAffinityCheck final : public RedundancyCheck {
 public:
  explicit AntiAffinityCheck(const RedundancyWays& ways) : ways_(ways) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    ways_.api.ask(deadline, [&](OpenStackApi& api) {
      const std::vector<Group> groups = groups_of(api);
      const auto servers = groups.empty() && ways_.spread.empty() ? std::map<std::string, Server>() : servers_of(api);
      for (const Group& group : groups) add(group, members_of(api, group, servers), look);
      for (const std::string& prefix : ways_.spread) look.parts.push_back(spread_part(prefix, servers));
    });
    return look;
  }

 private:
  // Also those that a list leaves out (Nova's does so when the database of their cell is down); what is gone is asked about
  // once.
  std::vector<Server> members_of(OpenStackApi& api, const Group& group, const std::map<std::string, Server>& servers) {
    std::set<std::string>& ids = members_[group.id];
    ids.insert(group.members.begin(), group.members.end());
    std::vector<Server> members;
    for (const std::string& id : ids) {
      if (const auto listed = servers.find(id); listed != servers.end()) {
        members.push_back(listed->second);
      } else if (gone_.count(id) == 0) {
        const auto answer = api.find(ApiService::compute, "servers/" + id);
        if (answer)
          members.push_back(server_in(answer->value("server", Json::object())));
        else
          gone_.insert(id);
      }
    }
    return members;
  }

  // One alone, or none, is nowhere too near to another.
  static void add(const Group& group, const std::vector<Server>& members, RedundancyLook& look) {
    if (members.size() < 2) return;
    look.parts.push_back({"group " + group.name, hosts_of(members).size() == members.size(), where(members)});
  }

  // Without a group: the loss of one host must not take them all.
  static RedundancyPart spread_part(const std::string& prefix, const std::map<std::string, Server>& servers) {
    std::vector<Server> members;
    for (const auto& [id, server] : servers)
      if (server.name.rfind(prefix, 0) == 0) members.push_back(server);
    const int hosts = static_cast<int>(std::min<std::size_t>(2, hosts_of(members).size()));
    return {"instances " + prefix + "*", true, members.empty() ? "there is none" : where(members), "", hosts};
  }

  RedundancyWays ways_;
  std::map<std::string, std::set<std::string>> members_;  // of each group, by its id: all that any look has seen
  std::set<std::string> gone_;                            // those of them that are removed for good
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_anti_affinity_check(const RedundancyWays& ways) {
  return std::make_unique<AntiAffinityCheck>(ways);
}

}  // namespace blackstart
