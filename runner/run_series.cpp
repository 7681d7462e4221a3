#include "runner/run_series.h"

#include <fmt/format.h>

#include <cstdio>

#include "reports/words.h"
#include "runner/calibrate.h"
#include "runner/rehearsal.h"
#include "runner/state.h"

namespace blackstart {
namespace {

Judged rehearse_one(const Series& series, int repetition, Remote& remote, Status& status, const Interrupt& interrupt) {
  RehearsalInput input{series.scenario,
                       series.cloud,
                       remote,
                       real_clock(),
                       status,
                       interrupt.token(),
                       [&] { return interrupt.reason(); },
                       series.folder,
                       series.id,
                       series.seed,
                       repetition,
                       series.repetitions};
  if (repetition > 0) {
    input.folder = series.folder / fmt::format("repetition-{:02}", repetition);
    input.id += fmt::format("-{:02}", repetition);
    input.seed += static_cast<std::uint64_t>(repetition - 1);
  }
  input.calibration = found_calibration();
  return rehearse(input);
}

SeriesEnd run_once(const Series& series, Remote& remote, const Interrupt& interrupt) {
  Judged judged;
  {
    Status status(stdout, real_clock());
    judged = rehearse_one(series, 0, remote, status, interrupt);
  }
  return {judged.judgement.verdict, "\n" + text_summary(judged.record, judged.judgement),
          reason_to_stop(series.cloud, judged, interrupt.reason())};
}

}  // namespace

std::optional<std::string> reason_to_stop(const Cloud& cloud, const Judged& judged, const std::string& interrupted_by) {
  if (!interrupted_by.empty()) return "interrupted by " + interrupted_by;
  const std::string& scenario = judged.record.run.scenario;
  if (judged.judgement.verdict == Verdict::undo_pending) return "something is still broken after " + scenario;
  if (auto halted = halt_reason(cloud.name)) return "halted: " + *halted;
  for (const Redundancy& seen : judged.record.redundancy)
    if (!seen.restored)
      return fmt::format("the cloud was not whole again after {}: {}: {}", scenario, seen.what, seen.observed);
  return std::nullopt;
}

SeriesEnd run_series(const Series& series, Remote& remote, const Interrupt& interrupt) {
  if (series.repetitions == 1) return run_once(series, remote, interrupt);
  SeriesEnd end;
  for (int i = 1; i <= series.repetitions && !end.stop; ++i) {
    Status status(stdout, real_clock());
    if (i == 1)
      for (const std::string& warning : phase_warnings(series.scenario)) status.line("warning: " + warning);
    status.line(fmt::format("repetition {} of {}", i, series.repetitions));
    const Judged judged = rehearse_one(series, i, remote, status, interrupt);
    status.line(fmt::format("repetition {}: {}", i, name_of(judged.judgement.verdict)));
    end.stop = reason_to_stop(series.cloud, judged, interrupt.reason());
  }
  const SeriesJudged judged = judge_series(series.folder);
  end.verdict = judged.verdict;
  end.summary = judged.summary;
  return end;
}

}  // namespace blackstart
