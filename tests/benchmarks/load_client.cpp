// Our side of the benchmarks schedule, stall and cost: the probe `http` on its open loop, every operation into its file.
//
//   load_client --port N --rate R --seconds S --ops FILE [--persistent] [--deadline S] [--times FILE]
// asks http://127.0.0.1:N/ and prints how many operations were planned and what became of them. --times: afterwards, for each
// that was sent, when it was due and when it was done, as the file of operations tells.
#include <fmt/format.h>

#include "probes/http_probe.h"
#include "tests/benchmarks/client.h"
#include "tests/benchmarks/counted.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

struct Options : benchmark::ClientOptions {
  bool persistent = false;
  std::filesystem::path times;

  void describe(CLI::App& app) {
    ClientOptions::describe(app);
    app.add_flag("--persistent", persistent);
    app.add_option("--times", times);
  }
};

// Not read from a scenario, whose bounds are those of rehearsals.
HttpProbeSettings settings_of(const Options& options) {
  HttpProbeSettings settings;
  settings.url = fmt::format("http://127.0.0.1:{}/", options.port);
  settings.rate = options.rate;
  settings.connections = options.persistent ? "persistent" : "fresh";
  settings.limits.deadline = settings.limits.good_within = settings.connect_timeout = benchmark::seconds_of(options.deadline);
  return settings;
}

void tell_times(const std::filesystem::path& operations, const std::filesystem::path& times) {
  std::vector<benchmark::Stamp> stamps;
  for (const Operation& operation : read_operations(operations).operations)
    if (operation.outcome != Outcome::unsent) stamps.push_back({operation.scheduled, operation.done});
  benchmark::write_stamps(times, stamps);
}

void run(const Options& options) {
  benchmark::raise_open_files();
  const auto probe = settings_of(options).make("http", Cloud{});
  OperationFile file(options.operations, plans_of(probe->info()));
  benchmark::Counted sink(file, 0);
  probe->preflight(Deadline(real_clock(), 10s));
  probe->start(real_clock(), Time{0}, sink);  // so that recorded times are the clock's own
  real_clock().pause(benchmark::seconds_of(options.seconds));
  const Probe::Stopped stopped = probe->stop();
  file.close();
  std::cout << sink.told(stopped.planned.at(0)) << "\n";
  if (!options.times.empty()) tell_times(options.operations, options.times);
}

}  // namespace

int main(int count, char** words) { return blackstart::benchmark::run_client(count, words, run); }
