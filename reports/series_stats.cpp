#include "reports/series_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "base/units.h"
#include "reports/detectable.h"
#include "reports/survival.h"
#include "reports/words.h"

namespace blackstart {
namespace {

constexpr double kP95 = 0.95;

// Of one row: its RTOs, and the smallest ± of them.
struct Measurements {
  std::vector<Bound> values;
  Duration finest = Duration::max();
};

SeriesRow& row_of(SeriesStats& stats, const Rto& rto) {
  for (auto& row : stats.rows)
    if (row.injection == rto.injection && row.name == series_name(rto)) return row;
  SeriesRow row;
  row.injection = rto.injection;
  row.name = series_name(rto);
  return stats.rows.emplace_back(std::move(row));
}

bool is_sound(const Judged& run) {
  return !run.aside && (run.judgement.verdict == Verdict::passed || run.judgement.verdict == Verdict::failed);
}

void count_verdicts(SeriesStats& stats, const std::vector<Judged>& runs) {
  stats.runs = runs.size();
  for (const auto& run : runs) {
    stats.aside += run.aside && run.judgement.verdict == Verdict::failed;
    switch (run.judgement.verdict) {
      case Verdict::passed: ++stats.passed; break;
      case Verdict::failed: ++stats.failed; break;
      case Verdict::inconclusive: ++stats.inconclusive; break;
      case Verdict::undo_pending: ++stats.undo_pending; break;
    }
  }
}

// In whole percent below the p95: more digits would promise more than anybody wants to know.
std::optional<UpperBound> upper_bound(const std::vector<Bound>& values) {
  const double share = std::min(kP95, std::floor(bounded_share(values.size()) * 100) / 100);
  const auto rank = upper_rank(values.size(), share);
  if (share < 0.5 || !rank) return std::nullopt;
  return UpperBound{share, *rank, at_rank(values, *rank)};
}

// What is smaller than the finest measurement could tell goes unnoticed however alike the runs are.
std::optional<double> slowdown(const Measurements& measured, const Bound& median) {
  const auto spread = log_spread(measured.values);
  if (!spread) return std::nullopt;
  const auto least = detectable_slowdown(measured.values.size(), *spread);
  const double resolution = std::chrono::duration<double>(measured.finest) / std::chrono::duration<double>(median.value);
  return least ? std::optional(std::max(*least, resolution)) : std::nullopt;
}

void describe(SeriesRow& row, const Measurements& measured) {
  const auto& values = measured.values;
  row.median = row.censored > 0 ? survival_median(values) : median(values);
  row.median_interval = row.censored > 0 ? survival_median_interval(values) : median_interval(values);
  row.maximum = maximum(values);
  row.upper = upper_bound(values);
  row.slowdown = slowdown(measured, row.median);
}

void measure_rtos(SeriesStats& stats, const std::vector<Judged>& runs) {
  std::vector<Measurements> measured;
  for (const auto& run : runs) {
    if (!is_sound(run)) continue;
    for (const auto& rto : run.judgement.rtos) {
      auto& row = row_of(stats, rto);
      measured.resize(stats.rows.size());
      auto& own = measured[static_cast<std::size_t>(&row - stats.rows.data())];
      own.values.push_back({rto.rto.value, rto.censored});
      own.finest = std::min(own.finest, rto.rto.plus_minus);
      ++row.runs;
      row.no_outage += !rto.impact && !rto.censored;
      row.censored += rto.censored;
      row.after_undo += rto.after_undo.has_value();
      row.plus_minus = std::max(row.plus_minus, rto.rto.plus_minus);
    }
  }
  for (std::size_t at = 0; at < stats.rows.size(); ++at) describe(stats.rows[at], measured[at]);
}

// Older records don't tell of any jitter: of those nothing is known.
bool came_without_jitter(const Injection& injection) {
  return std::any_of(injection.parameters.begin(), injection.parameters.end(), [](const auto& parameter) {
    return parameter.first == kJitter && parse_duration(parameter.second) == Duration{0};
  });
}

void find_unmoved(SeriesStats& stats, const std::vector<Judged>& runs) {
  if (stats.sound() < 2) return;
  auto& found = stats.unmoved;
  for (const auto& run : runs) {
    if (!is_sound(run)) continue;
    for (const auto& injection : run.record.injections)
      if (came_without_jitter(injection) && std::find(found.begin(), found.end(), injection.id) == found.end())
        found.push_back(injection.id);
  }
}

void count_losses(SeriesStats& stats, const std::vector<Judged>& runs) {
  for (const auto& run : runs) {
    if (!is_sound(run)) continue;
    for (const auto& probe : run.judgement.probes) {
      if (probe.audit && probe.audit->complete) ++stats.audits, stats.lost += probe.audit->lost;
      if (probe.resources && probe.resources->complete)
        ++stats.control_planes, stats.findings += probe.resources->findings.size();
      stats.unread += probe.audit && !probe.audit->complete;
      stats.unread += probe.resources && !probe.resources->complete;
    }
  }
}

}  // namespace

std::string lost_text(const SeriesStats& stats) {
  if (stats.audits + stats.control_planes + stats.unread == 0) return "not audited";
  if (stats.lost + stats.findings == 0 && stats.unread > 0) return "not known";
  return lost_text(stats.lost, stats.findings);
}

std::string audits_text(const SeriesStats& stats) {
  const std::string unread = stats.unread == 0 ? "" : fmt::format("; {} not complete", grouped(stats.unread));
  return fmt::format("{} of all sound runs{}", count_text(stats.audits + stats.control_planes, "complete audit"), unread);
}

std::string series_rpo_text(const SeriesStats& stats) {
  std::vector<std::string> all;
  if (stats.audits > 0)
    all.push_back(fmt::format("{} lost in {}", count_text(stats.lost, "acknowledged transfer"),
                              count_text(stats.audits, "complete audit")));
  if (stats.control_planes > 0)
    all.push_back(fmt::format("{} in {}", count_text(stats.findings, "control-plane finding"),
                              count_text(stats.control_planes, "complete audit")));
  if (stats.unread > 0) all.push_back(count_text(stats.unread, "audit") + " not complete");
  return all.empty() ? "not measured" : joined(all);
}

bool slower(const SeriesRow& row, const SeriesRow& than) {
  return row.maximum.more != than.maximum.more ? row.maximum.more : row.maximum.value > than.maximum.value;
}

const SeriesRow* slowest_row(const SeriesStats& stats) {
  const SeriesRow* slowest = nullptr;
  for (const auto& row : stats.rows)
    if (slowest == nullptr || slower(row, *slowest)) slowest = &row;
  return slowest;
}

double failure_rate_bound(std::size_t runs, std::size_t failed) {
  if (failed >= runs) return 1;
  return boost::math::binomial_distribution<>::find_upper_bound_on_p(static_cast<double>(runs), static_cast<double>(failed),
                                                                     0.05);
}

SeriesStats series_stats(const std::vector<Judged>& runs) {
  SeriesStats stats;
  count_verdicts(stats, runs);
  measure_rtos(stats, runs);
  count_losses(stats, runs);
  find_unmoved(stats, runs);
  stats.statements = series_statements(stats);
  return stats;
}

}  // namespace blackstart
