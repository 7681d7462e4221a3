#include "reports/series_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <limits>

#include "base/units.h"
#include "reports/words.h"

namespace blackstart {
namespace {

// Runs needed until the longest of them is a 95 % upper bound of a quantile q: the least n with q^n ≤ 0.05.
constexpr std::size_t kRunsForP95 = 59, kRunsForP90 = 29;

// Ordered, with the censored values where `elsewhere` puts them.
std::vector<double> ordered(const std::vector<Bound>& values, double elsewhere) {
  std::vector<double> plain;
  for (const auto& value : values)
    plain.push_back(value.more ? std::max(elsewhere, static_cast<double>(value.value.count()))
                               : static_cast<double>(value.value.count()));
  std::sort(plain.begin(), plain.end());
  return plain;
}

double middle(const std::vector<double>& sorted) {
  std::size_t upper = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2;
}

SeriesRow& row_of(SeriesStats& stats, const Rto& rto) {
  for (auto& row : stats.rows)
    if (row.injection == rto.injection && row.name == series_name(rto)) return row;
  SeriesRow row;
  row.injection = rto.injection;
  row.name = series_name(rto);
  return stats.rows.emplace_back(std::move(row));
}

bool is_sound(const Judged& run) {
  return run.judgement.verdict == Verdict::passed || run.judgement.verdict == Verdict::failed;
}

void count_verdicts(SeriesStats& stats, const std::vector<Judged>& runs) {
  stats.runs = runs.size();
  for (const auto& run : runs) {
    switch (run.judgement.verdict) {
      case Verdict::passed: ++stats.passed; break;
      case Verdict::failed: ++stats.failed; break;
      case Verdict::inconclusive: ++stats.inconclusive; break;
      case Verdict::undo_pending: ++stats.undo_pending; break;
    }
  }
}

void measure_rtos(SeriesStats& stats, const std::vector<Judged>& runs) {
  std::vector<std::vector<Bound>> values;
  for (const auto& run : runs) {
    if (!is_sound(run)) continue;
    for (const auto& rto : run.judgement.rtos) {
      auto& row = row_of(stats, rto);
      values.resize(stats.rows.size());
      values[static_cast<std::size_t>(&row - stats.rows.data())].push_back({rto.rto.value, rto.censored});
      ++row.runs;
      row.no_outage += !rto.impact && !rto.censored;
      row.censored += rto.censored;
      row.after_undo += rto.after_undo.has_value();
      row.plus_minus = std::max(row.plus_minus, rto.rto.plus_minus);
    }
  }
  for (std::size_t at = 0; at < stats.rows.size(); ++at) {
    stats.rows[at].median = median(values[at]);
    stats.rows[at].maximum = maximum(values[at]);
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

void say_quantile(SeriesStats& stats, const char* name, std::size_t needed) {
  std::size_t sound = stats.sound();
  if (sound < needed) {
    stats.statements.push_back(
        fmt::format("No statement about the RTO's {}: it needs {} sound runs, there are {}.", name, needed, sound));
    return;
  }
  for (const auto& row : stats.rows) {
    if (row.runs >= needed && !row.maximum.more)
      stats.statements.push_back(fmt::format("{} of the RTO of {} after {}: at most {} with 95 % confidence.", name, row.name,
                                             row.injection, bound_text(row.maximum)));
  }
}

// An RTO that our undo ended is no measure of what the cloud does by itself: whoever reads the median must know.
void say_after_undo(SeriesStats& stats) {
  for (const auto& row : stats.rows)
    if (row.after_undo > 0)
      stats.statements.push_back(fmt::format("{} recovered only after our undo in {} of {} after {}.", row.name, row.after_undo,
                                             count_text(row.runs, "run"), row.injection));
}

void say(SeriesStats& stats) {
  if (stats.sound() == 0) {
    stats.statements.emplace_back("No run measured anything soundly, so nothing can be said about this cloud.");
    return;
  }
  stats.statements.push_back(fmt::format(
      "{} of {} failed: with 95 % confidence fewer than {} of such rehearsals fail (Clopper–Pearson).", stats.failed,
      count_text(stats.sound(), "sound run"), percent_text(failure_rate_bound(stats.sound(), stats.failed))));
  if (stats.sound() < stats.runs)
    stats.statements.push_back(
        fmt::format("{} left out of the numbers: not sound.", count_text(stats.runs - stats.sound(), "run")));
  say_after_undo(stats);
  if (stats.sound() >= kRunsForP90 && stats.sound() < kRunsForP95) say_quantile(stats, "p90", kRunsForP90);
  say_quantile(stats, "p95", kRunsForP95);
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

std::string bound_text(const Bound& bound) { return (bound.more ? "> " : "") + format_seconds(bound.value); }

Bound median(std::vector<Bound> values) {
  double least = middle(ordered(values, 0));
  double most = middle(ordered(values, std::numeric_limits<double>::infinity()));
  return {Duration(static_cast<Duration::rep>(least)), least != most};
}

Bound maximum(const std::vector<Bound>& values) {
  Bound result;
  for (const auto& value : values) {
    result.value = std::max(result.value, value.value);
    result.more = result.more || value.more;
  }
  return result;
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
  say(stats);
  return stats;
}

}  // namespace blackstart
