// Our side of the benchmark schedule for SQL: the ledger's own operations on the open loop, every one into its file.
//
//   sql_client --port N --rate R --seconds S --ops FILE [--transfers] [--deadline S]
// asks a MySQL server at 127.0.0.1:N over kept connections for balances, or with --transfers moves money, and prints how many
// operations were planned and what became of them.
#include <fmt/format.h>
#include <getopt.h>

#include <array>
#include <iostream>

#include "probes/ledger_operation.h"
#include "probes/open_loop.h"
#include "tests/benchmarks/counted.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

constexpr double kSeldom = 0.001;  // a second: the other series of the ledger, which nobody looks at

struct Options {
  std::int64_t port = 0;
  double rate = 1000, seconds = 10, deadline = 5;
  bool transfers = false;
  std::filesystem::path operations;
};

Options options_of(int count, char** words) {
  static const option known[] = {{"port", required_argument, nullptr, 'p'},
                                 {"rate", required_argument, nullptr, 'r'},
                                 {"seconds", required_argument, nullptr, 's'},
                                 {"ops", required_argument, nullptr, 'o'},
                                 {"deadline", required_argument, nullptr, 'd'},
                                 {"transfers", no_argument, nullptr, 't'},
                                 {nullptr, 0, nullptr, 0}};
  Options options;
  int letter;
  while ((letter = ::getopt_long(count, words, "", known, nullptr)) != -1) {
    switch (letter) {
      case 'p': options.port = std::stoi(optarg); break;
      case 'r': options.rate = std::stod(optarg); break;
      case 's': options.seconds = std::stod(optarg); break;
      case 'd': options.deadline = std::stod(optarg); break;
      case 'o': options.operations = optarg; break;
      case 't': options.transfers = true; break;
      default: throw Error(ErrorKind::usage, "", "there is no such option", "tests/benchmarks/sql_client.cpp begins with them");
    }
  }
  if (options.port == 0 || options.operations.empty()) throw Error(ErrorKind::usage, "", "--port and --ops are needed");
  return options;
}

Duration seconds_of(double seconds) { return Duration(static_cast<std::int64_t>(1e9 * seconds)); }

LedgerSettings settings_of(const Options& options) {
  LedgerSettings settings;
  settings.inquiry_connections = "persistent";
  settings.connections = 500;  // all that wait at one time after a hiccup are kept, or each would cost a connection again
  settings.deadline = settings.good_within = settings.connect_timeout = seconds_of(options.deadline);
  return settings;
}

// Of transfers and inquiries; the one that is asked for has the rate.
std::vector<SeriesInfo> series_of(const Options& options) {
  const Duration deadline = seconds_of(options.deadline);
  return {{"transfer", options.transfers ? options.rate : kSeldom, deadline, deadline, true},
          {"inquiry", options.transfers ? kSeldom : options.rate, deadline, deadline, false}};
}

void run(const Options& options) {
  benchmark::raise_open_files();
  const LedgerSettings settings = settings_of(options);
  ProbeInfo info;
  info.series = series_of(options);
  info.accounts = static_cast<std::uint64_t>(settings.accounts);
  OperationFile file(options.operations, plans_of(info));
  benchmark::Counted sink(file, options.transfers ? 0 : 1);
  Database database;
  database.name = "bank";
  OpenLoop loop(real_clock(), Time{0}, sink, info.series);
  loop.start(make_ledger_workload(loop.io(), {"127.0.0.1", options.port, "bank", ""}, Bank(database, settings), settings));
  real_clock().pause(seconds_of(options.seconds));
  const Probe::Stopped stopped = loop.stop();
  file.close();
  std::cout << sink.told(stopped.planned.at(options.transfers ? 0 : 1)) << "\n";
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
