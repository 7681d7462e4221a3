#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "reports/reports.h"
#include "reports/text_page.h"
#include "reports/words.h"
#include "tests/support/approved.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

std::string summary(const Judged& run) { return text_summary(run.record, run.judgement); }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) {
    auto columns =
        std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    most = std::max(most, static_cast<std::size_t>(columns));
  }
  return most;
}

}  // namespace

TEST_CASE("the summary is as approved") { check_approved("summary.txt", summary(sample::failed())); }

TEST_CASE("the verdict stands first") {
  CHECK(summary(sample::passed()).starts_with("PASSED: writer-kill"));
  CHECK(summary(sample::failed()).starts_with("FAILED: writer-kill"));
  CHECK(summary(sample::inconclusive()).starts_with("INCONCLUSIVE: writer-kill. This rehearsal proves nothing."));
  CHECK(contains(summary(sample::undo_pending()).substr(0, 150), "blackstart recover"));
}

TEST_CASE("no line is wider than 100 columns") {
  for (const Judged& run : {sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending()})
    CHECK(widest(summary(run)) <= 100);
  TextPage page;
  page.bullet(std::string(250, 'x') + " ±" + std::string(120, 'y'));
  page.entry(std::string(99, 'n'), "word");
  page.line(std::string(90, 'z') + " 4.417 s ± 0.021 s");
  CHECK(widest(page.text()) <= 100);
  CHECK(contains(page.text(), "\n± 0.021 s\n"));  // a value is never torn from its unit
}

TEST_CASE("what broke is said in so many words") {
  std::string text = summary(sample::undo_pending());
  CHECK(contains(text, "STILL IN EFFECT"));
  text = summary(sample::inconclusive());
  CHECK(contains(text, "[NOT CONFIRMED]"));
  CHECK(contains(text, "BLIND"));
  CHECK(contains(text, "interrupted by SIGINT"));
  CHECK_FALSE(contains(text, "\x1b"));  // a terminal obeys no text of the record
  CHECK_FALSE(contains(text, "\xff"));
  CHECK(contains(summary(sample::failed()), "SKIPPED"));
  CHECK(contains(summary(sample::failed()), "NOT RESTORED"));
}

TEST_CASE("an empty record has a summary that proves nothing") {
  std::string text = summary({});
  CHECK(text.starts_with("INCONCLUSIVE"));
  CHECK(contains(text, "nothing was injected"));
  CHECK(contains(text, "not measured"));
}

TEST_CASE("money is cents with a point") {
  CHECK(money_text(0) == "0.00");
  CHECK(money_text(1234) == "12.34");
  CHECK(money_text(-5) == "-0.05");
  CHECK(money_text(123456789) == "1,234,567.89");
  CHECK(money_text(std::numeric_limits<std::int64_t>::min()) == "-92,233,720,368,547,758.08");
}

TEST_CASE("an RTO reads as what it is") {
  Rto rto;
  rto.rto = {4417ms, 21ms};
  CHECK(rto_text(rto) == "no outage (± 0.021 s)");
  rto.impact = true;
  CHECK(rto_text(rto) == "4.417 s ± 0.021 s");
  rto.censored = true;
  CHECK(rto_text(rto) == "> 4.417 s (not seen to recover)");
}

TEST_CASE("percent keeps three digits that count") {
  CHECK(percent_text(0) == "0 %");
  CHECK(percent_text(1) == "100.0 %");
  CHECK(percent_text(0.9991) == "99.9 %");
  CHECK(percent_text(0.0016975) == "0.170 %");
  CHECK(percent_text(0.000001) == "0.000100 %");
  CHECK(percent_text(std::numeric_limits<double>::infinity()) == "–");
}

TEST_CASE("a censored RTO is worse than any other") {
  Judgement judgement;
  CHECK(worst_rto(judgement) == nullptr);
  judgement.rtos.resize(3);
  judgement.rtos[0].rto.value = 100s;
  judgement.rtos[1].rto.value = 5s;
  judgement.rtos[1].censored = true;
  CHECK(worst_rto(judgement) == &judgement.rtos[1]);
}

TEST_CASE("text is cleaned of what files and terminals can't hold") {
  CHECK(clean_text("a\tb\nc") == "a\tb\nc");
  CHECK(clean_text(std::string("\0\x1b[1m\x7f", 6)) == "[1m");
  CHECK(clean_text("\xc2\x9b"
                   "1m ok") == "1m ok");  // an escape sequence's start in eight bits
  CHECK(clean_text("± – 漢 😀") == "± – 漢 😀");
  CHECK(clean_text("\xff") == "\xEF\xBF\xBD");
  CHECK(clean_text("\xe2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");          // cut short
  CHECK(clean_text("\xc0\xaf") == "\xEF\xBF\xBD\xEF\xBF\xBD");          // overlong
  CHECK(clean_text("\xed\xa0\x80").find("\xed") == std::string::npos);  // a surrogate
  CHECK(clean_text("\xef\xbf\xbf").find("\xef\xbf\xbf") == std::string::npos);
}
