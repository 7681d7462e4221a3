#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/units.h"
#include "reports/instrument.h"
#include "reports/reports.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

// Families in the order they are first named: the registry of the library would order them by hash.
class Metrics {
 public:
  explicit Metrics(Labels common) : common_(std::move(common)) {}

  void gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
    if (!std::isfinite(value)) return;  // no sample is honest, NaN breaks alerts
    prometheus::ClientMetric metric;
    for (const Labels* part : {static_cast<const Labels*>(&common_), &labels})
      for (const auto& [label, text] : *part) metric.label.push_back({label, clean_text(text)});
    metric.gauge.value = value;
    family(name, help).metric.push_back(std::move(metric));
  }

  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  prometheus::MetricFamily& family(const std::string& name, const std::string& help) {
    for (auto& known : families_)
      if (known.name == name) return known;
    families_.push_back({name, help, prometheus::MetricType::Gauge, {}});
    return families_.back();
  }

  Labels common_;
  std::vector<prometheus::MetricFamily> families_;
};

void run(Metrics& metrics, const Record& record, const Judgement& judgement) {
  for (Verdict verdict : {Verdict::passed, Verdict::failed, Verdict::inconclusive, Verdict::undo_pending}) {
    metrics.gauge("blackstart_verdict", "1 for the verdict of the latest rehearsal, 0 for the others.",
                  {{"verdict", name_of(verdict)}}, verdict == judgement.verdict ? 1 : 0);
  }
  metrics.gauge("blackstart_run_start_timestamp_seconds", "When the rehearsal began, seconds since 1970 UTC.", {},
                static_cast<double>(record.run.zero_wall) / 1e9);
  metrics.gauge("blackstart_run_info", "Always 1; the labels tell which rehearsal this is.",
                {{"run", record.run.id}, {"version", record.run.version}, {"seed", std::to_string(record.run.seed)}}, 1);
}

void instrument(Metrics& metrics, const Record& record) {
  const auto found = instrument_of(record);
  if (!found) return;
  metrics.gauge("blackstart_instrument_proven", "1 when a good certificate of this machine and version was there.", {},
                found->state == Instrument::State::proven ? 1 : 0);
  if (!record.calibration->certificate) return;
  metrics.gauge("blackstart_instrument_error_seconds", "95 % of the calibration's errors were at most this.", {},
                seconds(record.calibration->certificate->error_p95));
  metrics.gauge("blackstart_instrument_calibrated_timestamp_seconds", "When the calibration was, seconds since 1970 UTC.", {},
                static_cast<double>(record.calibration->certificate->made) / 1e9);
}

void recovery(Metrics& metrics, const Judgement& judgement) {
  for (const auto& rto : judgement.rtos) {
    Labels labels{{"probe", rto.probe}, {"series", rto.series}, {"injection", rto.injection}};
    metrics.gauge("blackstart_rto_seconds", "From the fault to the start of the stable recovery; at least this where censored.",
                  labels, seconds(rto.rto.value));
    metrics.gauge("blackstart_rto_plus_minus_seconds", "Half-width of the interval that certainly holds the RTO.", labels,
                  seconds(rto.rto.plus_minus));
    metrics.gauge("blackstart_rto_censored", "1 when no recovery was seen: the RTO is longer than its value.", labels,
                  rto.censored ? 1 : 0);
    metrics.gauge("blackstart_rto_after_undo", "1 when the service recovered only after the fault's undo was asked.", labels,
                  rto.after_undo ? 1 : 0);
    if (rto.first_success)
      metrics.gauge("blackstart_first_success_seconds", "From the fault to the first good operation after the outage began.",
                    labels, seconds(rto.first_success->value));
  }
}

void redundancy(Metrics& metrics, const Judgement& judgement) {
  for (const auto& one : judgement.restorations) {
    Labels labels{{"probe", one.probe}, {"component", one.component}, {"injection", one.injection}};
    metrics.gauge("blackstart_redundancy_restored_seconds",
                  "From the fault until the component was whole again; at least this where censored.", labels,
                  one.impact ? seconds(one.time.value) : 0);
    metrics.gauge("blackstart_redundancy_censored", "1 when the component was not seen whole again.", labels,
                  one.censored ? 1 : 0);
  }
}

void operations(Metrics& metrics, const Labels& labels, const SeriesMeasures& series) {
  auto outcome = [&](const char* name, std::uint64_t count) {
    Labels with = labels;
    with.emplace_back("outcome", name);
    metrics.gauge("blackstart_operations", "Operations of the rehearsal by outcome.", with, static_cast<double>(count));
  };
  outcome("ok", series.ok);
  outcome("failed", series.failed);
  outcome("indeterminate", series.indeterminate);
  outcome("unsent", series.unsent);
  metrics.gauge("blackstart_late_operations", "Operations that succeeded, but later than the objective allows.", labels,
                static_cast<double>(series.late));
}

