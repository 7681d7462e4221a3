// check, schema, faults, probes: what can be told from files and tables alone.
#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/error.h"
#include "lab/cloud.h"
#include "lab/defect.h"
#include "lab/lab_file.h"
#include "runner/catalogue.h"
#include "runner/commands.h"
#include "runner/scenario.h"

namespace blackstart {
namespace {

struct Checked {
  std::vector<yaml::Problem> problems;
  std::vector<std::string> warnings;  // of a file without problems: what is allowed and hardly meant
};

// A kind of file is known by its first word: the key that names it.
struct FileKind {
  const char* name;
  const char* title;
  void (*describe)(Fields& f);
  Checked (*check)(const std::string& text, const std::string& file);
};

template <class T>
void describe_as(Fields& f) {
  T value;
  value.describe(f);
}

template <class T>
std::vector<std::string> warnings_of(const T&) {
  return {};
}
std::vector<std::string> warnings_of(const Scenario& scenario) {
  std::vector<std::string> warnings = doubt_warnings(scenario);
  const std::vector<std::string> phases = scenario.repeat > 1 ? phase_warnings(scenario) : std::vector<std::string>{};
  warnings.insert(warnings.end(), phases.begin(), phases.end());
  return warnings;
}

template <class T>
Checked check_as(const std::string& text, const std::string& file) {
  T value;
  auto problems = check_text(text, file, [&](Fields& f) { value.describe(f); });
  if (!problems.empty()) return {std::move(problems), {}};
  return {{}, warnings_of(value)};
}

template <class T>
FileKind kind_of(const char* name, const char* title) {
  return {name, title, describe_as<T>, check_as<T>};
}

const std::vector<FileKind>& file_kinds() {
  static const std::vector<FileKind> kinds = {
      kind_of<Defect>("defect", "Blackstart defect"),  // first: it names its scenario too
      kind_of<Cloud>("cloud", "Blackstart cloud"),
      kind_of<Scenario>("scenario", "Blackstart scenario"),
      kind_of<LabFile>("lab", "Blackstart lab"),
  };
  return kinds;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const FileKind& kind : file_kinds()) names.push_back(kind.name);
  return names;
}

Checked check_file(const std::string& file) {
  const std::string text = yaml::slurp(file);
  std::vector<yaml::Problem> problems;
  const yaml::Value tree = yaml::parse(text, file, problems);
  if (!problems.empty()) return {std::move(problems), {}};
  for (const FileKind& kind : file_kinds())
    if (tree.find(kind.name)) return kind.check(text, file);
  return {{{file, tree.place, "this is no cloud, scenario, lab or defect file",
            "one of the keys 'cloud', 'scenario', 'lab' or 'defect' must name it"}},
          {}};
}

// The kind of this name. Throws Error(usage) when there is none.
template <class Kind>
const Kind& named_kind(const std::vector<Kind>& kinds, const std::string& what, const std::string& name) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) {
    if (name == kind.name) return kind;
    names.push_back(kind.name);
  }
  throw Error(ErrorKind::usage, "", fmt::format("there is no {} '{}'", what, name), suggestion(name, names));
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace

int check_command(const std::vector<std::string>& files) {
  int result = kPassed;
  for (const std::string& file : files) {
    Checked checked;
    try {
      checked = check_file(file);
    } catch (const Error& error) {
      std::fputs(fmt::format("{}\n", error.what()).c_str(), stderr);
      result = kBadFile;
      continue;
    }
    for (const auto& problem : checked.problems) std::fputs(fmt::format("{}\n", yaml::format(problem)).c_str(), stderr);
    for (const auto& warning : checked.warnings) std::fputs(fmt::format("{}: warning: {}\n", file, warning).c_str(), stderr);
    if (checked.problems.empty())
      std::puts(fmt::format("{}: good", file).c_str());
    else
      result = kBadFile;
  }
  return result;
}

int schema_command(const std::string& name) {
  for (const FileKind& kind : file_kinds())
    if (name == kind.name) return std::puts(json_schema(kind.title, kind.describe).c_str()), kPassed;
  throw Error(ErrorKind::usage, "", fmt::format("there is no kind of file '{}'", name), suggestion(name, kind_names()));
}

int faults_command(const std::string& name) {
  print(name.empty() ? fault_list(fault_kinds()) : fault_text(named_kind(fault_kinds(), "fault", name)));
  return kPassed;
}

int faults_markdown_command() { return print(catalogue_markdown(fault_kinds())), kPassed; }

int probes_command(const std::string& name) {
  if (name.empty()) {
    for (const ProbeKind& kind : probe_kinds()) print(fmt::format("{:<18} {}\n", kind.name, kind.doc));
    return kPassed;
  }
  const ProbeKind& kind = named_kind(probe_kinds(), "probe", name);
  print(fmt::format("{}: {}\n\nparameters:\n", kind.name, kind.doc) +
        fields_help([&](Fields& f) { kind.settings()->describe(f); }));
  return kPassed;
}

}  // namespace blackstart
