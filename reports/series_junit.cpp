#include <fmt/format.h>

#include "base/units.h"
#include "reports/junit_suite.h"
#include "reports/series.h"
#include "reports/series_stats.h"
#include "reports/words.h"

namespace blackstart {
namespace {

// What all runs together say: no run's own suite has it.
JunitSuite whole_suite(const std::vector<Judged>& runs) {
  using State = JunitCase::State;
  const SeriesStats stats = series_stats(runs);
  const Verdict verdict = series_verdict(runs);
  JunitSuite suite;
  suite.name = series_info(runs).scenario + ".series";
  suite.timestamp = format_utc(series_info(runs).zero_wall, false);
  suite.timestamp.pop_back();  // JUnit's schema wants no zone
  suite.properties = {{"verdict", name_of(verdict)}, {"runs", std::to_string(stats.runs)}};
  for (const auto& row : stats.rows)
    suite.properties.emplace_back(fmt::format("rto.{}.{}", row.name, row.injection), row_text(row));
  const State state = verdict == Verdict::passed ? State::good : verdict == Verdict::failed ? State::failure : State::error;
  suite.cases = {{state, "verdict", "verdict", name_of(verdict) + (": " + verdict_meaning(verdict)),
                  joined(stats.statements, "\n"), Duration{0}}};
  return suite;
}

}  // namespace

std::vector<JunitSuite> series_suites(const std::vector<Judged>& runs) {
  std::vector<JunitSuite> suites;
  for (std::size_t at = 0; at < runs.size(); ++at) {
    suites.push_back(junit_suite(runs[at].record, runs[at].judgement));
    suites.back().name = series_info(runs).scenario + "." + repetition_folder(at, runs[at]);
  }
  suites.push_back(whole_suite(runs));
  return suites;
}

std::string series_junit(const std::vector<Judged>& runs) { return write_junit(series_suites(runs)); }

}  // namespace blackstart
