// A batch's folder, read and judged again.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "reports/batch.h"
#include "reports/files.h"
#include "reports/json_format.h"
#include "reports/series.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr const char* kFile = "batch.json";
constexpr const char* kFormat = "blackstart-batch";
constexpr int kMost = 10'000;  // repetitions that a damaged plan may claim

Json json_of(const BatchItem& item) {
  return {{"scenario", item.scenario},
          {"claim", item.claim},
          {"source", item.source},
          {"folder", item.folder},
          {"repetitions", item.repetitions}};
}

BatchItem item_of(const Json& json) {
  BatchItem item{json.at("scenario"), json.at("claim"), json.at("source"), json.at("folder"), json.at("repetitions")};
  if (item.folder != file_name_of(item.folder)) throw std::runtime_error("'" + item.folder + "' is no name of a folder");
  return item;
}

BatchPlan plan_of(const Json& json) {
  if (json.at("format") != kFormat) throw std::runtime_error("its format is another");
  BatchPlan plan{json.at("name"),   json.at("cloud"), json.at("simulated"), json.at("began"), json.at("version"), {},
                 json.at("stopped")};
  for (const Json& item : json.at("scenarios")) plan.items.push_back(item_of(item));
  return plan;
}

BatchPlan read_batch_plan(const fs::path& folder) {
  const fs::path file = folder / kFile;
  try {
    return plan_of(Json::parse(read_whole(file)));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::bad_file, "reading the batch in " + file.string(), error.what());
  }
}

// What the plan knows of a run that says nothing of itself: without a name, it would be missing in JUnit.
void fill_in(RunInfo& run, const BatchPlan& plan, const BatchItem& item) {
  if (!run.scenario.empty()) return;
  if (run.id.empty()) run.id = item.folder;
  run.scenario = item.scenario;
  run.claim = item.claim;
  run.source = item.source;
  run.cloud = plan.cloud;
  run.simulated = plan.simulated;
  run.zero_wall = plan.began;
  run.version = plan.version;
}

// A scenario or repetition of which nothing was recorded proves nothing.
Judged blank(const BatchPlan& plan, const BatchItem& item, const std::string& why) {
  Judged judged;
  fill_in(judged.record.run, plan, item);
  judged.judgement.reasons = {why};
  return judged;
}

BatchRun untold(const BatchPlan& plan, const BatchItem& item, const std::string& why) {
  return {item, Verdict::inconclusive, {blank(plan, item, why)}, false};
}

// The records of a series tell how many repetitions there should be, but only those that can be read: the plan always does.
void complete(std::vector<Judged>& runs, const BatchPlan& plan, const BatchItem& item) {
  for (Judged& run : runs) fill_in(run.record.run, plan, item);
  for (int number = 1; number <= std::min(item.repetitions, kMost); ++number) {
    const auto same = [&](const Judged& run) { return run.record.run.repetition == number; };
    if (std::any_of(runs.begin(), runs.end(), same)) continue;
    runs.push_back(blank(plan, item, "This repetition was planned and did not run."));
    runs.back().record.run.repetition = number;
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Judged& a, const Judged& b) { return a.record.run.repetition < b.record.run.repetition; });
}

std::string why_missing(const BatchPlan& plan) {
  return plan.stopped.empty() ? "It was planned and did not run." : "It did not run: " + plan.stopped + ".";
}

BatchRun judge_item(const fs::path& folder, const BatchPlan& plan, const BatchItem& item, std::vector<std::string>& changed) {
  if (!fs::exists(folder)) return untold(plan, item, why_missing(plan));
  std::vector<std::string> files;
  BatchRun run{item, Verdict::inconclusive, {}, true};
  try {
    if (item.repetitions > 1) {
      SeriesJudged series = judge_series(folder);
      run.runs = std::move(series.runs);
      complete(run.runs, plan, item);
      run.verdict = series_verdict(run.runs);
      files = std::move(series.changed);
    } else {
      run.runs.push_back(judge_folder(folder));
      run.verdict = run.runs.front().judgement.verdict;
      files = run.runs.front().changed;
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) throw;
    return untold(plan, item, std::string(error.what()) + ".");
  }
  for (const std::string& file : files) changed.push_back(item.folder + "/" + file);
  return run;
}

// The batch that the run says it is of: ids are "<batch>-<folder of the item>", in a series with the repetition's number. Empty
// where the id is another: one that ran alone is of no batch.
std::string batch_of(const Judged& run, const BatchItem& item) {
  const std::string id = series_of(run.record.run), end = "-" + item.folder;
  return id.ends_with(end) ? id.substr(0, id.size() - end.size()) : "";
}

bool recorded(const Judged& run, const BatchItem& item) { return run.record.run.id != item.folder; }  // as fill_in() has it

// The first that a run says it is of.
std::string batch_of_all(const std::vector<BatchRun>& items) {
  for (const BatchRun& item : items)
    for (const Judged& run : item.runs)
      if (const std::string own = batch_of(run, item.item); recorded(run, item.item) && !own.empty()) return own;
  return "";
}

// Runs of other scenarios, or of another night.
void find_strangers(std::vector<BatchRun>& items) {
  const std::string batch = batch_of_all(items);
  for (BatchRun& item : items) {
    if (!item.told) continue;
    for (Judged& run : item.runs) {
      if (!recorded(run, item.item)) continue;
      const std::string own = batch_of(run, item.item);
      if (run.record.run.scenario != item.item.scenario)
        set_aside(run, fmt::format("Its folder holds a run of the scenario '{}'.", run.record.run.scenario));
      else if (own != batch || own.empty())
        set_aside(run, fmt::format("It is no run of {} but {}.", batch.empty() ? "this batch" : batch,
                                   own.empty() ? run.record.run.id : "of " + own));
    }
    item.verdict = series_verdict(item.runs);
  }
}

}  // namespace

void write_batch_plan(const fs::path& folder, const BatchPlan& plan) {
  Json json{{"format", kFormat},           {"schema_version", 1}, {"name", plan.name},       {"cloud", plan.cloud},
            {"simulated", plan.simulated}, {"began", plan.began}, {"version", plan.version}, {"stopped", plan.stopped}};
  json["scenarios"] = Json::array();
  for (const BatchItem& item : plan.items) json["scenarios"].push_back(json_of(item));
  write_atomically(folder / kFile, json_format::text_of(json, 2));
}

bool is_batch(const fs::path& folder) { return fs::exists(folder / kFile); }

BatchJudged judge_batch(const fs::path& folder) {
  BatchJudged batch;
  batch.plan = read_batch_plan(folder);
  for (const BatchItem& item : batch.plan.items)
    batch.runs.push_back(judge_item(folder / item.folder, batch.plan, item, batch.changed));
  find_strangers(batch.runs);
  batch.verdict = batch_verdict(batch.runs);
  batch.summary = batch_summary(batch.plan, batch.runs);
  const std::pair<const char*, std::string> files[] = {{"summary.txt", batch.summary},
                                                       {"junit.xml", batch_junit(batch.runs)},
                                                       {"index.html", batch_html(batch.plan, batch.runs)}};
  for (const auto& [name, text] : files)
    if (write_atomically(folder / name, text)) batch.changed.push_back(name);
  return batch;
}

}  // namespace blackstart
