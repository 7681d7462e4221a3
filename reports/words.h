// The wording that all writers share: one value reads the same in the terminal, in CI and in the auditor's PDF.
//
// Purpose: quantities, measures and findings as plain English. Ownership: returns text. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// Cents as money: 1234 → "12.34".
std::string money_text(std::int64_t cents);
// "1 transfer", "3 transfers".
std::string count_text(std::uint64_t count, std::string_view noun);
// A count with thousands set apart: "12,345".
std::string grouped(std::uint64_t count);
// "4.417 s ± 0.021 s".
std::string measured_text(const Measured& value);
// "4.417 s ± 0.021 s", "> 120.000 s (not seen to recover)", "no outage (± 0.020 s)".
std::string rto_text(const Rto& rto);
// "43.2 s ± 1.0 s, after our undo", "> 120.000 s (not seen whole again)", "whole all the time (looked every 2 s)".
std::string restoration_text(const Restoration& restoration);
// What became of a component: how long after each injection it was whole again, what was missing, what is there now.
std::string redundancy_text(const Judgement& judgement, const Redundancy& redundancy);
// "1.3 ms"; "–" below zero.
std::string latency_text(Duration value);
// Share of the budget in percent, three digits that count: "0.171 %".
std::string percent_text(double share);
// Run time as seconds: "42.180 s"; "–" when it never happened.
std::string time_text(Time at);
// "42.180 s ± 0.400 s", or "–".
std::string bracket_text(const Bracket& bracket);
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

// What the verdict means, in one sentence.
std::string verdict_meaning(Verdict verdict);
const char* state_text(ObjectiveResult::State state);  // "met", "missed", "not measured"
// "above the expected 2s to 4s; the likely stage: …"; empty when nothing was expected, or the value is not known.
std::string expected_text(const ObjectiveResult& objective);
// Why it was missed or not measured, and how it lies beside what was expected.
std::string remark_text(const ObjectiveResult& objective);
// "bank/transfer"
std::string series_name(const Rto& rto);
// "0 of 1,234 acknowledged transfers lost, …", and why that is not all when the audit is not complete.
std::string rpo_text(const AuditResult& audit);
// What audits found lost or wrong: "nothing", "3 transfers, 1 control-plane finding".
std::string lost_text(std::uint64_t transfers, std::uint64_t findings);
// What the audit found on one replica beyond lost ones, in words; "nothing" when it is clean.
std::string findings_text(const AuditResult::Replica& replica);
// "12 creations and 11 deletions were acknowledged; 1 may be there or not; nothing was found wrong"
std::string resources_text(const ResourceAudit& audit);
// "lost on c2: server 'a' (0a1b): its creation …"
std::string finding_text(const ResourceFinding& finding);
// "each of c1, c2 and c3"; "c1"
std::string each_controller_text(const ResourceAudit& audit);
// Whether and when an injection's effect was undone.
std::string undo_text(const Injection& injection);
// True while something of this injection may still be in effect.
bool undo_is_open(const Injection& injection);
// "SIGKILL to mariadb.service on c1"
std::string injection_text(const Injection& injection);

// True when this standstill was asked for: the probe is to be refused, and nothing was asked of its recovery.
bool refusal_wanted(const Judgement& judgement, const Rto& rto);
// The worst RTO: those that were not asked for first, then censored ones, then the longest; null when none was measured.
const Rto* worst_rto(const Judgement& judgement);

// A run in one line: its worst RTO and whose it is; what all its audits found lost.
std::string run_rto_text(const Judgement& judgement);
std::string run_rpo_text(const Judgement& judgement);

// Whether the space between these two must not become the end of a line: between a number and its unit, after ±, >, ≤.
bool holds_together(std::string_view before, std::string_view after);
// `text` as valid UTF-8 without control characters (tab and newline stay): fit for XML, HTML, JSON and a terminal.
std::string clean_text(std::string_view text);

}  // namespace blackstart
