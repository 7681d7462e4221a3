#include "probes/redundancy_look.h"

#include <fmt/format.h>

#include <algorithm>

namespace blackstart {
namespace {

constexpr std::size_t kMostTold = 6;

// What is wrong with this part; empty: nothing. `before` is null for one that is new.
std::string wrong_with(const RedundancyPart& part, const RedundancyPart* before) {
  const bool excused = part.set_aside && (before == nullptr || before->set_aside);
  if (excused) return "";
  if (part.set_aside || !part.good) return fmt::format("{}: {}", part.name, part.says);
  const int due = before == nullptr ? -1 : part.most < 0 ? before->copies : std::min(before->copies, part.most);
  if (part.copies < due) return fmt::format("{}: {} of {} copies, {}", part.name, part.copies, due, part.says);
  return "";
}

}  // namespace

const RedundancyPart* RedundancyLook::find(const std::string& name) const {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const RedundancyPart& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

std::vector<std::string> missing_in(const RedundancyLook& now, const RedundancyLook& before, bool comes_and_goes) {
  std::vector<std::string> missing;
  if (!now.trouble.empty()) missing.push_back(now.trouble);
  for (const RedundancyPart& part : now.parts) {
    const RedundancyPart* known = before.find(part.name);
    if (known == nullptr && comes_and_goes) continue;
    if (std::string wrong = wrong_with(part, known); !wrong.empty()) missing.push_back(std::move(wrong));
  }
  for (const RedundancyPart& part : before.parts)
    if (!comes_and_goes && !part.set_aside && now.find(part.name) == nullptr) missing.push_back(part.name + ": gone");
  if (now.parts.empty() && !comes_and_goes && missing.empty()) missing.push_back("there is nothing");
  return missing;
}

std::vector<std::string> single_in(const RedundancyLook& look) {
  std::vector<std::string> single;
  for (const RedundancyPart& part : look.parts)
    if (part.copies >= 0 && part.copies < part.wanted) single.push_back(fmt::format("{} ({})", part.name, part.says));
  return single;
}

std::string some_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), kMostTold); ++i) text += (i ? "; " : "") + words[i];
  if (words.size() > kMostTold) text += fmt::format("; and {} more", words.size() - kMostTold);
  return text;
}

}  // namespace blackstart
