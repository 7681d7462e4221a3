#include "runner/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>

namespace blackstart {
namespace {

constexpr const char* kHead = R"(# The fault catalogue

This page is printed by `blackstart faults --markdown`, from the declarations of the faults themselves. How faults work in
general, and how one is added, is told in [faults.md](faults.md); what a scenario says around them in [scenario.md](scenario.md).

)";

// "service" of "service.kill"
std::string family_of(const FaultKind& kind) {
  const std::string name = kind.name;
  return name.substr(0, name.find('.'));
}

// Families in the order of their first fault, their faults in the table's.
void for_each(const std::vector<FaultKind>& kinds, const std::function<void(const std::string& family)>& family,
              const std::function<void(const FaultKind&)>& fault) {
  std::vector<std::string> families;
  for (const FaultKind& kind : kinds)
    if (std::find(families.begin(), families.end(), family_of(kind)) == families.end()) families.push_back(family_of(kind));
  for (const std::string& name : families) {
    family(name);
    for (const FaultKind& kind : kinds)
      if (family_of(kind) == name) fault(kind);
  }
}

std::string parameters_of(const FaultKind& kind) {
  const std::string own = fields_help([&](Fields& f) { kind.settings()->describe(f); });
  return own.empty() ? "  none\n" : own;
}

std::string whom_of(const FaultKind& kind) {
  return kind.settings()->names_targets() ? "the nodes that its parameters name; the step has no `on`"
                                          : "the nodes that `on` names or picks";
}

// As GitHub and GitLab make it from a heading.
std::string anchor_of(const FaultKind& kind) {
  std::string anchor = kind.name;
  anchor.erase(std::remove(anchor.begin(), anchor.end(), '.'), anchor.end());
  return anchor;
}

std::string sentence(std::string words) {
  words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return words;
}

std::string fault_section(const FaultKind& kind) {
  return fmt::format(
      "\n### {}\n\n{}.\n\n- **Hits** {}.\n- **Established connections**: {}\n- **Evidence**: {}\n- **Undo**: {}\n- **Needs**: "
      "{}\n\n```text\n{}```\n",
      kind.name, sentence(kind.doc), whom_of(kind), kind.about.established, kind.about.evidence, kind.about.undo,
      kind.about.needs, parameters_of(kind));
}

}  // namespace

std::string fault_list(const std::vector<FaultKind>& kinds) {
  std::string text;
  for_each(
      kinds, [&](const std::string& family) { text += fmt::format("{}{}\n", text.empty() ? "" : "\n", family); },
      [&](const FaultKind& kind) { text += fmt::format("  {:<20} {}\n", kind.name, kind.doc); });
  return text;
}

std::string fault_text(const FaultKind& kind) {
  return fmt::format("{}: {}\n\nhits: {}\nestablished connections: {}\nevidence: {}\nundo: {}\nneeds: {}\n\nparameters:\n{}",
                     kind.name, kind.doc, whom_of(kind), kind.about.established, kind.about.evidence, kind.about.undo,
                     kind.about.needs, parameters_of(kind));
}

std::string catalogue_markdown(const std::vector<FaultKind>& kinds) {
  std::string text = kHead;
  text += "| fault | what it does |\n|---|---|\n";
  for_each(
      kinds, [](const std::string&) {},
      [&](const FaultKind& kind) { text += fmt::format("| [`{0}`](#{1}) | {2} |\n", kind.name, anchor_of(kind), kind.doc); });
  for_each(
      kinds, [&](const std::string& family) { text += fmt::format("\n## {}\n", family); },
      [&](const FaultKind& kind) { text += fault_section(kind); });
  return text;
}

}  // namespace blackstart
