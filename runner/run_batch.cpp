#include "runner/run_batch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/fields.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const auto ending = entry.path().extension(); ending == ".yaml" || ending == ".yml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void check_names(const std::vector<Scenario>& scenarios, const std::vector<fs::path>& files) {
  for (std::size_t i = 0; i < scenarios.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (scenarios[i].name == scenarios[k].name)
        throw Error(ErrorKind::bad_file, fmt::format("reading {} and {}", files[k].string(), files[i].string()),
                    fmt::format("both are named '{}'", scenarios[i].name), "reports go by the name: give each its own");
}

void say(const std::string& text) {
  std::puts(text.c_str());
  std::fflush(stdout);
}

// Runs item `at` and says how it went; the reason to stop, or "".
std::string run_item(const Batch& batch, std::size_t at) {
  const BatchItem& item = batch.plan.items[at];
  const std::string title = fmt::format("scenario {} of {}: {}", at + 1, batch.plan.items.size(), item.scenario);
  say(fmt::format("{}\n  {}", title, item.claim));
  fs::create_directory(batch.folder / item.folder);
  const SeriesEnd end = batch.rehearse(at, batch.folder / item.folder);
  say(fmt::format("{}: {}\n", title, name_of(end.verdict)));
  return end.stop.value_or("");
}

}  // namespace

std::vector<Scenario> scenarios_in(const fs::path& folder) {
  const std::vector<fs::path> files = yaml_files(folder);
  if (files.empty())
    throw Error(ErrorKind::bad_file, "reading the scenarios in " + folder.string(), "it has no file *.yaml",
                "name another folder");
  std::vector<Scenario> scenarios;
  std::vector<std::string> problems;
  for (const fs::path& file : files) try {
      scenarios.push_back(read_scenario(file));
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  if (!problems.empty())
    throw Error(ErrorKind::bad_file, "", fmt::format("{}", fmt::join(problems, "\n")), "nothing was started");
  check_names(scenarios, files);
  return scenarios;
}

BatchJudged run_batch(Batch batch) {
  std::exception_ptr thrown;
  write_batch_plan(batch.folder, batch.plan);
  for (std::size_t at = 0; at < batch.plan.items.size() && batch.plan.stopped.empty(); ++at) try {
      judge_batch(batch.folder);  // so that a batch that is killed in this item leaves a JUnit file that names all of them
      const std::string stop = run_item(batch, at);
      if (at + 1 < batch.plan.items.size()) batch.plan.stopped = stop;
    } catch (const std::exception& error) {
      batch.plan.stopped = error.what();
      thrown = std::current_exception();
    }
  write_batch_plan(batch.folder, batch.plan);
  BatchJudged judged = judge_batch(batch.folder);
  if (thrown) std::rethrow_exception(thrown);
  return judged;
}

}  // namespace blackstart
