// What a command on a node printed as lines "Name=value", the last of them "End=1".
//
// Purpose: an answer that lost something is noticed and never taken for an absence. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lab/remote.h"

namespace blackstart {

class Answer {
 public:
  // Runs `command` and reads its answer. Throws Error(unmet) when it failed or the answer has no end.
  Answer(Remote& remote, const std::string& doing, const std::string& node, const std::string& command,
         const Deadline& deadline);
  // The value of the first line of this name; throws Error(unmet) when there is none.
  std::string text(const std::string& name) const;
  std::int64_t number(const std::string& name) const;
  // All values of this name, in order.
  std::vector<std::string> all(const std::string& name) const;

 private:
  std::string doing_;
  std::vector<std::pair<std::string, std::string>> lines_;
};

// Twelve hexadecimal digits that stand for an id where names must be short.
std::string short_name(const std::string& id);

}  // namespace blackstart
