#include "reports/notice.h"

#include <algorithm>
#include <optional>

#include "reports/predict.h"

namespace blackstart {
namespace {

struct Memory {
  const char *component, *setting;
  Duration usual;  // nova/conf/service.py, cinder/common/config.py; neutron/conf/agent/database/agents_db.py
};
constexpr Memory kNova{"nova", "service_down_time", 60s};
constexpr Memory kCinder{"cinder", "service_down_time", 60s};
constexpr Memory kNeutron{"neutron", "agent_down_time", 75s};

const Memory* memory_behind(const ProbeInfo& probe, const std::string& what) {
  if (probe.kind == "openstack")
    for (const char* series : {"evacuate", "servers-home", "groups-served"})
      if (what.starts_with(series)) return &kNova;
  if (probe.kind != "redundancy") return nullptr;
  if (what == "cinder") return &kCinder;
  if (what == "neutron" || what == "dhcp") return &kNeutron;
  return what == "nova" || what == "anti-affinity" ? &kNova : nullptr;
}

}  // namespace

Duration noticed_within(const Record& record, const ProbeInfo& probe, const std::string& what) {
  const Memory* memory = memory_behind(probe, what);
  if (memory == nullptr) return Duration(0);
  std::optional<Duration> longest;
  for (const LiveSettings& one : record.live_settings)
    if (one.component == memory->component)
      if (const auto limit = time_in(one, "", memory->setting)) longest = std::max(longest.value_or(*limit), *limit);
  return longest.value_or(memory->usual);
}

}  // namespace blackstart
