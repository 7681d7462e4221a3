// The parts of what a scenario file may say, and what they share. For scenario_*.cpp only; the whole is Scenario::describe().
//
// Ownership: none. Thread rule: plain functions of their arguments.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fields.h"
#include "runner/scenario.h"

namespace blackstart::scenario_fields {

using Names = std::vector<std::string>;

// Each reads one part and adds it to the scenario, which has the parts before it.
void describe_probe(const std::string& key, Fields& f, Scenario& scenario);
void describe_step(Fields& f, Scenario& scenario);
void describe_objective(Fields& f, Scenario& scenario);

constexpr const char* kRunner = "runner";

Names injection_ids(const std::vector<ScenarioStep>& steps);
// As the scenario calls them: each once, wherever it is sent from.
Names probe_names(const Scenario& scenario);
// Where the probe is sent from, in the scenario's words.
Names vantages_of(const Scenario& scenario, const std::string& key);
// What the record calls the probe there.
std::string name_at(const std::string& key, const std::string& vantage);

// A problem of the field when the value is none of those that there are.
void must_be_known(Fields& f, const char* field, const std::string& what, const std::string& value, const Names& known);
void must_be_vantage(Fields& f, const char* field, const Scenario& scenario, const std::string& key,
                     const std::string& vantage);
// For what can look at one of them only; the probe's name in the record.
std::string describe_one_vantage(Fields& f, const Scenario& scenario, const std::string& key);

// `before` says what stands in front of the kind's own fields.
template <class Settings, class Kind, class Before>
std::vector<Fields::Alternative> alternatives_of(const std::vector<Kind>& kinds, std::shared_ptr<Settings>& chosen,
                                                 Before before) {
  std::vector<Fields::Alternative> alternatives;
  for (const Kind& kind : kinds)
    alternatives.push_back({kind.name, kind.doc, [&chosen, before, make = kind.settings](Fields& f) {
                              chosen = make();
                              before(f, *chosen);
                              chosen->describe(f);
                            }});
  return alternatives;
}

}  // namespace blackstart::scenario_fields
