// Galera: how long until the others leave a silent member out.
//
// galera/gcomm/src/evs_node.cpp: a member is suspected once now > last message + evs.suspect_timeout; evs_proto.cpp looks at
// that every evs.inactive_check_period, and sends something at least every evs.keepalive_period (its default is
// Defaults::EvsRetransPeriod, 1 s), so the last message came up to that long before the fault. A process that dies is no
// different: its closed connection alone removes nobody. What the others then say to each other takes some round trips, which
// no setting tells and which are not in here; where they don't agree it may take evs.inactive_timeout.
#include <fmt/format.h>

#include "base/units.h"
#include "reports/predict.h"

namespace blackstart {
namespace {

bool is_database(const std::string& unit) {
  for (const char* name : {"mariadb", "mysql", "galera"})
    if (unit.find(name) != std::string::npos) return true;
  return unit.empty();
}

}  // namespace

std::vector<Expectation> expect_galera_view(const Situation& situation) {
  const Hit hit = hit_of(situation.injection);
  std::vector<Expectation> all;
  bool member = false;
  for (const std::string& target : situation.injection.targets) member = member || situation.on("galera", target) != nullptr;
  if (!member || hit == Hit::none || hit == Hit::leaves || !is_database(unit_of(situation.injection))) return all;
  for (const LiveSettings* one : situation.survivors("galera")) {
    const auto suspect = time_in(*one, "", "evs.suspect_timeout"), check = time_in(*one, "", "evs.inactive_check_period"),
               keepalive = time_in(*one, "", "evs.keepalive_period");
    if (!suspect || !check || !keepalive) continue;
    all.push_back({{*suspect, {-*keepalive, *check}},
                   fmt::format("Galera on {}: evs.suspect_timeout {} − U(0, evs.keepalive_period {}) + U(0, "
                               "evs.inactive_check_period {})",
                               one->node, format_duration(*suspect), format_duration(*keepalive), format_duration(*check))});
  }
  return all;
}

}  // namespace blackstart
