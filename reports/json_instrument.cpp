#include "base/units.h"
#include "reports/instrument.h"
#include "reports/json_format.h"
#include "reports/json_values.h"

namespace blackstart::json_format {
namespace {

Json spread(const Spread& one) { return {{"p50", seconds(one.p50)}, {"p99", seconds(one.p99)}, {"max", seconds(one.max)}}; }

Json machine(const MachineInfo& one) {
  return {{"hostname", one.hostname}, {"cpu", one.cpu}, {"cores", one.cores}, {"kernel", one.kernel}, {"id", one.id}};
}

Json certificate(const Certificate& one) {
  return {{"good", why_bad(one).empty()},
          {"reasons", why_bad(one)},
          {"made", format_utc(one.made, false)},
          {"took_seconds", seconds(one.took)},
          {"version", one.version},
          {"machine", machine(one.machine)},
          {"seed", std::to_string(one.seed)},
          {"rate_per_second", one.rate},
          {"shortest_seconds", seconds(one.shortest)},
          {"longest_seconds", seconds(one.longest)},
          {"outages", one.outages},
          {"missed", one.missed},
          {"split", one.split},
          {"stray", one.stray},
          {"covered", one.covered},
          {"error_p50_seconds", seconds(one.error_p50)},
          {"error_p95_seconds", seconds(one.error_p95)},
          {"error_max_seconds", seconds(one.error_max)},
          {"send_lag_seconds", spread(one.send_lag)},
          {"timer_floor_seconds", spread(one.floor)},
          {"steal", one.steal < 0 ? Json(nullptr) : Json(one.steal)}};
}

}  // namespace

Json of_instrument(const Record& record) {
  const auto instrument = instrument_of(record);
  if (!instrument) return nullptr;
  const Calibration& found = *record.calibration;
  return {{"state", name_of(instrument->state)},
          {"remarks", instrument->remarks},
          {"machine", machine(found.machine)},
          {"certificate", found.certificate ? certificate(*found.certificate) : Json(nullptr)}};
}

}  // namespace blackstart::json_format
