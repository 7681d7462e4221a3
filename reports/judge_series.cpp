#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"
#include "reports/series.h"

namespace blackstart {
namespace {

constexpr std::string_view kPrefix = "repetition-";
constexpr int kMost = 10'000;  // repetitions that a damaged record may claim

// 7 from "repetition-07", 0 from anything else.
int number_of(const std::filesystem::path& folder) {
  std::string name = folder.filename().string();
  if (!name.starts_with(kPrefix)) return 0;
  std::string digits = name.substr(kPrefix.size());
  bool number = !digits.empty() && digits.size() < 7 && digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoi(digits) : 0;
}

std::vector<std::filesystem::path> repetitions(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.is_directory() && number_of(entry.path()) > 0) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return number_of(a) < number_of(b); });
  return found;
}

// A repetition of which nothing can be told stands in the series all the same: leaving it out would make the rest look
// complete.
Judged untold(int repetition, const std::string& why) {
  Judged judged;
  judged.record.run.repetition = repetition;
  judged.record.run.id = fmt::format("{}{:02}", kPrefix, repetition);
  judged.judgement.verdict = Verdict::inconclusive;
  judged.judgement.reasons = {why};
  return judged;
}

Judged judge_repetition(const std::filesystem::path& folder) {
  try {
    return judge_folder(folder);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) throw;
    return untold(number_of(folder), std::string(error.what()) + ".");
  }
}

int planned(const std::vector<Judged>& runs) {
  int most = 0;
  for (const Judged& run : runs) most = std::max({most, run.record.run.repetition, run.record.run.repetitions});
  return std::min(most, kMost);
}

void add_missing(std::vector<Judged>& runs) {
  for (int number = 1, most = planned(runs); number <= most; ++number) {
    auto same = [&](const Judged& run) { return run.record.run.repetition == number; };
    if (std::none_of(runs.begin(), runs.end(), same))
      runs.push_back(untold(number, "This repetition was planned and did not run."));
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Judged& a, const Judged& b) { return a.record.run.repetition < b.record.run.repetition; });
}

// Of another night, perhaps put here in the place of one that had failed; or the same run twice.
void find_strangers(std::vector<Judged>& runs) {
  const std::string series = series_of(series_info(runs));
  std::set<std::string> seen;
  for (Judged& run : runs) {
    const RunInfo& info = run.record.run;
    if (info.scenario.empty()) continue;
    if (const std::string own = series_of(info); own != series)
      set_aside(run, fmt::format("It is no repetition of {} but of {}.", series, own));
    else if (!seen.insert(info.id).second)
      set_aside(run, fmt::format("{} stands in this series more than once.", info.id));
  }
}

}  // namespace

bool is_series(const std::filesystem::path& folder) { return !repetitions(folder).empty(); }

SeriesJudged judge_series(const std::filesystem::path& series_folder) {
  SeriesJudged series;
  for (const auto& folder : repetitions(series_folder)) series.runs.push_back(judge_repetition(folder));
  if (series.runs.empty())
    throw Error(ErrorKind::bad_file, "reading the series in " + series_folder.string(), "it has no folder repetition-01");
  add_missing(series.runs);
  find_strangers(series.runs);
  series.verdict = series_verdict(series.runs);
  series.summary = series_summary(series.runs);
  const std::pair<const char*, std::string> files[] = {{"summary.txt", series.summary},
                                                       {"junit.xml", series_junit(series.runs)},
                                                       {"record.json", series_json(series.runs)},
                                                       {"report.html", series_html(series.runs)}};
  for (const auto& [name, text] : files)
    if (write_atomically(series_folder / name, text)) series.changed.push_back(name);
  return series;
}

}  // namespace blackstart
