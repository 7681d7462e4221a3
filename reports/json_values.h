// What the members of record.json are made of: times, numbers that may not be known, lists. Only for .cpp files of reports/: it
// names nlohmann's types. Pure functions.
#pragma once

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/judgement.h"

namespace blackstart::json_format {

using Json = nlohmann::ordered_json;

inline Json seconds(Duration value) { return std::chrono::duration<double>(value).count(); }
// Run time; null when it never happened.
inline Json moment(Time at) { return at.count() < 0 ? Json(nullptr) : seconds(at); }
inline Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
inline Json measured(const Measured& value) {
  return {{"value", seconds(value.value)}, {"plus_minus", seconds(value.plus_minus)}};
}
// Null when it is not known.
inline Json bracket(const Bracket& value) {
  if (!value.known()) return nullptr;
  return {{"from", seconds(value.from)}, {"to", seconds(value.to)}};
}

template <class Items, class Write>
Json array(const Items& items, Write write) {
  Json all = Json::array();
  for (const auto& item : items) all.push_back(write(item));
  return all;
}

}  // namespace blackstart::json_format
