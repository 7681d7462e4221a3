// Services of Nova and Cinder, agents of Neutron, and the networks of its DHCP agents, as their APIs list them.
//
// An API calls a dead service up until it has been silent for a while (service_down_time, agent_down_time): the time of its
// last report goes along, so that nobody takes what others remember for a sign of life. None of these lists has pages: Neutron
// answers for agents with all of them whatever limit and marker say.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/openstack_api.h"
#include "probes/openstack_operations.h"
#include "probes/redundancy_check.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

const Json& need_list(const Json& answer, const char* key) {
  if (const Json* list = list_in(answer, key)) return *list;
  throw Error(ErrorKind::unmet, fmt::format("reading OpenStack's list of {}", key), "it is not in the answer");
}

bool flag_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string named(const Json& one) { return text_of(one, "binary") + " on " + text_of(one, "host"); }

// Nova's and Cinder's: the same form.
class ServicesCheck final : public RedundancyCheck {
 public:
  ServicesCheck(const RedundancyWays& ways, ApiService service) : ways_(ways), service_(service) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    ways_.api.ask(deadline, [&](OpenStackApi& api) {
      const Json answer = api.get(service_, "os-services");
      for (const Json& one : need_list(answer, "services")) look.parts.push_back(part_of(one));
    });
    return look;
  }

 private:
  static RedundancyPart part_of(const Json& one) {
    const std::string state = text_of(one, "state"), status = text_of(one, "status");
    RedundancyPart part{named(one),
                        state == "up" && status == "enabled",
                        fmt::format("{}, {}", state, status),
                        {{named(one), text_of(one, "updated_at")}}};
    part.set_aside = status == "disabled";
    return part;
  }

  RedundancyWays ways_;
  ApiService service_;
};

RedundancyPart agent_part(const Json& one) {
  const bool alive = flag_in(one, "alive"), wanted = flag_in(one, "admin_state_up");
  RedundancyPart part{named(one),
                      alive && wanted,
                      fmt::format("{}{}", alive ? "alive" : "not alive", wanted ? "" : ", disabled"),
                      {{named(one), text_of(one, "heartbeat_timestamp")}}};
  part.set_aside = !wanted;
  return part;
}

class AgentsCheck final : public RedundancyCheck {
 public:
  explicit AgentsCheck(const RedundancyWays& ways) : ways_(ways) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    ways_.api.ask(deadline, [&](OpenStackApi& api) {
      const Json answer = api.get(ApiService::network, "agents");
      for (const Json& one : need_list(answer, "agents")) look.parts.push_back(agent_part(one));
    });
    return look;
  }

 private:
  RedundancyWays ways_;
};

// One question for each DHCP agent, not one for each network: there are more of those.
class DhcpCheck final : public RedundancyCheck {
 public:
  explicit DhcpCheck(const RedundancyWays& ways) : ways_(ways) {}
  RedundancyLook look(const Deadline& deadline) override {
    std::map<std::string, Network> networks;
    ways_.api.ask(deadline, [&](OpenStackApi& api) {
      const Json answer = api.get(ApiService::network, "agents?agent_type=DHCP%20agent");
      for (const Json& one : need_list(answer, "agents")) read_agent(api, one, networks);
      add_unserved(api, networks);
    });
    RedundancyLook look;
    for (const auto& [id, network] : networks) {
      const int alive = static_cast<int>(network.alive.size());
      look.parts.push_back({network.name.empty() ? id : network.name + " (" + id.substr(0, 8) + ")", alive > 0,
                            alive > 0 ? "DHCP by " + some_of(network.alive) : "no live DHCP agent", network.signs, alive});
    }
    return look;
  }

 private:
  struct Network {
    std::string name;
    std::vector<std::string> alive;            // hosts of agents that serve it
    std::map<std::string, std::string> signs;  // of these agents
  };

  static void read_agent(OpenStackApi& api, const Json& agent, std::map<std::string, Network>& networks) {
    const Json served = api.get(ApiService::network, "agents/" + text_of(agent, "id") + "/dhcp-networks");
    for (const Json& one : need_list(served, "networks")) {
      Network& network = networks[text_of(one, "id")];
      network.name = text_of(one, "name");
      if (!flag_in(agent, "alive")) continue;
      network.alive.push_back(text_of(agent, "host"));
      network.signs[named(agent)] = text_of(agent, "heartbeat_timestamp");
    }
  }

  // A network that no agent lists any more is either removed or served by nobody: only Neutron knows.
  void add_unserved(OpenStackApi& api, std::map<std::string, Network>& networks) {
    for (const auto& [id, network] : networks) known_[id] = network.name;
    for (auto one = known_.begin(); one != known_.end();) {
      const bool listed = networks.count(one->first) > 0;
      const bool removed = !listed && !api.find(ApiService::network, "networks/" + one->first);
      if (!listed && !removed) networks[one->first].name = one->second;
      one = removed ? known_.erase(one) : std::next(one);
    }
  }

  RedundancyWays ways_;
  std::map<std::string, std::string> known_;  // names of networks that were served at some look, by id
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_nova_check(const RedundancyWays& ways) {
  return std::make_unique<ServicesCheck>(ways, ApiService::compute);
}
std::unique_ptr<RedundancyCheck> make_cinder_check(const RedundancyWays& ways) {
  return std::make_unique<ServicesCheck>(ways, ApiService::volume);
}
std::unique_ptr<RedundancyCheck> make_neutron_check(const RedundancyWays& ways) { return std::make_unique<AgentsCheck>(ways); }
std::unique_ptr<RedundancyCheck> make_dhcp_check(const RedundancyWays& ways) { return std::make_unique<DhcpCheck>(ways); }

}  // namespace blackstart
