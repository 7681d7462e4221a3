// How long it takes to cut a site of many nodes off and to undo it, with evidence for each node, and how far apart the orders
// are.
//
//   isolate_site CLOUD.yaml SITE ROUNDS
// goes through the whole fault contract as a rehearsal does, and prints a line for each round. Exit code 1 when a piece of
// evidence was not seen or the undo is not confirmed; then `blackstart recover` has the journal.
#include <fmt/format.h>

#include <iostream>

#include "base/error.h"
#include "lab/ssh.h"
#include "runner/injector.h"
#include "tests/support/folder.h"

namespace {

using namespace blackstart;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

InjectStep isolation(const std::string& site) {
  InjectStep step;
  step.id = "isolate";
  step.fault = "site.isolate";
  for (const FaultKind& kind : fault_kinds())
    if (kind.name == step.fault) step.settings = kind.settings();
  read_text("{site: " + site + "}", "isolate_site", [&](Fields& f) { step.settings->describe(f); });
  return step;
}

// The last record of a round tells what was seen.
bool report(const std::filesystem::path& run, Duration injected, Duration undone) {
  const Record record = read_record(run);
  const Injection& injection = record.injections.at(0);
  std::size_t confirmed = 0;
  for (const Evidence& evidence : injection.evidence) confirmed += evidence.confirmed;
  std::cout << fmt::format(
      "{} nodes: inject {:.2f} s, orders within {:.1f} ms, effect within {}, undo {:.2f} s, {} of {} pieces of evidence\n",
      injection.targets.size(), seconds(injected), 1e3 * seconds(injection.skew),
      injection.effect.known() ? fmt::format("{:.3f} s", seconds(2 * injection.effect.half())) : "an unknown time",
      seconds(undone), confirmed, injection.evidence.size());
  return injection.undone.count() >= 0 && confirmed == injection.evidence.size();
}

bool round(const Cloud& cloud, Remote& remote, const InjectStep& step, const std::filesystem::path& folder) {
  const std::string run = fmt::format("isolate-{}", real_clock().wall());
  Journal journal(run, cloud, folder);
  const auto began = real_clock().now();
  Duration injected{0}, undone{0};
  {
    RecordWriter record(folder / run);
    RunInfo info;
    info.id = run;
    info.cloud = cloud.name;
    record.run(info);
    Injector injector({cloud, remote, real_clock(), began, run, journal, record, [](const std::string&) {},
                       [](const std::string& problem) { std::cerr << problem << "\n"; }});
    try {
      injector.inject({{&step, step.settings->targets(cloud), 5min}});
    } catch (const Error& error) {
      std::cerr << error.what() << "\n";
    }
    const Time asked = real_clock().now();
    injected = asked - began;
    injector.undo_all(3min);
    undone = real_clock().now() - asked;
  }
  journal.close();
  return report(folder / run, injected, undone);
}

int run(const std::string& cloud_file, const std::string& site, int rounds) {
  const Folder folder;
  const Cloud cloud = read_cloud(cloud_file);
  const auto remote = make_ssh(cloud);
  const InjectStep step = isolation(site);
  bool good = true;
  for (int i = 0; i < rounds; ++i) good = round(cloud, *remote, step, folder.path) && good;
  return good ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "isolate_site CLOUD.yaml SITE ROUNDS\n";
    return kUsage;
  }
  try {
    return run(words[1], words[2], std::stoi(words[3]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
