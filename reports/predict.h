// What the recorded settings let expect of each stage after an injection: one file for each component, predict_*.cpp.
//
// Purpose: the formulas of docs/measurement.md ("Stages of a recovery"), with their sources. Nothing is predicted from what
// was not read. Ownership: refers to the record's parts, which outlive it. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/recovery_stage.h"
#include "reports/stage_time.h"

namespace blackstart {

// How what was hit looks to those around it.
enum class Hit {
  none,     // nothing can be said: a slow link, a busy core
  refuses,  // its process died and its kernel says so
  leaves,   // it said goodbye
  stalls,   // its ports accept, and nothing answers
  silent,   // nothing comes from it any more
};
Hit hit_of(const Injection& injection);
// "mariadb.service", or the container's name; empty: the whole node was hit.
std::string unit_of(const Injection& injection);

// One injection and what was known when it came.
struct Situation {
  const std::vector<LiveSettings>& settings;
  const Injection& injection;
  std::string holder;   // who held the virtual IP just before; empty: not known
  std::string address;  // what the probe says that it watches; empty: nothing watched
  bool hits(const std::string& node) const;
  // Of a component whose settings were read on a node that was not hit.
  std::vector<const LiveSettings*> survivors(const std::string& component) const;
  const LiveSettings* on(const std::string& component, const std::string& node) const;
};

// nullptr, or nullopt, when it was not read, or is none: times of a day at most, numbers of 10,000 at most.
const LiveSetting* find_setting(const LiveSettings& all, const std::string& of, const std::string& name);
std::optional<Duration> time_in(const LiveSettings& all, const std::string& of, const std::string& name);
std::optional<std::int64_t> number_in(const LiveSettings& all, const std::string& of, const std::string& name);

// One way in which a stage may come to pass, and how that is said.
struct Expectation {
  StageTime time;
  std::string why;
  std::size_t first_of = 1;  // counted is the first of so many like it
};
// From the lowest 5 % quantile to the highest 95 % quantile of all; nullopt when there are none.
std::optional<PredictedBand> band_of(const std::string& stage, const std::vector<Expectation>& all);

std::vector<Expectation> expect_vip_move(const Situation& situation);
// `parts`: the servers that went down as the record names them, "sql/c1 on c2"; the first of them is counted. None: all
// servers of the nodes that were hit.
std::vector<Expectation> expect_backend_out(const Situation& situation, const std::vector<std::string>& parts);
std::vector<Expectation> expect_galera_view(const Situation& situation);
// `parts`: so many notice, or are noticed, and the first is counted; 0 counts as 1.
std::vector<Expectation> expect_rabbitmq_notice(const Situation& situation, std::size_t parts);
std::vector<Expectation> expect_nova_notice(const Situation& situation, std::size_t parts);
std::vector<Expectation> expect_neutron_notice(const Situation& situation, std::size_t parts);

}  // namespace blackstart
