#include "reports/waterfall_words.h"

#include <fmt/format.h>

#include "base/units.h"
#include "reports/waterfall.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Beside = StageResult::Beside;

std::string band_text(const PredictedBand& band) {
  return fmt::format("{} to {}", format_seconds(band.from), format_seconds(band.to));
}

const char* beside_text(const StageResult& stage) {
  switch (stage.beside) {
    case Beside::below: return "below the expected ";
    case Beside::within: return "as expected: ";
    case Beside::above: return "above the expected ";
    case Beside::unknown: break;
  }
  return "expected: ";
}

}  // namespace

std::string stage_time_text(const StageResult& stage, const Bracket& effect) {
  if (!stage.when.known()) return "not seen";
  return measured_text(after_fault(stage, effect)) + (stage.after_undo ? ", after our undo" : "");
}

std::string stage_band_text(const StageResult& stage) {
  return stage.predicted.empty() ? "" : beside_text(stage) + band_text(stage.predicted.front());
}

std::string stage_source_text(const StageResult& stage) { return stage.predicted.empty() ? "" : stage.predicted.front().why; }

std::vector<std::string> unread_settings(const Record& record) {
  std::vector<std::string> all;
  for (const LiveSettings& one : record.live_settings)
    if (!one.problem.empty())
      all.push_back(fmt::format("The settings of {} on {} could not be read: {}", one.component, one.node, one.problem));
  return all;
}

}  // namespace blackstart
