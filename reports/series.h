// The writers for a series (`repeat: N`): the same rehearsal done N times, told as one.
//
// Purpose: median, max and every run, and only as much statistics as N runs allow. Ownership: returns text.
// Thread rule: pure functions; nothing of the time or the machine of the writing goes in.
#pragma once

#include <string>
#include <vector>

#include "reports/reports.h"

namespace blackstart {

// The worst of them: undo-pending > failed > inconclusive > passed. No runs prove nothing: inconclusive.
Verdict series_verdict(const std::vector<Judged>& runs);
// What all runs have in common, taken from the first of which anything was recorded.
RunInfo series_info(const std::vector<Judged>& runs);
// What the ids of all its repetitions begin with: "20261121T064628Z-writer-kill" of "…-03", the third.
std::string series_of(const RunInfo& run);
// A run that has no place where it was found: it can't pass there, and says why.
void set_aside(Judged& run, const std::string& why);
// The folder of a run in its series, and the target of the links: "repetition-07".
std::string repetition_folder(std::size_t index, const Judged& run);

std::string series_summary(const std::vector<Judged>& runs);
std::string series_html(const std::vector<Judged>& runs);
std::string series_junit(const std::vector<Judged>& runs);
std::string series_json(const std::vector<Judged>& runs);

}  // namespace blackstart