void burn(Metrics& metrics, const Labels& labels, const Budget& budget) {
  for (const auto& alert : budget.alerts) {
    Labels with = labels;
    with.emplace_back("severity", alert.severity);
    with.emplace_back("long_window", format_duration(alert.long_window));
    with.emplace_back("short_window", format_duration(alert.short_window));
    metrics.gauge("blackstart_burn_rate_highest", "Highest burn rate over both windows of the alert.", with, alert.highest);
    metrics.gauge("blackstart_burn_alarms", "How often the alert would have gone off.", with,
                  static_cast<double>(alert.alarms.size()));
  }
}

void service(Metrics& metrics, const std::string& probe, const SeriesMeasures& series) {
  Labels labels{{"probe", probe}, {"series", series.name}};
  metrics.gauge("blackstart_downtime_seconds", "Bad operations over the rate: downtime weighted by how bad it was.", labels,
                seconds(series.downtime));
  metrics.gauge("blackstart_error_budget_spent_ratio", "Share of the error budget of the whole SLO window that was used.",
                labels, series.budget.spent);
  burn(metrics, labels, series.budget);
  metrics.gauge("blackstart_outages", "Outages, brown-outs included.", labels, static_cast<double>(series.outages.size()));
  metrics.gauge("blackstart_blind_intervals", "Intervals in which the generator could not see the service.", labels,
                static_cast<double>(series.blind.size()));
  operations(metrics, labels, series);
}

void audit(Metrics& metrics, const AuditResult& audit, bool proves) {
  Labels labels{{"probe", audit.probe}};
  metrics.gauge("blackstart_audit_complete", "1 when every replica was read to its end.", labels, audit.complete ? 1 : 0);
  metrics.gauge("blackstart_audit_intact", "1 when nothing is phantom, duplicate, altered, partial or unequal.", labels,
                audit.intact() ? 1 : 0);
  if (!audit.complete || !proves) return;  // an RPO that was not measured is no 0
  metrics.gauge("blackstart_rpo_transfers", "Acknowledged transfers that the worst replica lost.", labels,
                static_cast<double>(audit.lost));
  metrics.gauge("blackstart_rpo_amount", "Money in the lost transfers, in units of the currency.", labels,
                static_cast<double>(audit.lost_amount) / 100);
  metrics.gauge("blackstart_rpo_seconds", "Work that was lost, as time before the fault.", labels, seconds(audit.rpo_time));
}

// Nothing of what nobody looked at, or could not tell: a zero would shine as "never".
// A finding is one whatever was not read; that there is none is known of a complete audit only.
void control_plane(Metrics& metrics, const ResourceAudit& audit, bool proves) {
  using Kind = ResourceFinding::Kind;
  metrics.gauge("blackstart_control_plane_audit_complete", "1 when every controller's API was read to its end.",
                {{"probe", audit.probe}}, audit.complete ? 1 : 0);
  for (Kind kind : {Kind::lost, Kind::resurrected, Kind::phantom, Kind::stuck, Kind::orphaned, Kind::differs}) {
    const auto found = std::count_if(audit.findings.begin(), audit.findings.end(),
                                     [&](const ResourceFinding& finding) { return finding.kind == kind; });
    if (found > 0 || (audit.complete && proves))
      metrics.gauge("blackstart_control_plane_findings", "What the control plane's audit found wrong, by kind.",
                    {{"probe", audit.probe}, {"kind", name_of(kind)}}, static_cast<double>(found));
  }
}

void holding(Metrics& metrics, const ProbeMeasures& probe) {
  if (!probe.holding->looked) return;
  Labels labels{{"probe", probe.probe}};
  metrics.gauge("blackstart_handovers", "Moves of the virtual IP from one holder to another.", labels,
                static_cast<double>(probe.holding->handovers.size()));
  if (!probe.holding->known() && !probe.holding->conflict()) return;
  metrics.gauge("blackstart_two_holders_seconds", "Time with more than one holder of the virtual IP, at most.", labels,
                seconds(probe.holding->conflicted));
}

}  // namespace

std::string prometheus_text(const Record& record, const Judgement& judgement) {
  Metrics metrics({{"scenario", record.run.scenario}, {"cloud", record.run.cloud}});
  run(metrics, record, judgement);
  instrument(metrics, record);
  const bool proves = judgement.proves;  // a fault without effect would shine as an RTO of 0 on every dashboard
  if (proves) recovery(metrics, judgement);
  if (proves) redundancy(metrics, judgement);
  for (const auto& probe : judgement.probes) {
    for (const auto& series : probe.series) service(metrics, probe.probe, series);
    if (probe.audit) audit(metrics, *probe.audit, proves);
    if (probe.resources) control_plane(metrics, *probe.resources, proves);
    if (probe.holding) holding(metrics, probe);
  }
  return metrics.text();
}

}  // namespace blackstart
