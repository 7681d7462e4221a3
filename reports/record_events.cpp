#include "reports/record_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/certificate_json.h"

namespace nlohmann {
template <>
struct adl_serializer<blackstart::Duration> {
  static void to_json(json& j, blackstart::Duration value) { j = value.count(); }
  // A century at most: what is computed from times must not overflow.
  static void from_json(const json& j, blackstart::Duration& value) {
    value = blackstart::Duration(j.get<std::int64_t>());
    if (value > std::chrono::hours(876600) || value < -std::chrono::hours(876600)) throw std::out_of_range("no time of a run");
  }
};
}  // namespace nlohmann

namespace blackstart {

// The names of the members are those of the fields: docs/record.md.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Bracket, from, to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunInfo, id, scenario, claim, source, cloud, simulated, seed, repetition, repetitions,
                                   zero_wall, version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Holders, probe, names, since)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Evidence, injection, target, stage, expected, observed, observer, confirmed, at)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Injection, id, fault, summary, targets, parameters, effect, skew, problem, undo_asked,
                                   undone, undo_problem)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Step, number, text, state, reason, began, ended)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Phase, name, began, ended)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SteadyCheck, probe, series, length, required, observed, operations, steady)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GuardTrip, guard, observed, at)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LiveSetting, of, name, value, from)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LiveSettings, component, node, settings, problem)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Redundancy::Saying, part, good, says, since)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VantageClock, probe, at, offset, drift, bound, pings, longest_gap, best_trip, trouble)
void to_json(nlohmann::json& j, const Redundancy::Loss& loss) {
  j = {{"lost", loss.lost}, {"back", loss.back}, {"what", loss.what}, {"unread", loss.unread}};
}
// Older records don't say whether it was seen, or only not read.
void from_json(const nlohmann::json& j, Redundancy::Loss& loss) {
  j.at("lost").get_to(loss.lost);
  j.at("back").get_to(loss.back);
  j.at("what").get_to(loss.what);
  loss.unread = j.value("unread", false);
}

namespace {
constexpr std::pair<ObjectiveSpec::Kind, const char*> kKinds[] = {{ObjectiveSpec::Kind::rto, "rto"},
                                                                  {ObjectiveSpec::Kind::rpo, "rpo"},
                                                                  {ObjectiveSpec::Kind::downtime, "downtime"},
                                                                  {ObjectiveSpec::Kind::error_budget, "error_budget"},
                                                                  {ObjectiveSpec::Kind::first_success, "first_success"},
                                                                  {ObjectiveSpec::Kind::refuses, "refuses"},
                                                                  {ObjectiveSpec::Kind::redundancy, "redundancy"},
                                                                  {ObjectiveSpec::Kind::stale_reads, "stale_reads"},
                                                                  {ObjectiveSpec::Kind::split_brain, "split_brain"}};
}  // namespace

// An unknown kind makes the line unreadable: to take it for another one would judge by the wrong bound.
void to_json(nlohmann::json& j, ObjectiveSpec::Kind kind) {
  for (auto [value, name] : kKinds)
    if (value == kind) j = name;
}
void from_json(const nlohmann::json& j, ObjectiveSpec::Kind& kind) {
  for (auto [value, name] : kKinds)
    if (j.get<std::string>() == name) return void(kind = value);
  throw std::invalid_argument("unknown kind of objective");
}

void to_json(nlohmann::json& j, ObjectiveSpec::Recovery recovery) {
  j = recovery == ObjectiveSpec::Recovery::any ? "any" : "itself";
}
void from_json(const nlohmann::json& j, ObjectiveSpec::Recovery& recovery) {
  auto name = j.get<std::string>();
  if (name != "any" && name != "itself") throw std::invalid_argument("unknown recovery of an objective");
  recovery = name == "any" ? ObjectiveSpec::Recovery::any : ObjectiveSpec::Recovery::itself;
}

void to_json(nlohmann::json& j, const SeriesInfo& info) {
  j = {{"name", info.name},         {"rate", info.rate},
       {"deadline", info.deadline}, {"good_within", info.good_within},
       {"posts", info.posts},       {"reads_back", info.reads_back}};
}
// Older records have no `reads_back`: nothing was read back.
void from_json(const nlohmann::json& j, SeriesInfo& info) {
  j.at("name").get_to(info.name);
  j.at("rate").get_to(info.rate);
  j.at("deadline").get_to(info.deadline);
  j.at("good_within").get_to(info.good_within);
  j.at("posts").get_to(info.posts);
  info.reads_back = j.value("reads_back", info.reads_back);
}

