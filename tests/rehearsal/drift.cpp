#include "tests/rehearsal/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>

#include "runner/injector.h"
#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {
namespace {

// One line a fact, each with its part's name in front. Link indexes change with every start of a node, its counters all the
// time.
constexpr const char* kFacts = R"sh(
tell() { while IFS= read -r line; do printf '%s: %s\n' "$1" "$line"; done; }
nft -s list ruleset | tell nft
tc qdisc show | tell qdisc
for table in main default; do ip route show table $table; done 2>/dev/null | tell route
ip rule show | tell rule
ip -br link | sed 's/@[^ ]*//; s/ *$//' | tell link
ip -br -4 addr | sed 's/@[^ ]*//; s/ *$//' | tell address
systemctl list-units --all --plain --no-legend --type=service,timer,mount,path,socket,target | awk '{print $1, $2, $3, $4}' |
  grep -v -e '^session-' -e '^user' -e '^ssh@' -e '^run-' -e '^systemd-' -e '^initrd' | tell unit
findmnt -rn -o TARGET,SOURCE,FSTYPE | grep -v -e '^/run/user' -e '^/run/credentials' | tell mount
ls /run/blackstart 2>/dev/null | tell mark
)sh";

std::string facts_of(const std::string& node, const std::string& vip) {
  std::istringstream lines(on_node(node, kFacts));
  std::multiset<std::string> facts;
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t at = vip.empty() ? std::string::npos : line.find(" " + vip + "/"); at != std::string::npos)
      line.erase(at, line.find(' ', at + 1) == std::string::npos ? std::string::npos : line.find(' ', at + 1) - at);
    facts.insert(line);
  }
  std::string text;
  for (const std::string& fact : facts) text += fact + "\n";
  return text;
}

// The lines of `a` that `b` does not have, each after `sign`.
std::string only_in(const std::string& a, const std::string& b, char sign) {
  std::istringstream first(a), second(b);
  std::set<std::string> there;
  for (std::string line; std::getline(second, line);) there.insert(line);
  std::string text;
  for (std::string line; std::getline(first, line);)
    if (!there.count(line)) text += fmt::format("{} {}\n", sign, line);
  return text;
}

std::string without(const std::string& facts, const std::vector<std::string>& except) {
  std::istringstream lines(facts);
  std::string text;
  for (std::string line; std::getline(lines, line);)
    if (std::none_of(except.begin(), except.end(), [&](const std::string& each) { return line.starts_with(each); }))
      text += line + "\n";
  return text;
}

// Empty when it is the same. A node that has just started may not answer yet.
std::string differences_to(const std::string& before, const std::string& node, const std::string& vip,
                           const std::vector<std::string>& except) {
  try {
    const std::string now = without(facts_of(node, vip), except);
    return now == before ? "" : only_in(before, now, '-') + only_in(now, before, '+') + "not the same";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Drift::Drift(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {
  const Cloud all = cloud();
  if (nodes_.empty())
    for (const Node& node : all.nodes) nodes_.push_back(node.name);
  std::vector<std::string> facts(nodes_.size());
  const auto problems = at_the_same_time(nodes_.size(), [&](std::size_t i) { facts[i] = facts_of(nodes_[i], all.vip); });
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (facts[i].find("unit: ") == std::string::npos)
      throw std::runtime_error("what " + nodes_[i] + " is like before a test can't be read: " + problems[i]);
    before_[nodes_[i]] = facts[i];
  }
}

std::map<std::string, std::string> Drift::differences(Duration limit, const std::vector<std::string>& except) const {
  const Deadline deadline(real_clock(), limit);
  const std::string vip = cloud().vip;
  std::vector<std::string> found(nodes_.size());
  at_the_same_time(nodes_.size(), [&](std::size_t i) {
    const std::string before = without(before_.at(nodes_[i]), except);
    wait_until([&] { return (found[i] = differences_to(before, nodes_[i], vip, except)).empty(); }, deadline, 500ms);
  });
  std::map<std::string, std::string> differences;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!found[i].empty()) differences[nodes_[i]] = found[i];
  return differences;
}

void Drift::require_none(Duration limit, const std::vector<std::string>& except) const {
  const auto found = differences(limit, except);
  for (const std::string& node : nodes_) {
    INFO(node << ", before (-) and now (+)");
    CHECK((found.count(node) ? found.at(node) : "") == "");
  }
}

}  // namespace blackstart::rehearsal
