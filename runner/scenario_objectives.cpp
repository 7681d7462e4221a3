// What an objective of a scenario may say.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "runner/scenario_fields.h"

namespace blackstart::scenario_fields {
namespace {

using Kind = ObjectiveSpec::Kind;

// What an objective whose bound is a count counts; null for all others.
const char* counted_by(ObjectiveSpec::Kind kind) {
  switch (kind) {
    case ObjectiveSpec::Kind::rpo: return "acknowledged transfers that may be missing";
    case ObjectiveSpec::Kind::refuses: return "writes that may be acknowledged";
    case ObjectiveSpec::Kind::stale_reads: return "reads that may be behind";
    case ObjectiveSpec::Kind::split_brain: return "writes that a second side may acknowledge";
    default: return nullptr;
  }
}

void describe_expected(Fields& f, ObjectiveSpec& spec) {
  ObjectiveSpec::Expected expected;
  f.duration({"from", "the shortest", Field::required}, expected.from);
  f.duration({"to", "the longest", Field::required}, expected.to);
  f.text({"stage", "what takes this time: the likely culprit of a value outside", Field::required}, expected.stage);
  if (f.reading() && expected.to < expected.from) f.problem("to", "it is shorter than 'from'");
  spec.expected = expected;
}

void describe_injection(Fields& f, const Field& field, ObjectiveSpec& spec, const Scenario& scenario) {
  f.name(field, spec.injection);
  must_be_known(f, "injection", "injection", spec.injection, injection_ids(scenario.steps));
}

// For what is measured from an injection until something is well again.
void describe_recovery(Fields& f, ObjectiveSpec& spec, const Scenario& scenario) {
  describe_injection(f, {"injection", "counted from this injection; without it, from each"}, spec, scenario);
  // What was switched off can hardly be whole before it is on again.
  std::string recovery = spec.kind == Kind::redundancy ? "any" : "itself";
  f.choice({"recovery", "itself: what comes only after our undo has missed it; any: our undo counts as the repair"}, recovery,
           {"itself", "any"});
  spec.recovery = recovery == "any" ? ObjectiveSpec::Recovery::any : ObjectiveSpec::Recovery::itself;
  f.object({"expected", "what the cloud's own settings let expect; a value outside misses nothing, but the report says so"},
           [&](Fields& inner) { describe_expected(inner, spec); });
}

void describe_impact(Fields& f, ObjectiveSpec& spec) {
  std::string impact = "any";
  f.choice({"impact", "required: where the fault met nothing of it, this is not measured; any: that meets it"}, impact,
           {"any", "required"});
  spec.impact_required = impact == "required";
}

void describe_longest(Fields& f, ObjectiveSpec& spec) {
  Duration limit{};
  f.duration({"at-most", "the bound", Field::required}, limit);
  spec.limit = std::chrono::duration<double>(limit).count();
  if (f.reading() && spec.expected.known() && spec.expected.to > limit)
    f.problem(
        "expected",
        fmt::format("up to {} is expected, and {} are allowed", format_duration(spec.expected.to), format_duration(limit)),
        "raise 'at-most', or have the cloud's settings changed");
}

void describe_limit(Fields& f, ObjectiveSpec& spec) {
  const char* counted = counted_by(spec.kind);
  if (spec.kind == Kind::error_budget) return void(f.ratio({"at-most", "share of the budget", Field::required}, spec.limit));
  if (!counted) return describe_longest(f, spec);
  std::int64_t count = 0;
  f.integer({"at-most", counted, Field::required}, count);
  spec.limit = static_cast<double>(count);
}

void describe_bound(Fields& f, ObjectiveSpec& spec, const Scenario& scenario) {
  f.name({"probe", "of which probe", Field::required}, spec.probe);
  must_be_known(f, "probe", "probe", spec.probe, probe_names(scenario));
  if (spec.kind == Kind::redundancy)
    f.name({"component", "of which of its components; without it, of the worst"}, spec.series);
  else if (spec.kind != Kind::rpo && spec.kind != Kind::stale_reads)
    f.name({"series", "of which of its series; without it, of the worst"}, spec.series);
  const bool stable = spec.kind == Kind::rto || spec.kind == Kind::redundancy;
  if (stable || spec.kind == Kind::first_success) describe_recovery(f, spec, scenario);
  if (stable) describe_impact(f, spec);
  if (spec.kind == Kind::refuses || spec.kind == Kind::split_brain)
    describe_injection(f, {"injection", "while this injection is in force", Field::required}, spec, scenario);
  describe_limit(f, spec);
}

// Without sides each vantage point is one of its own.
void describe_sides(Fields& f, ObjectiveSpec& spec, const Scenario& scenario) {
  std::vector<Names> sides;
  f.text_lists({"sides", "the probe's vantage points on each side of the cut; without it, each is a side of its own"}, sides);
  if (!f.has("sides"))
    for (const std::string& vantage : vantages_of(scenario, spec.probe)) sides.push_back({vantage});
  Names all;
  for (Names& side : sides)
    for (std::string& vantage : side) {
      must_be_vantage(f, f.has("sides") ? "sides" : "probe", scenario, spec.probe, vantage);
      if (std::find(all.begin(), all.end(), vantage) != all.end())
        f.problem("sides", fmt::format("'{}' is on two sides", vantage));
      all.push_back(vantage);
      vantage = name_at(spec.probe, vantage);
    }
  if (sides.size() < 2)
    f.problem(f.has("sides") ? "sides" : "probe", "there are not two sides to compare",
              "give the probe a vantage point on each side: from: [c1, c3]");
  for (const Names& side : sides)
    if (side.empty()) f.problem("sides", "a side has no vantage point");
  spec.sides = std::move(sides);
  if (!all.empty()) spec.probe = name_at(spec.probe, all.front());
}

// One objective for each of the probe's vantage points that it asks about: each is judged by itself.
std::vector<ObjectiveSpec> describe_vantages(Fields& f, const ObjectiveSpec& spec, const Scenario& scenario) {
  Names from = vantages_of(scenario, spec.probe);
  f.texts({"from", "at which of the probe's vantage points; without it, at each, and each by itself"}, from);
  if (f.has("from") && from.empty()) f.problem("from", "it names no vantage point");
  std::vector<ObjectiveSpec> all;
  for (const std::string& vantage : from) {
    if (f.has("from")) must_be_vantage(f, "from", scenario, spec.probe, vantage);
    all.push_back(spec);
    all.back().probe = name_at(spec.probe, vantage);
  }
  return all;
}

}  // namespace

void describe_objective(Fields& f, Scenario& scenario) {
  struct Row {
    Kind kind;
    Field field;
  };
  const Row rows[] = {
      {Kind::rto, {"rto", "time from the fault to stable recovery"}},
      {Kind::first_success, {"first-success", "time from the fault to the first good operation after it"}},
      {Kind::downtime, {"downtime", "sum of the time without good service, brown-outs weighted"}},
      {Kind::error_budget, {"error-budget", "share of the probe's SLO error budget that this rehearsal may spend"}},
      {Kind::rpo, {"rpo", "acknowledged transfers lost, by audit of every replica"}},
      {Kind::redundancy, {"redundancy", "time from the fault until everything that a probe watches is whole again"}},
      {Kind::refuses, {"refuses", "writes that the service acknowledged while an injection was in force and it should refuse"}},
      {Kind::stale_reads,
       {"stale-reads", "reads that did not show what had been acknowledged before, of a ledger's read-backs"}},
      {Kind::split_brain,
       {"split-brain", "writes acknowledged at a second side while an injection cut the cloud into several"}},
  };
  for (const Row& row : rows)
    f.object(row.field, [&](Fields& inner) {
      ObjectiveSpec spec;
      spec.kind = row.kind;
      describe_bound(inner, spec, scenario);
      if (row.kind == Kind::split_brain) {
        describe_sides(inner, spec, scenario);
        scenario.objectives.push_back(std::move(spec));
        return;
      }
      for (ObjectiveSpec& one : describe_vantages(inner, spec, scenario)) scenario.objectives.push_back(std::move(one));
    });
  f.exactly_one();
}

}  // namespace blackstart::scenario_fields
