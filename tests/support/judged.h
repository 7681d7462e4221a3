// What a test asks of a judgement: its reasons in one text, and its only objective.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "reports/judgement.h"

namespace blackstart::trace {

inline std::string told(const Judgement& judgement) {
  std::string all;
  for (const std::string& reason : judgement.reasons) all += reason + "\n";
  return all;
}

// Of a record that has one objective and must be judged so.
inline ObjectiveResult judged(const Record& record, Verdict verdict) {
  const Judgement judgement = judge(record);
  INFO(told(judgement));
  CHECK(judgement.verdict == verdict);
  REQUIRE(judgement.objectives.size() == 1);
  return judgement.objectives[0];
}

}  // namespace blackstart::trace
