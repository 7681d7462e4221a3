// A Remote whose nodes answer by rules; for unit tests of everything that reaches nodes.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lab/remote.h"

namespace blackstart {

inline CommandResult answered(std::string out) { return {0, "", std::move(out), "", false}; }
inline CommandResult refused(int exit_code, std::string err) { return {exit_code, "", "", std::move(err), false}; }

class FakeRemote final : public Remote {
 public:
  using Answer = std::function<CommandResult(const std::string& node, const std::string& command)>;

  // The newest rule whose `part` stands in the command answers it.
  void on(const std::string& part, Answer answer) {
    const std::lock_guard lock(mutex_);
    rules_.insert(rules_.begin(), {part, std::move(answer)});
  }
  void on(const std::string& part, const CommandResult& result) {
    on(part, [result](const auto&, const auto&) { return result; });
  }
  void cut_off(const std::string& node) {
    const std::lock_guard lock(mutex_);
    unreachable_.insert(node);
  }
  void reconnect(const std::string& node) {
    const std::lock_guard lock(mutex_);
    unreachable_.erase(node);
  }
  // Called before each command: to let time go by.
  void before_each(std::function<void()> action) { before_each_ = std::move(action); }

  // What was run, in order: node and command.
  std::vector<std::pair<std::string, std::string>> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  int count(const std::string& part) const {
    int matches = 0;
    for (const auto& [node, command] : calls()) matches += command.find(part) != std::string::npos;
    return matches;
  }

  CommandResult run(const std::string& node, const std::string& command, const Deadline&) override {
    if (before_each_) before_each_();
    return rule_for(node, command)(node, command);
  }

 private:
  Answer rule_for(const std::string& node, const std::string& command) {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back(node, command);
    if (unreachable_.count(node)) throw Error(ErrorKind::unreachable, "opening an SSH session to " + node, "no answer in time");
    for (const auto& [part, rule] : rules_)
      if (command.find(part) != std::string::npos) return rule;
    throw std::logic_error("no rule for the command: " + command);
  }

  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, Answer>> rules_;
  std::vector<std::pair<std::string, std::string>> calls_;
  std::set<std::string> unreachable_;
  std::function<void()> before_each_;
};

}  // namespace blackstart
