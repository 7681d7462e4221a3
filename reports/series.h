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
// The folder of a run in its series, and the target of the links: "repetition-07".
std::string repetition_folder(std::size_t index, const Judged& run);

std::string series_summary(const std::vector<Judged>& runs);
std::string series_html(const std::vector<Judged>& runs);
std::string series_junit(const std::vector<Judged>& runs);
std::string series_json(const std::vector<Judged>& runs);

}  // namespace blackstart
