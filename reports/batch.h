// A batch: the scenarios of a folder, rehearsed one after the other by one command, told on one page and in one JUnit file.
//
// Purpose: every scenario that was planned stands in it, done or not: what did not run must never be missing silently. Its
// folder holds batch.json (the plan, written before the first starts) and a folder for each scenario: a run's or a series'.
// Ownership: plain values. Thread rule: pure functions, but for those that name a folder.
#pragma once

#include <string>
#include <vector>

#include "reports/reports.h"

namespace blackstart {

struct BatchItem {
  std::string scenario, claim, source;
  std::string folder;   // "01-keystone-kill", in the batch's folder
  int repetitions = 1;  // more than 1: its folder is a series'
};

struct BatchPlan {
  std::string name;        // of the folder with the scenarios
  std::string cloud;       // its name
  bool simulated = false;  // a lab
  std::int64_t began = 0;  // wall clock, ns since 1970 UTC
  std::string version;     // of Blackstart
  std::vector<BatchItem> items;
  std::string stopped;  // why it ended before the last scenario; empty when it did not, or when nobody could say
};

// One scenario of a batch, judged.
struct BatchRun {
  BatchItem item;
  Verdict verdict = Verdict::inconclusive;
  std::vector<Judged> runs;  // one, or a series' repetitions; one without a record when it did not run
  bool told = false;         // there is a report behind it
};

struct BatchJudged {
  BatchPlan plan;
  std::vector<BatchRun> runs;               // one for each item
  Verdict verdict = Verdict::inconclusive;  // the worst: undo-pending, failed, inconclusive, passed
  std::string summary;
  std::vector<std::string> changed;
};

// Replaces batch.json in `folder`, atomically. Throws Error(internal).
void write_batch_plan(const std::filesystem::path& folder, const BatchPlan& plan);
bool is_batch(const std::filesystem::path& folder);
// Judges every scenario's folder again, and writes summary.txt, junit.xml and index.html. Throws Error(bad_file) when
// batch.json can't be read.
BatchJudged judge_batch(const std::filesystem::path& folder);

std::size_t batch_count(const std::vector<BatchRun>& runs, Verdict verdict);
Verdict batch_verdict(const std::vector<BatchRun>& runs);
std::string batch_summary(const BatchPlan& plan, const std::vector<BatchRun>& runs);
std::string batch_html(const BatchPlan& plan, const std::vector<BatchRun>& runs);
std::string batch_junit(const std::vector<BatchRun>& runs);

// A scenario's RTO in one line: of a run, or median and maximum of a series; what its audits found lost; how long it took.
std::string batch_rto_text(const BatchRun& run);
std::string batch_rpo_text(const BatchRun& run);
Duration batch_time(const BatchRun& run);
// Why its verdict is what it is: every reason, in a series with the repetition's name.
std::vector<std::string> batch_reasons(const BatchRun& run);
// Where its report is, from the batch's folder.
std::string batch_report(const BatchRun& run);

}  // namespace blackstart
