// The parts of the HTML report, each a pure function of the record and its judgement; html.cpp puts them onto the page.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include "reports/judgement.h"
#include "reports/markup.h"

namespace blackstart::html {

Sign sign_of(Verdict verdict);
// The verdict's word, what it means, and every reason.
Markup verdict_banner(Verdict verdict, const std::vector<std::string>& reasons);

// One of the few numbers that answer the reader's first questions.
struct KeyFigure {
  std::string question;   // "How long did bank stand still?"
  std::string answer;     // "4.417 s"
  std::string precision;  // "± 0.021 s"
  std::string note;
};
Markup key_figure_list(const std::vector<KeyFigure>& figures);
Markup key_figures(const Record& record, const Judgement& judgement);

// When what was on: phases, injections and outages as bars on one axis.
Markup lanes(const Record& record, const Judgement& judgement);
// Places for the charts, with words for those who can't see them.
Markup charts(const Record& record, const Judgement& judgement);

Markup objectives(const Judgement& judgement);
Markup recovery_times(const Judgement& judgement);
// The stages of each recovery, measured and expected.
Markup waterfalls(const Record& record, const Judgement& judgement);
Markup service(const Judgement& judgement);
// What was spent of each series' error budget, and which alerts would have gone off.
Markup budgets(const Record& record, const Judgement& judgement);
Markup injections(const Record& record);
Markup audits(const Judgement& judgement);
Markup holders(const Judgement& judgement);
Markup vantages(const Record& record);
Markup steady_state(const Record& record);
Markup steps(const Record& record);
Markup phases(const Record& record);
Markup guards(const Record& record);
Markup redundancy(const Record& record, const Judgement& judgement);
// The certificate of the calibration, and what it is worth for this run.
Markup instrument(const Record& record);
Markup run_facts(const Record& record);

}  // namespace blackstart::html