void to_json(nlohmann::json& j, const ProbeInfo& info) {
  j = {{"name", info.name},
       {"kind", info.kind},
       {"description", info.description},
       {"series", info.series},
       {"slo", info.slo},
       {"slo_window", info.slo_window},
       {"hold", info.hold},
       {"audited", info.audited},
       {"initial_sum", info.initial_sum},
       {"replicas", info.replicas},
       {"controllers", info.controllers},
       {"components", info.components},
       {"at_least_once", info.at_least_once},
       {"two_holders", info.two_holders},
       {"vantage", info.vantage}};
}
// Older records have none of the last five: no such audit, nothing watched, nothing may come twice, no holders, the runner.
void from_json(const nlohmann::json& j, ProbeInfo& info) {
  j.at("name").get_to(info.name);
  j.at("kind").get_to(info.kind);
  j.at("description").get_to(info.description);
  j.at("series").get_to(info.series);
  j.at("slo").get_to(info.slo);
  j.at("slo_window").get_to(info.slo_window);
  j.at("hold").get_to(info.hold);
  j.at("audited").get_to(info.audited);
  j.at("initial_sum").get_to(info.initial_sum);
  j.at("replicas").get_to(info.replicas);
  info.controllers = j.value("controllers", info.controllers);
  info.components = j.value("components", info.components);
  info.at_least_once = j.value("at_least_once", info.at_least_once);
  info.two_holders = j.value("two_holders", info.two_holders);
  info.vantage = j.value("vantage", info.vantage);
}

void to_json(nlohmann::json& j, const ObjectiveSpec::Expected& expected) {
  j = {{"from", expected.from}, {"to", expected.to}, {"stage", expected.stage}};
}
void from_json(const nlohmann::json& j, ObjectiveSpec::Expected& expected) {
  j.at("from").get_to(expected.from);
  j.at("to").get_to(expected.to);
  j.at("stage").get_to(expected.stage);
}

void to_json(nlohmann::json& j, const ObjectiveSpec& spec) {
  j = {{"kind", spec.kind},         {"probe", spec.probe},
       {"series", spec.series},     {"injection", spec.injection},
       {"limit", spec.limit},       {"recovery", spec.recovery},
       {"expected", spec.expected}, {"impact_required", spec.impact_required},
       {"sides", spec.sides}};
}
// Older records have none of the last four: by itself, the stricter one, and nothing was expected or required.
void from_json(const nlohmann::json& j, ObjectiveSpec& spec) {
  j.at("kind").get_to(spec.kind);
  j.at("probe").get_to(spec.probe);
  j.at("series").get_to(spec.series);
  j.at("injection").get_to(spec.injection);
  j.at("limit").get_to(spec.limit);
  if (j.contains("recovery")) j.at("recovery").get_to(spec.recovery);
  if (j.contains("expected")) j.at("expected").get_to(spec.expected);
  spec.impact_required = j.value("impact_required", false);
  spec.sides = j.value("sides", spec.sides);
}

void to_json(nlohmann::json& j, const Redundancy& one) {
  j = {{"what", one.what},     {"restored", one.restored}, {"observed", one.observed},
       {"at", one.at},         {"probe", one.probe},       {"every", one.every},
       {"losses", one.losses}, {"single", one.single},     {"sayings", one.sayings}};
}
// Older records have none of the last five: looked at once, after the undo.
void from_json(const nlohmann::json& j, Redundancy& one) {
  j.at("what").get_to(one.what);
  j.at("restored").get_to(one.restored);
  j.at("observed").get_to(one.observed);
  j.at("at").get_to(one.at);
  one.probe = j.value("probe", one.probe);
  one.every = j.value("every", one.every);
  one.losses = j.value("losses", one.losses);
  one.single = j.value("single", one.single);
  one.sayings = j.value("sayings", one.sayings);
}

namespace events {
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
  // Records of before the control plane's audit have none.
  if (j.at("probe").contains("controllers")) j.at("probe").at("controllers").get_to(probe.info.controllers);
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
  // Older records have none. What comes after it (a fetch, a later undo) is not covered.
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
  json probe = info;
  probe["controllers"] = info.controllers;
  return text_of("probe_started", {{"probe", probe}, {"started", at}});
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

}  // namespace events
}  // namespace blackstart
