// One JUnit test suite: its cases, and counts that always agree with them.
//
// Purpose: the XML, valid whatever stands in the texts. Ownership: a value. Thread rule: one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reports/judgement.h"
#include "reports/reports.h"

namespace blackstart {

struct JunitCase {
  enum class State { good, failure, error, skipped } state = State::good;
  std::string group;  // "objective", "evidence"
  std::string name;
  std::string message;  // why it isn't good; one line
  std::string detail;   // what there is to know beyond; goes to system-out when good
  Duration time{0};
};

struct JunitSuite {
  std::string name;
  std::string timestamp;  // UTC, seconds, without zone
  Duration time{0};
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<JunitCase> cases;
};

JunitSuite junit_suite(const Record& record, const Judgement& judgement);
// One for each run of a series, named after scenario and repetition; and one for what they say together.
std::vector<JunitSuite> series_suites(const std::vector<Judged>& runs);
std::string write_junit(const std::vector<JunitSuite>& suites);

}  // namespace blackstart
