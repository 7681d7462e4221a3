#include "reports/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/units.h"

namespace blackstart {
namespace {

constexpr const char* kNone = "–";
constexpr const char* kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  auto follows = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF && follows(1)) return 2;
  if ((lead & 0xF0U) == 0xE0U && follows(1) && follows(2)) {
    bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    bool surrogate = lead == 0xED && byte(1) >= 0xA0;
    bool no_character = lead == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE;  // U+FFFE, U+FFFF: XML forbids them
    return overlong || surrogate || no_character ? 0 : 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && follows(1) && follows(2) && follows(3)) {
    bool overlong = lead == 0xF0 && byte(1) < 0x90;
    bool beyond = lead == 0xF4 && byte(1) >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

bool is_control(std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return (first < 0x20 && first != '\t' && first != '\n') || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;  // C1 controls: some terminals obey them
}

}  // namespace

std::string money_text(std::int64_t cents) {
  auto amount = cents < 0 ? 0 - static_cast<std::uint64_t>(cents) : static_cast<std::uint64_t>(cents);
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", grouped(amount / 100), amount % 100);
}

std::string count_text(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string grouped(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string measured_text(const Measured& value) {
  return format_seconds(value.value) + " ± " + format_seconds(value.plus_minus);
}

namespace {

// Whose doing it may be as well.
template <class Time>
std::string doubt_text(const Time& one, const char* what) {
  return (one.shared ? std::string(", another injection's ") + what + " perhaps" : "") +
         (one.undo_soon ? ", after an undo that came before the fault had to show" : "");
}

const char* after_undo_text(const AfterUndo& after) {
  return after.perhaps ? " (recovered only after our undo, which may have disturbed it)" : " (recovered only after our undo)";
}

}  // namespace

std::string rto_text(const Rto& rto) {
  if (rto.censored) return "> " + format_seconds(rto.rto.value) + " (not seen to recover)";
  if (!rto.impact) return "no outage (± " + format_seconds(rto.rto.plus_minus) + ")";
  return measured_text(rto.rto) + (rto.after_undo ? after_undo_text(*rto.after_undo) : "") + doubt_text(rto, "outage");
}

std::string restoration_text(const Restoration& one) {
  if (one.censored) return "> " + format_seconds(one.time.value) + " (not seen whole again)";
  if (!one.impact)
    return "whole all the time (what is lost for less than " + format_duration(one.time.plus_minus) + " may not show)";
  const std::string whose = doubt_text(one, "doing");
  if (!one.after_undo) return measured_text(one.time) + whose;
  return fmt::format("{}, after our undo at {}{}", measured_text(one.time), format_seconds(one.after_undo->asked), whose);
}

std::string redundancy_text(const Judgement& judgement, const Redundancy& redundancy) {
  std::vector<std::string> parts;
  for (const Restoration& one : judgement.restorations)
    if (one.probe == redundancy.probe && one.component == redundancy.what)
      parts.push_back(one.injection + ": " + restoration_text(one));
  for (const Redundancy::Loss& loss : redundancy.losses)
    parts.push_back(fmt::format("missing from {}{}: {}", bracket_text(loss.lost),
                                loss.back.known() ? " to " + bracket_text(loss.back) : " on", loss.what));
  if (!redundancy.observed.empty()) parts.push_back(redundancy.observed);
  if (!redundancy.single.empty()) parts.push_back("NO SECOND: " + redundancy.single);
  return joined(parts, "; ");
}

std::string latency_text(Duration value) {
  if (value.count() < 0) return kNone;
  double milliseconds = std::chrono::duration<double, std::milli>(value).count();
  return fmt::format("{:.{}f} ms", milliseconds, milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0);
}

std::string percent_text(double share) {
  if (!std::isfinite(share)) return kNone;
  double percent = share * 100;
  if (percent == 0) return "0 %";
  int decimals = percent >= 100 ? 1 : std::clamp(2 - static_cast<int>(std::floor(std::log10(percent))), 1, 6);
  return fmt::format("{:.{}f} %", percent, decimals);
}

std::string time_text(Time at) { return at.count() < 0 ? kNone : format_seconds(at); }

std::string bracket_text(const Bracket& bracket) {
  return bracket.known() ? measured_text({bracket.middle(), bracket.half()}) : kNone;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

std::string verdict_meaning(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "The cloud met every objective, and the evidence is complete.";
    case Verdict::failed: return "What was claimed did not hold.";
    case Verdict::inconclusive: return "This rehearsal proves nothing.";
    case Verdict::undo_pending: return "Something is still broken because of us: run `blackstart recover`.";
  }
  return "";
}

const char* state_text(ObjectiveResult::State state) {
  switch (state) {
    case ObjectiveResult::State::met: return "met";
    case ObjectiveResult::State::missed: return "missed";
    case ObjectiveResult::State::not_measured: return "not measured";
  }
  return "";
}

std::string expected_text(const ObjectiveResult& objective) {
  using Beside = ObjectiveResult::Beside;
  const ObjectiveSpec::Expected& expected = objective.spec.expected;
  const std::string band = fmt::format("{} to {}", format_duration(expected.from), format_duration(expected.to));
  switch (objective.beside) {
    case Beside::above: return fmt::format("above the expected {}; the likely stage: {}", band, expected.stage);
    case Beside::below: return fmt::format("below the expected {} ({})", band, expected.stage);
    case Beside::within: return fmt::format("as expected: {}", band);
    case Beside::unknown: break;
  }
  return "";
}

std::string remark_text(const ObjectiveResult& objective) {
  const std::string expected = expected_text(objective);
  return objective.why + (objective.why.empty() || expected.empty() ? "" : "; ") + expected;
}

std::string series_name(const Rto& rto) { return rto.series.empty() ? rto.probe : rto.probe + "/" + rto.series; }

std::string rpo_text(const AuditResult& audit) {
  std::string text = fmt::format("{} of {} lost, {} in money", grouped(audit.lost),
                                 count_text(audit.acknowledged, "acknowledged transfer"), money_text(audit.lost_amount));
  if (!audit.complete) return text + "; the audit is not complete: " + audit.problem;
  return text + ", " + measured_text({audit.rpo_time, audit.rpo_resolution}) + " of work";
}

std::string findings_text(const AuditResult::Replica& replica) {
  std::vector<std::string> found;
  auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) found.push_back(grouped(count) + " " + what);
  };
  add(replica.lost, "lost");
  add(replica.phantom, "phantom");
  add(replica.duplicate, "duplicate");
  add(replica.altered, "altered");
  add(replica.partial, "partial");
  add(replica.unbalanced, "unbalanced");
  if (!replica.sum_right) found.push_back("wrong sum of balances");
  if (!replica.complete) found.push_back("not read to the end: " + replica.problem);
  return found.empty() ? "nothing" : joined(found);
}

std::string resources_text(const ResourceAudit& audit) {
  std::string text =
      fmt::format("{} and {} were acknowledged", count_text(audit.created, "creation"), count_text(audit.deleted, "deletion"));
  if (audit.unclear > 0) text += fmt::format("; of {} the answer never came", grouped(audit.unclear));
  if (audit.in_error > 0) text += fmt::format("; {} ended in a state of error", grouped(audit.in_error));
  if (!audit.not_looked_at.empty()) text += "; not looked at: " + audit.not_looked_at;
  if (!audit.complete) return text + "; the audit is not complete: " + audit.problem;
  return text +
         (audit.findings.empty() ? "; nothing was found wrong" : "; found: " + count_text(audit.findings.size(), "fault"));
}

std::string finding_text(const ResourceFinding& finding) {
  const std::string where = finding.controller.empty() ? "" : " on " + finding.controller;
  return fmt::format("{}{}: {}: {}", name_of(finding.kind), where, finding.what, finding.why);
}

std::string each_controller_text(const ResourceAudit& audit) {
  std::vector<std::string> names;
  for (const auto& controller : audit.controllers) names.push_back(controller.name);
  return names.size() == 1 ? names.front() : "each of " + joined(names);
}

bool refusal_wanted(const Judgement& judgement, const Rto& rto) {
  using Kind = ObjectiveSpec::Kind;
  bool refuses = false, recovers = false;
  for (const ObjectiveResult& objective : judgement.objectives) {
    const ObjectiveSpec& spec = objective.spec;
    if (spec.probe != rto.probe || (!spec.injection.empty() && spec.injection != rto.injection)) continue;
    refuses = refuses || spec.kind == Kind::refuses;
    recovers = recovers || spec.kind == Kind::rto;
  }
  return refuses && !recovers;
}

bool undo_is_open(const Injection& injection) {
  if (injection.undone.count() >= 0) return false;
  return injection.effect.from.count() >= 0 || injection.undo_asked.count() >= 0 || !injection.undo_problem.empty();
}

std::string undo_text(const Injection& injection) {
  if (injection.undone.count() >= 0) return "undone at " + time_text(injection.undone);
  if (!undo_is_open(injection)) return "nothing to undo";
  std::string why = injection.undo_problem.empty() ? "its undo was not confirmed" : injection.undo_problem;
  return "STILL IN EFFECT: " + why;
}

std::string injection_text(const Injection& injection) {
  std::string what = injection.summary.empty() ? injection.fault : injection.summary;
  return injection.targets.empty() ? what : what + " on " + joined(injection.targets);
}

const Rto* worst_rto(const Judgement& judgement) {
  auto milder = [&](const Rto& a, const Rto& b) {
    auto rank = [&](const Rto& r) { return std::tuple(!refusal_wanted(judgement, r), r.censored, r.rto.value); };
    return rank(a) < rank(b);
  };
  auto worst = std::max_element(judgement.rtos.begin(), judgement.rtos.end(), milder);
  return worst == judgement.rtos.end() ? nullptr : &*worst;
}

std::string run_rto_text(const Judgement& judgement) {
  const Rto* worst = worst_rto(judgement);
  return worst == nullptr ? "not measured" : rto_text(*worst) + ", " + series_name(*worst);
}

std::string lost_text(std::uint64_t transfers, std::uint64_t findings) {
  std::vector<std::string> all;
  if (transfers > 0) all.push_back(count_text(transfers, "transfer"));
  if (findings > 0) all.push_back(count_text(findings, "control-plane finding"));
  return all.empty() ? "nothing" : joined(all);
}

std::string run_rpo_text(const Judgement& judgement) {
  std::uint64_t lost = 0, findings = 0;
  std::int64_t amount = 0;
  bool transfers = false, resources = false;
  for (const auto& probe : judgement.probes) {
    if ((probe.audit && !probe.audit->complete) || (probe.resources && !probe.resources->complete))
      return "lost: not known, the audit is not complete";
    if (probe.audit) transfers = true, lost += probe.audit->lost, amount += probe.audit->lost_amount;
    if (probe.resources) resources = true, findings += probe.resources->findings.size();
  }
  std::vector<std::string> all;
  if (transfers) all.push_back(fmt::format("{} lost ({})", count_text(lost, "transfer"), money_text(amount)));
  if (resources) all.push_back(count_text(findings, "control-plane finding"));
  return all.empty() ? "lost: not measured" : joined(all);
}

bool holds_together(std::string_view before, std::string_view after) {
  for (std::string_view sign : {"±", ">", "≤"})
    if (before.ends_with(sign)) return true;
  bool number = !before.empty() && before.back() >= '0' && before.back() <= '9';
  std::string_view unit = after.substr(0, after.find_first_of(" ,;:.)"));
  return number && (unit == "s" || unit == "ms" || unit == "%");
}

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = sequence_length(text);
    if (length == 0) {
      clean += kReplacement;
    } else if (!is_control(text.substr(0, length))) {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

}  // namespace blackstart
