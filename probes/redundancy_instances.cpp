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
  std::string id, name, host, status;
};

struct Group {
  std::string id, name;
  bool strict;                       // each member on a host of its own, or there is none; else as well as can be
  std::vector<std::string> members;  // ids of servers, also of some that are gone
};

// Hosts whose nova-compute is up as far as Nova knows, and when each gave its last sign of life.
using Hosts = std::map<std::string, std::string>;

// Before API 2.64 a group has a list of policies, since then one.
std::string policy_of(const Json& group) {
  const Json* all = list_in(group, "policies");
  return all != nullptr && !all->empty() && all->front().is_string() ? all->front().get<std::string>()
                                                                     : text_of(group, "policy");
}

std::vector<Group> groups_of(OpenStackApi& api) {
  std::vector<Group> groups;
  const auto take = [&](const Json& one) {
    const std::string policy = policy_of(one), id = text_of(one, "id");
    if (policy != "anti-affinity" && policy != "soft-anti-affinity") return;
    Group group{id, fmt::format("{} ({})", text_of(one, "name"), id.substr(0, 8)), policy == "anti-affinity", {}};
    for (const Json& member : one.value("members", Json::array()))
      if (member.is_string()) group.members.push_back(member.get<std::string>());
    groups.push_back(std::move(group));
  };
  each_of(api, ApiService::compute, "os-server-groups?all_projects=True", "server_groups", take, Paging::offset);
  return groups;
}

Hosts hosts_up(OpenStackApi& api) {
  const Json answer = api.get(ApiService::compute, "os-services?binary=nova-compute");
  const Json* services = list_in(answer, "services");
  if (services == nullptr)
    throw Error(ErrorKind::unreachable, "asking which compute hosts are up", "Nova's answer has no list");
  Hosts up;
  for (const Json& service : *services)
    if (text_of(service, "state") == "up") up[text_of(service, "host")] = text_of(service, "updated_at");
  return up;
}

Server server_in(const Json& one) {
  return {text_of(one, "id"), text_of(one, "name"), text_of(one, "OS-EXT-SRV-ATTR:host"), text_of(one, "status")};
}

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

// Nova names the host that it evacuates a server to before the server is there: REBUILD until then, ERROR if it never came.
bool absent(const Server& server) { return server.status == "REBUILD" || server.status == "ERROR"; }
bool stands(const Server& server, const Hosts& up) { return up.count(server.host) > 0 && !absent(server); }

std::string told(const Server& server, const Hosts& up) {
  if (server.host.empty()) return server.name + " on no host";
  return fmt::format("{} on {}{}{}", server.name, server.host, up.count(server.host) > 0 ? "" : ", which is down",
                     absent(server) ? " (" + server.status + ")" : "");
}

std::string where(const std::vector<Server>& servers, const Hosts& up) {
  std::vector<std::string> words;
  for (const Server& one : servers) words.push_back(told(one, up));
  return some_of(words);
}

// The last reports of their hosts: Nova calls a host up for a while after its death, and these no longer change then.
std::map<std::string, std::string> signs_of(const std::vector<Server>& servers, const Hosts& up) {
  std::map<std::string, std::string> signs;
  for (const Server& one : servers)
    if (const auto host = up.find(one.host); host != up.end()) signs["nova-compute on " + host->first] = host->second;
  return signs;
}

// How many hosts they stand on.
int places(const std::vector<Server>& servers, const Hosts& up) {
  std::set<std::string> hosts;
  for (const Server& one : servers)
    if (stands(one, up)) hosts.insert(one.host);
  return static_cast<int>(hosts.size());
}

class AntiAffinityCheck final : public RedundancyCheck {
 public:
  explicit AntiAffinityCheck(const RedundancyWays& ways) : ways_(ways) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    ways_.api.ask(deadline, [&](OpenStackApi& api) {
      const std::vector<Group> groups = groups_of(api);
      if (groups.empty() && ways_.spread.empty()) return;
      const auto servers = servers_of(api);
      const Hosts up = hosts_up(api);  // after the servers: a host that dies in between counts as down
      for (const Group& group : groups) add(group, members_of(api, group, servers), up, look);
      for (const std::string& prefix : ways_.spread) look.parts.push_back(spread_part(prefix, servers, up));
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
  static void add(const Group& group, const std::vector<Server>& members, const Hosts& up, RedundancyLook& look) {
    if (members.size() < 2) return;
    const bool all = std::all_of(members.begin(), members.end(), [&](const Server& one) { return stands(one, up); });
    RedundancyPart part{"group " + group.name, all, where(members, up), signs_of(members, up), places(members, up)};
    part.most = static_cast<int>(members.size());  // a tenant may make his application smaller
    if (group.strict) part.wanted = part.most;
    look.parts.push_back(std::move(part));
  }

  // Without a group: the loss of one host must not take them all.
  static RedundancyPart spread_part(const std::string& prefix, const std::map<std::string, Server>& servers, const Hosts& up) {
    std::vector<Server> members;
    for (const auto& [id, server] : servers)
      if (server.name.rfind(prefix, 0) == 0) members.push_back(server);
    return {"instances " + prefix + "*", true, members.empty() ? "there is none" : where(members, up), signs_of(members, up),
            std::min(2, places(members, up))};
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
