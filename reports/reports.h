// The writers: text, JUnit, JSON, HTML and Prometheus out of a record and its judgement.
//
// Purpose: what CI, an engineer and an auditor read. Ownership: returns text. Thread rule: pure functions.
// Nothing of the time or the machine of the writing goes in, so that writing again gives the same bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reports/judgement.h"
#include "reports/record.h"

namespace blackstart {

std::string text_summary(const Record& record, const Judgement& judgement);
std::string junit_xml(const Record& record, const Judgement& judgement);
std::string record_json(const Record& record, const Judgement& judgement);
std::string html_report(const Record& record, const Judgement& judgement);
std::string prometheus_text(const Record& record, const Judgement& judgement);

// Reads the run folder, judges it and writes summary.txt, junit.xml, record.json, report.html, metrics.prom into it.
struct Judged {
  Record record;
  Judgement judgement;
  std::vector<std::string> changed;  // files that were there and now differ: empty when judged again with the same result
  bool aside = false;                // it stands where another run should: what it measured counts for nothing
};
Judged judge_folder(const std::filesystem::path& run_folder);

// A series (`repeat: N`): its folder holds repetition-01 … repetition-NN, each a run folder of its own.
struct SeriesJudged {
  Verdict verdict = Verdict::inconclusive;  // the worst: undo-pending, failed, inconclusive, passed
  std::vector<Judged> runs;
  std::string summary;
  std::vector<std::string> changed;
};
bool is_series(const std::filesystem::path& folder);
SeriesJudged judge_series(const std::filesystem::path& series_folder);

}  // namespace blackstart
