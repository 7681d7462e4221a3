// A scenario: one rehearsal as its YAML file says it.
//
// Purpose: claim, probes, steps, objectives and guards as plain values; nothing here talks to anybody.
// Ownership: settings are shared, read only after reading. Thread rule: plain data.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "probes/probe.h"
#include "reports/record.h"

namespace blackstart {

// Whom an injection hits: named nodes, or a pick that is resolved against the cloud.
struct Selection {
  std::vector<std::string> nodes;  // explicit; empty when `pick` says it
  std::string pick;                // writer, vip-holder, any, all
  std::string role, site, rack;    // narrow down what `any` and `all` choose from
  std::string text() const;        // "the writer", "any controller of rack r2 in dc1", "c1, c2"
  // Who it is changes with the cloud, most of all once the first one was hit.
  bool moves() const { return pick == "writer" || pick == "vip-holder"; }
};

struct InjectStep {
  std::string id;
  std::string fault;  // an entry of fault_kinds()
  std::shared_ptr<FaultSettings> settings;
  Selection on;                      // empty when the fault names its targets
  bool share = false;                // may hit a node that another injection still hits
  Duration jitter{0};                // a seeded random part of it is waited before the fault
  std::optional<Duration> dead_man;  // empty: from the steps that follow, see dead_man_of()
  std::string text() const;          // "inject kill: SIGKILL to mariadb.service on the writer"
};

struct ScenarioStep {
  enum class Kind { inject, hold, wait_recovered, undo } kind = Kind::hold;
  std::vector<InjectStep> injections;  // several: `parallel`
  Duration length{0};                  // of the hold, or the limit of wait_recovered
  std::string name;                    // the probe to wait for, or the injection to undo
  std::string text() const;
};

// A probe at one of its vantage points: each of them is a probe of its own in the record.
struct ProbeStep {
  std::string name, kind;  // "bank", or "bank@c3" where it is sent from the node c3
  std::shared_ptr<ProbeSettings> settings;
  std::string key = {};      // its name in the scenario: "bank"
  std::string vantage = {};  // "c3"; empty: the runner's machine
};

struct Steady {
  Duration length{10s};  // how long every probe must have been good
  double success = 0.999;
  Duration within{60s};  // give up after
};

// Bounds that stop the rehearsal and undo everything.
struct GuardSpec {
  enum class Kind { no_success, total } kind = Kind::total;
  std::string probe;
  Duration limit{0};
  std::string text() const;
};

struct Scenario {
  std::string name, claim, source;
  std::optional<std::int64_t> seed;
  std::int64_t repeat = 1;
  std::vector<ProbeStep> probes;
  Steady steady;
  std::vector<ScenarioStep> steps;
  std::map<std::string, std::int64_t> leave;  // by role: how many nodes stay unhit at any time; see floor_of()
  Duration settle{120s};                      // after the last undo: how long recovery and full redundancy may take
  std::vector<ObjectiveSpec> objectives;
  std::vector<GuardSpec> guards;
  std::string file_text;  // as read: the record keeps it

  void describe(Fields& f);
};

// Strict reading. Throws Error(bad_file).
Scenario read_scenario(const std::filesystem::path& file);

// Of each step that injects without any jitter: that repetitions of it may all meet heartbeats in the same phase.
std::vector<std::string> phase_warnings(const Scenario& scenario);
// Of each objective on a probe whose successes say little of the service.
std::vector<std::string> doubt_warnings(const Scenario& scenario);

// How long the dead-man of the injection at steps[at] waits: what it says, or as long as everything from there to its undo may
// take by the scenario's own limits, plus a minute, so that it never undoes what the rehearsal still wants.
Duration dead_man_of(const Scenario& scenario, std::size_t at, const InjectStep& injection);

}  // namespace blackstart
