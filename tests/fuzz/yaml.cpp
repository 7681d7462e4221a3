// Scenario, cloud and lab files: any text is read or refused with problems that have a place; what is read can be written
// again.
#include "base/error.h"
#include "lab/lab_file.h"
#include "runner/scenario.h"
#include "tests/fuzz/memory_file.h"

using namespace blackstart;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// True when the text is sound.
template <class T>
bool read(const std::string& text, T& value) {
  const auto problems = check_text(text, "fuzz.yaml", [&](Fields& f) { value.describe(f); });
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const auto& problem : problems) {
    require(problem.place.line >= 1 && problem.place.line <= lines + 1 && problem.place.column >= 1);
    require(!problem.message.empty());
  }
  return problems.empty();
}

// What the reader took is what the rehearsal relies on.
void look_at(const Scenario& scenario) {
  require(!scenario.probes.empty() && !scenario.objectives.empty());
  for (std::size_t at = 0; at < scenario.steps.size(); ++at) {
    require(!scenario.steps[at].text().empty() || scenario.steps[at].injections.empty());
    for (const auto& injection : scenario.steps[at].injections) {
      require(injection.settings != nullptr);
      const int said = !injection.on.nodes.empty() + !injection.on.pick.empty();
      require(said == (injection.settings->names_targets() ? 0 : 1));
      require(dead_man_of(scenario, at, injection) > 0s);
    }
  }
  for (const auto& guard : scenario.guards) require(!guard.text().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  if (Scenario scenario; read(text, scenario)) look_at(scenario);
  if (Cloud cloud, again; read(text, cloud))
    require(read(write_cloud(cloud), again) && write_cloud(again) == write_cloud(cloud));
  if (LabFile lab, again; read(text, lab))
    require(read(write_lab_file(lab), again) && write_lab_file(again) == write_lab_file(lab));
  return 0;
}
