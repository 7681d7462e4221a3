// Our side of the benchmark schedule for SQL: the ledger's own operations on the open loop, every one into its file.
//
//   sql_client --port N --rate R --seconds S --ops FILE [--transfers] [--deadline S]
// asks a MySQL server at 127.0.0.1:N over kept connections for balances, or with --transfers moves money, and prints how many
// operations were planned and what became of them.
#include "probes/ledger_operation.h"
#include "probes/open_loop.h"
#include "tests/benchmarks/client.h"
#include "tests/benchmarks/counted.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

constexpr double kSeldom = 0.001;  // a second: the other series of the ledger, which nobody looks at

struct Options : benchmark::ClientOptions {
  bool transfers = false;

  void describe(CLI::App& app) {
    ClientOptions::describe(app);
    app.add_flag("--transfers", transfers);
  }
};

LedgerSettings settings_of(const Options& options) {
  LedgerSettings settings;
  settings.inquiry_connections = "persistent";
  settings.transfers = options.transfers ? options.rate : kSeldom;
  settings.inquiries = options.transfers ? kSeldom : options.rate;
  settings.connections = 500;  // all that wait at one time after a hiccup are kept, or each would cost a connection again
  settings.deadline = settings.good_within = settings.connect_timeout = benchmark::seconds_of(options.deadline);
  return settings;
}

// Of transfers and inquiries; the one that is asked for has the rate.
std::vector<SeriesInfo> series_of(const Options& options) {
  const Duration deadline = benchmark::seconds_of(options.deadline);
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
  real_clock().pause(benchmark::seconds_of(options.seconds));
  const Probe::Stopped stopped = loop.stop();
  file.close();
  std::cout << sink.told(stopped.planned.at(options.transfers ? 0 : 1)) << "\n";
}

}  // namespace

int main(int count, char** words) { return blackstart::benchmark::run_client(count, words, run); }
