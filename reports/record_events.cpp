#include "reports/record_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/certificate_json.h"
#include "reports/record_fields.h"

namespace blackstart::events {
namespace {

using nlohmann::json;
constexpr int kFormat = 1;

std::string text_of(const char* event, json fields) {
  fields["event"] = event;
  return fields.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

// Puts `item` in the place of the one with the same key, or at the end.
template <class T, class Key>
void replace(std::vector<T>& all, T item, Key key) {
  auto same = std::find_if(all.begin(), all.end(), [&](const T& other) { return key(other) == key(item); });
  if (same == all.end())
    all.push_back(std::move(item));
  else
    *same = std::move(item);
}

ProbeRecord& probe_named(Record& record, const std::string& name) {
  for (ProbeRecord& probe : record.probes)
    if (probe.info.name == name) return probe;
  throw std::out_of_range("no such probe");
}

void run(const json& j, Events& e) {
  if (j.at("format").get<int>() != kFormat) throw std::invalid_argument("unknown format");
  e.record.run = j.get<RunInfo>();
}
void calibration(const json& j, Events& e) {
  Calibration found;
  if (!j.at("certificate").is_null()) found.certificate = json_format::certificate_of(j.at("certificate"));
  j.at("damage").get_to(found.damage);
  found.machine = json_format::machine_of(j.at("machine"));
  e.record.calibration = std::move(found);
}
void phase(const json& j, Events& e) {
  replace(e.record.phases, j.get<Phase>(), [](const Phase& p) { return p.name; });
}
void step(const json& j, Events& e) {
  replace(e.record.steps, j.get<Step>(), [](const Step& s) { return s.number; });
}
void objectives(const json& j, Events& e) { e.record.objectives = j.at("objectives").get<std::vector<ObjectiveSpec>>(); }
void started(const json& j, Events& e) {
  ProbeRecord probe;
  probe.info = j.at("probe").get<ProbeInfo>();
  probe.started = j.at("started").get<Time>();
  probe.planned.assign(probe.info.series.size(), ~std::uint64_t{0});
  replace(e.record.probes, std::move(probe), [](const ProbeRecord& p) { return p.info.name; });
}
void stopped(const json& j, Events& e) {
  auto planned = j.at("planned").get<std::vector<std::uint64_t>>();
  auto at = j.at("stopped").get<Time>();
  ProbeRecord& probe = probe_named(e.record, j.at("probe"));
  if (planned.size() != probe.info.series.size()) throw std::invalid_argument("not one number for each series");
  probe.planned = std::move(planned);
  probe.stopped = at;
}
void holders(const json& j, Events& e) { e.record.holders.push_back(j.get<Holders>()); }
void clock(const json& j, Events& e) {
  replace(e.record.clocks, j.get<VantageClock>(), [](const VantageClock& c) { return c.probe; });
}
void steady(const json& j, Events& e) {
  replace(e.record.steady, j.get<SteadyCheck>(), [](const SteadyCheck& s) { return std::pair(s.probe, s.series); });
}
void injection(const json& j, Events& e) {
  replace(e.record.injections, j.get<Injection>(), [](const Injection& i) { return i.id; });
}
void evidence(const json& j, Events& e) {
  replace(e.evidence, j.get<Evidence>(),
          [](const Evidence& v) { return std::tuple(v.injection, v.target, v.stage, v.expected, v.observer); });
}
void guard(const json& j, Events& e) { e.record.guards.push_back(j.get<GuardTrip>()); }
void redundancy(const json& j, Events& e) {
  replace(e.record.redundancy, j.get<Redundancy>(), [](const Redundancy& r) { return std::pair(r.probe, r.what); });
}
void live_settings(const json& j, Events& e) {
  replace(e.record.live_settings, j.get<LiveSettings>(), [](const LiveSettings& s) { return std::pair(s.component, s.node); });
}
void rows(const json& j, Events& e) {
  auto replicas = j.at("replicas").get<std::vector<std::string>>();
  ProbeRecord& probe = probe_named(e.record, j.at("probe"));
  probe.snapshots_taken = true;
  e.replicas[probe.info.name] = std::move(replicas);
}
void controllers(const json& j, Events& e) {
  auto names = j.at("controllers").get<std::vector<std::string>>();
  e.controllers[probe_named(e.record, j.at("probe")).info.name] = std::move(names);
}
void trouble(const json& j, Events& e) { e.record.problems.push_back(j.at("problem").get<std::string>()); }
void end(const json& j, Events& e) {
  // Older records have none. What came after it (a fetch, a later undo) is followed by another.
  e.sealed = j.contains("crc32c");
  const bool as_written = j.value("crc32c", e.crc32c) == e.crc32c;
  e.record.ended = j.at("ended").get<Time>();
  e.record.finished = true;
  if (!as_written)
    e.record.problems.push_back("the lines of events.jsonl are not those that were written: their checksum is another");
}

const std::map<std::string, void (*)(const json&, Events&)> kApply{{"run", run},
                                                                   {"calibration", calibration},
                                                                   {"phase", phase},
                                                                   {"step", step},
                                                                   {"objectives", objectives},
                                                                   {"probe_started", started},
                                                                   {"probe_stopped", stopped},
                                                                   {"holders", holders},
                                                                   {"clock", clock},
                                                                   {"steady", steady},
                                                                   {"injection", injection},
                                                                   {"evidence", evidence},
                                                                   {"guard", guard},
                                                                   {"redundancy", redundancy},
                                                                   {"live_settings", live_settings},
                                                                   {"snapshots", rows},
                                                                   {"resources", controllers},
                                                                   {"problem", trouble},
                                                                   {"finished", end}};

}  // namespace

std::string line(const RunInfo& info) {
  json fields = info;
  fields["format"] = kFormat;
  return text_of("run", std::move(fields));
}
std::string line(const Calibration& calibration) {
  const json certificate = calibration.certificate ? json_format::of_certificate(*calibration.certificate) : json(nullptr);
  return text_of("calibration", {{"certificate", certificate},
                                 {"damage", calibration.damage},
                                 {"machine", json_format::of_machine(calibration.machine)}});
}
std::string line(const Phase& phase) { return text_of("phase", phase); }
std::string line(const Step& step) { return text_of("step", step); }
std::string line(const std::vector<ObjectiveSpec>& all) { return text_of("objectives", {{"objectives", all}}); }
std::string probe_started(const ProbeInfo& info, Time at) {
  return text_of("probe_started", {{"probe", info}, {"started", at}});
}
std::string probe_stopped(const std::string& probe, Time at, const std::vector<std::uint64_t>& planned) {
  return text_of("probe_stopped", {{"probe", probe}, {"stopped", at}, {"planned", planned}});
}
std::string line(const Holders& holders) { return text_of("holders", holders); }
std::string line(const VantageClock& clock) { return text_of("clock", clock); }
std::string line(const SteadyCheck& check) { return text_of("steady", check); }
std::string line(const Injection& injection) { return text_of("injection", injection); }
std::string line(const Evidence& evidence) { return text_of("evidence", evidence); }
std::string line(const GuardTrip& trip) { return text_of("guard", trip); }
std::string line(const Redundancy& redundancy) { return text_of("redundancy", redundancy); }
std::string line(const LiveSettings& settings) { return text_of("live_settings", settings); }
std::string snapshots(const std::string& probe, const std::vector<std::string>& replicas) {
  return text_of("snapshots", {{"probe", probe}, {"replicas", replicas}});
}
std::string resources(const std::string& probe, const std::vector<std::string>& names) {
  return text_of("resources", {{"probe", probe}, {"controllers", names}});
}
std::string problem(const std::string& what) { return text_of("problem", {{"problem", what}}); }
std::string finished(Time ended, std::uint32_t crc32c) { return text_of("finished", {{"ended", ended}, {"crc32c", crc32c}}); }

bool apply(const std::string& text, Events& events) {
  try {
    json fields = json::parse(text);
    kApply.at(fields.at("event").get<std::string>())(fields, events);
    return true;
  } catch (const std::exception&) {  // whatever a torn or foreign line provokes: the caller counts it
    return false;
  }
}

}  // namespace blackstart::events
