// The fields of what a record is made of, each declared once, to be written and to be read back (docs/record.md). Only for
// record_events.cpp: it names nlohmann's types. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "reports/record.h"

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
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ObjectiveSpec::Expected, from, to, stage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VantageClock, probe, at, offset, drift, bound, pings, longest_gap, best_trip, trouble)

inline constexpr std::pair<ObjectiveSpec::Kind, const char*> kObjectiveKinds[] = {
    {ObjectiveSpec::Kind::rto, "rto"},
    {ObjectiveSpec::Kind::rpo, "rpo"},
    {ObjectiveSpec::Kind::downtime, "downtime"},
    {ObjectiveSpec::Kind::error_budget, "error_budget"},
    {ObjectiveSpec::Kind::first_success, "first_success"},
    {ObjectiveSpec::Kind::refuses, "refuses"},
    {ObjectiveSpec::Kind::redundancy, "redundancy"},
    {ObjectiveSpec::Kind::stale_reads, "stale_reads"},
    {ObjectiveSpec::Kind::split_brain, "split_brain"}};

// An unknown kind makes the line unreadable: to take it for another one would judge by the wrong bound.
inline void to_json(nlohmann::json& j, ObjectiveSpec::Kind kind) {
  for (auto [value, name] : kObjectiveKinds)
    if (value == kind) j = name;
}
inline void from_json(const nlohmann::json& j, ObjectiveSpec::Kind& kind) {
  for (auto [value, name] : kObjectiveKinds)
    if (j.get<std::string>() == name) return void(kind = value);
  throw std::invalid_argument("unknown kind of objective");
}

inline void to_json(nlohmann::json& j, ObjectiveSpec::Recovery recovery) {
  j = recovery == ObjectiveSpec::Recovery::any ? "any" : "itself";
}
inline void from_json(const nlohmann::json& j, ObjectiveSpec::Recovery& recovery) {
  auto name = j.get<std::string>();
  if (name != "any" && name != "itself") throw std::invalid_argument("unknown recovery of an objective");
  recovery = name == "any" ? ObjectiveSpec::Recovery::any : ObjectiveSpec::Recovery::itself;
}

// Of what older records have fewer fields. A value's fields() calls these with the name and the member of each; what later()
// is called with may be missing, and is then what a fresh value has.
struct FieldWriter {
  nlohmann::json& j;
  template <class T>
  void operator()(const char* name, const T& value) const {
    j[name] = value;
  }
  template <class T>
  void later(const char* name, const T& value) const {
    j[name] = value;
  }
};
struct FieldReader {
  const nlohmann::json& j;
  template <class T>
  void operator()(const char* name, T& value) const {
    j.at(name).get_to(value);
  }
  template <class T>
  void later(const char* name, T& value) const {
    if (j.contains(name)) j.at(name).get_to(value);
  }
};

template <class Value, class Is>
concept MaybeConst = std::is_same_v<std::remove_const_t<Value>, Is>;

template <class Fields>
void fields(const Fields& f, MaybeConst<SeriesInfo> auto& info) {
  f("name", info.name);
  f("rate", info.rate);
  f("deadline", info.deadline);
  f("good_within", info.good_within);
  f("posts", info.posts);
  f.later("reads_back", info.reads_back);  // before: nothing was read back
}

template <class Fields>
void fields(const Fields& f, MaybeConst<ProbeInfo> auto& info) {
  f("name", info.name);
  f("kind", info.kind);
  f("description", info.description);
  f("series", info.series);
  f("slo", info.slo);
  f("slo_window", info.slo_window);
  f("hold", info.hold);
  f("audited", info.audited);
  f("initial_sum", info.initial_sum);
  f("replicas", info.replicas);
  f.later("controllers", info.controllers);      // before: no such audit
  f.later("components", info.components);        // before: nothing was watched
  f.later("at_least_once", info.at_least_once);  // before: nothing might come twice
  f.later("two_holders", info.two_holders);      // before: no holders
  f.later("vantage", info.vantage);              // before: the runner
}

template <class Fields>
void fields(const Fields& f, MaybeConst<ObjectiveSpec> auto& spec) {
  f("kind", spec.kind);
  f("probe", spec.probe);
  f("series", spec.series);
  f("injection", spec.injection);
  f("limit", spec.limit);
  f.later("recovery", spec.recovery);  // before: by itself, the stricter one
  f.later("expected", spec.expected);  // before: nothing was expected
  f.later("impact_required", spec.impact_required);
  f.later("sides", spec.sides);
}

template <class Fields>
void fields(const Fields& f, MaybeConst<Redundancy::Loss> auto& loss) {
  f("lost", loss.lost);
  f("back", loss.back);
  f("what", loss.what);
  f.later("unread", loss.unread);  // before: not said whether it was seen, or only not read
}

// Before the fields of a watch: looked at once, after the undo.
template <class Fields>
void fields(const Fields& f, MaybeConst<Redundancy> auto& one) {
  f("what", one.what);
  f("restored", one.restored);
  f("observed", one.observed);
  f("at", one.at);
  f.later("probe", one.probe);
  f.later("every", one.every);
  f.later("losses", one.losses);
  f.later("single", one.single);
  f.later("sayings", one.sayings);
}

template <class Value>
concept HasFields = requires(Value& value, const FieldReader& reader) {
  fields(reader, value);
};

template <HasFields Value>
void to_json(nlohmann::json& j, const Value& value) {
  fields(FieldWriter{j}, value);
}
template <HasFields Value>
void from_json(const nlohmann::json& j, Value& value) {
  fields(FieldReader{j}, value);
}

}  // namespace blackstart
