// Our side of the benchmarks schedule, stall and cost: the probe `http` on its open loop, every operation into its file.
//
//   load_client --port N --rate R --seconds S --ops FILE [--persistent] [--deadline S] [--times FILE]
// asks http://127.0.0.1:N/ and prints how many operations were planned and what became of them. --times: afterwards, for each
// that was sent, when it was due and when it was done, as the file of operations tells.
#include <fmt/format.h>
#include <getopt.h>

#include <iostream>

#include "probes/http_probe.h"
#include "tests/benchmarks/counted.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

struct Options {
  int port = 0;
  double rate = 1000, seconds = 10, deadline = 5;
  bool persistent = false;
  std::filesystem::path operations, times;
};

Options options_of(int count, char** words) {
  static const option known[] = {{"port", required_argument, nullptr, 'p'},    {"rate", required_argument, nullptr, 'r'},
                                 {"seconds", required_argument, nullptr, 's'}, {"deadline", required_argument, nullptr, 'd'},
                                 {"persistent", no_argument, nullptr, 'k'},    {"ops", required_argument, nullptr, 'o'},
                                 {"times", required_argument, nullptr, 't'},   {nullptr, 0, nullptr, 0}};
  Options options;
  int letter;
  while ((letter = ::getopt_long(count, words, "", known, nullptr)) != -1) {
    switch (letter) {
      case 'p': options.port = std::stoi(optarg); break;
      case 'r': options.rate = std::stod(optarg); break;
      case 's': options.seconds = std::stod(optarg); break;
      case 'd': options.deadline = std::stod(optarg); break;
      case 'k': options.persistent = true; break;
      case 'o': options.operations = optarg; break;
      case 't': options.times = optarg; break;
      default:
        throw Error(ErrorKind::usage, "", "there is no such option", "tests/benchmarks/load_client.cpp begins with them");
    }
  }
  if (options.port == 0 || options.operations.empty()) throw Error(ErrorKind::usage, "", "--port and --ops are needed");
  return options;
}

Duration seconds_of(double seconds) { return Duration(static_cast<std::int64_t>(1e9 * seconds)); }

// Not read from a scenario, whose bounds are those of rehearsals.
HttpProbeSettings settings_of(const Options& options) {
  HttpProbeSettings settings;
  settings.url = fmt::format("http://127.0.0.1:{}/", options.port);
  settings.rate = options.rate;
  settings.connections = options.persistent ? "persistent" : "fresh";
  settings.limits.deadline = settings.limits.good_within = settings.connect_timeout = seconds_of(options.deadline);
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
  real_clock().pause(seconds_of(options.seconds));
  const Probe::Stopped stopped = probe->stop();
  file.close();
  std::cout << sink.told(stopped.planned.at(0)) << "\n";
  if (!options.times.empty()) tell_times(options.operations, options.times);
}

}  // namespace

int main(int count, char** words) {
  try {
    run(options_of(count, words));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
