// RabbitMQ, Nova and Neutron: how long until they call a silent member dead.
//
// Erlang's net_kernel (kernel's manual, net_ticktime): a node that does not answer is noticed after T with T − T/4 < t < T +
// T/4. One whose process dies is noticed at once, as its connection closes. nova/conf/service.py, neutron/conf/agent: a service
// is down once its last report is older than service_down_time, an agent once its last heartbeat is older than agent_down_time;
// both are computed when somebody asks. The last report came U(0, report_interval) before the fault.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/predict.h"

namespace blackstart {
namespace {

bool speaks_of(const std::string& unit, const std::string& component) {
  return unit.empty() || unit.find(component) != std::string::npos;
}

std::string first_of(std::size_t parts) { return parts > 1 ? fmt::format(", the first of {}", parts) : ""; }

struct Reports {
  const char *component, *title, *down_time;
};

// Each process of a node that was hit reports by itself; whoever is asked has the limit.
std::vector<Expectation> late_report(const Situation& situation, const Reports& kind, std::size_t parts) {
  const Hit hit = hit_of(situation.injection);
  std::vector<Expectation> all;
  if (hit == Hit::none || !speaks_of(unit_of(situation.injection), kind.component)) return all;
  for (const LiveSettings* judge : situation.survivors(kind.component)) {
    const auto limit = time_in(*judge, "", kind.down_time);
    for (const std::string& target : situation.injection.targets) {
      const LiveSettings* hit_node = situation.on(kind.component, target);
      const auto interval = hit_node == nullptr ? std::nullopt : time_in(*hit_node, "", "report_interval");
      if (limit && interval)
        all.push_back(
            {{*limit, {-*interval}},
             fmt::format("{} on {}: {} {} − U(0, report_interval {} on {}){}", kind.title, judge->node, kind.down_time,
                         format_duration(*limit), format_duration(*interval), target, first_of(parts)),
             std::max<std::size_t>(parts, 1)});
    }
  }
  return all;
}

}  // namespace

std::vector<Expectation> expect_rabbitmq_notice(const Situation& situation, std::size_t parts) {
  const Hit hit = hit_of(situation.injection);
  std::vector<Expectation> all;
  bool member = false;
  for (const std::string& target : situation.injection.targets) member = member || situation.on("rabbitmq", target) != nullptr;
  const bool quiet = hit == Hit::silent || hit == Hit::stalls;
  if (!member || !quiet || !speaks_of(unit_of(situation.injection), "rabbit")) return all;
  for (const LiveSettings* one : situation.survivors("rabbitmq"))
    if (const auto tick = time_in(*one, "", "net_ticktime"))
      all.push_back(
          {{*tick * 3 / 4, {*tick / 2}},
           fmt::format("RabbitMQ on {}: net_ticktime {} ± a quarter{}", one->node, format_duration(*tick), first_of(parts)),
           std::max<std::size_t>(parts, 1)});
  return all;
}

std::vector<Expectation> expect_nova_notice(const Situation& situation, std::size_t parts) {
  return late_report(situation, {"nova", "Nova", "service_down_time"}, parts);
}

std::vector<Expectation> expect_neutron_notice(const Situation& situation, std::size_t parts) {
  return late_report(situation, {"neutron", "Neutron", "agent_down_time"}, parts);
}

}  // namespace blackstart
