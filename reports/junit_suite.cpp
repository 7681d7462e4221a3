#include "reports/junit_suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "reports/words.h"

namespace blackstart {
namespace {

void set(pugi::xml_node& node, const char* name, const std::string& value) {
  node.append_attribute(name) = clean_text(value).c_str();
}

std::string seconds(Duration value) { return fmt::format("{:.3f}", std::chrono::duration<double>(value).count()); }

std::size_t count(const JunitSuite& suite, JunitCase::State state) {
  return static_cast<std::size_t>(
      std::count_if(suite.cases.begin(), suite.cases.end(), [&](const auto& one) { return one.state == state; }));
}

void write_case(pugi::xml_node& parent, const JunitSuite& suite, const JunitCase& one) {
  auto node = parent.append_child("testcase");
  set(node, "classname", suite.name + "." + one.group);
  set(node, "name", one.name);
  set(node, "time", seconds(one.time));
  if (one.state == JunitCase::State::good) {
    if (!one.detail.empty()) node.append_child("system-out").text() = clean_text(one.detail).c_str();
    return;
  }
  constexpr const char* kElements[] = {"", "failure", "error", "skipped"};
  auto element = node.append_child(kElements[static_cast<int>(one.state)]);
  set(element, "message", one.message);
  if (one.state != JunitCase::State::skipped) set(element, "type", one.group);
  if (!one.detail.empty()) element.text() = clean_text(one.detail).c_str();
}

void write_suite(pugi::xml_node& parent, const JunitSuite& suite) {
  auto node = parent.append_child("testsuite");
  set(node, "name", suite.name);
  set(node, "tests", std::to_string(suite.cases.size()));
  set(node, "failures", std::to_string(count(suite, JunitCase::State::failure)));
  set(node, "errors", std::to_string(count(suite, JunitCase::State::error)));
  set(node, "skipped", std::to_string(count(suite, JunitCase::State::skipped)));
  set(node, "time", seconds(suite.time));
  set(node, "timestamp", suite.timestamp);
  auto properties = node.append_child("properties");
  for (const auto& [name, value] : suite.properties) {
    auto property = properties.append_child("property");
    set(property, "name", name);
    set(property, "value", value);
  }
  for (const auto& one : suite.cases) write_case(node, suite, one);
}

}  // namespace

std::string write_junit(const std::vector<JunitSuite>& suites) {
  pugi::xml_document document;
  auto root = document.append_child("testsuites");
  set(root, "name", "blackstart");
  for (auto [name, state] : {std::pair{"failures", JunitCase::State::failure},
                             {"errors", JunitCase::State::error},
                             {"skipped", JunitCase::State::skipped}}) {
    std::size_t total = 0;
    for (const auto& suite : suites) total += count(suite, state);
    set(root, name, std::to_string(total));
  }
  std::size_t tests = 0;
  Duration time{0};
  for (const auto& suite : suites) {
    tests += suite.cases.size();
    time += suite.time;
  }
  set(root, "tests", std::to_string(tests));
  set(root, "time", seconds(time));
  for (const auto& suite : suites) write_suite(root, suite);
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace blackstart
