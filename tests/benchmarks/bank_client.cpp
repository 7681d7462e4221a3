// Our side of the benchmark bank: the ledger's own transfers on PostgreSQL, every one recorded in a file of operations.
//
//   bank_client --port N --password-file FILE [--accounts N] prepare
// makes the bank's tables in place of those that are there.
//   bank_client … --clients N --seconds S --ops FILE closed
// keeps so many transfers under way all the time, and prints how many were done and in which time.
//   bank_client … --clients N --seconds S --ops FILE --rate R open
// is the probe itself on its schedule. It prints how late it sent (p50 and p99 of sent − due) and when transfers were
// acknowledged (p99 of done − due), in milliseconds, as recorded, of all that were due after the first half second, in which
// connections are opened; and what became of all: acknowledged, other, recorded of so many that were due, and the others'
// errors by count.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cmath>
#include <iostream>
#include <map>

#include "probes/ledger.h"
#include "probes/ledger_operation.h"
#include "tests/benchmarks/client.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

constexpr Duration kDeadline = 10s;
constexpr Duration kWarmUp = 500ms;  // for opening connections, which pgbench does before it counts

struct Options {
  int port = 0, clients = 8;
  std::int64_t accounts = 1000;
  double seconds = 10, rate = 0;
  std::string password_file, operations, mode;

  void describe(CLI::App& app) {
    app.add_option("--port", port)->required();
    app.add_option("--password-file", password_file);
    app.add_option("--accounts", accounts);
    app.add_option("--clients", clients);
    app.add_option("--seconds", seconds);
    app.add_option("--rate", rate);
    app.add_option("--ops", operations);
    app.add_option("mode", mode)->required();
  }
};

using benchmark::seconds_of;

Database database_of(const Options& options) {
  Database database;
  database.kind = kPostgresql;
  database.host = "127.0.0.1";
  database.port = options.port;
  database.password_file = options.password_file;
  database.replicas = {{"server", database.host, database.port}};
  return database;
}

// Not read from a scenario, whose bounds are those of rehearsals.
LedgerSettings settings_of(const Options& options) {
  LedgerSettings settings;
  settings.replication = "none";
  settings.accounts = options.accounts;
  settings.connections = options.clients;
  settings.inquiries = 0.01;
  if (options.rate > 0) settings.transfers = options.rate;
  settings.deadline = settings.connect_timeout = kDeadline;
  return settings;
}

std::unique_ptr<Probe> probe_of(const Options& options) {
  Cloud cloud;
  cloud.database = database_of(options);
  return settings_of(options).make("bank", cloud);
}

// Transfers one after the other on each of so many connections, without a schedule.
class ClosedLoop {
 public:
  ClosedLoop(const Options& options, OperationSink& sink)
      : sink_(sink),
        workload_(make_ledger_workload(io_, endpoint_of(database_of(options)), Bank(database_of(options), settings_of(options)),
                                       settings_of(options))) {}

  // Opens the connections with transfers that don't count, as pgbench doesn't count the time for its own. Then returns the
  // seconds from the first to the last of those that do.
  double run(int clients, Duration length) {
    play(clients, kWarmUp);
    first_ = good_;
    play(clients, length);
    return std::chrono::duration<double>(last_ - began_).count();
  }
  std::uint64_t counted() const { return good_ - first_; }
  std::uint64_t good() const { return good_; }
  std::uint64_t bad() const { return bad_; }

 private:
  void play(int clients, Duration length) {
    began_ = real_clock().now();
    end_ = began_ + length;
    io_.restart();
    for (int i = 0; i < clients; ++i) send();
    io_.run();
  }

  void send() {
    Operation operation = workload_->plan(0, next_++);
    operation.scheduled = operation.sent = real_clock().now() - zero_;
    workload_->send(operation, Deadline(real_clock(), kDeadline),
                    [this, operation](Workload::Result result) { done(operation, result); });
  }

  void done(Operation operation, const Workload::Result& result) {
    last_ = real_clock().now();
    operation.done = last_ - zero_;
    operation.outcome = result.outcome;
    operation.error = result.error;
    ++(result.outcome == Outcome::ok ? good_ : bad_);
    sink_.record(operation);
    // From the loop: the connection is given back before this is called.
    if (last_ < end_) send();
  }

  OperationSink& sink_;
  boost::asio::io_context io_{1};
  std::unique_ptr<Workload> workload_;
  Time zero_ = real_clock().now();
  Time began_{0}, end_{0}, last_{0};
  std::uint64_t next_ = 0, good_ = 0, bad_ = 0, first_ = 0;
};

void run_closed(const Options& options) {
  OperationFile file(options.operations, plans_of(probe_of(options)->info()));
  ClosedLoop loop(options, file);
  const double seconds = loop.run(options.clients, seconds_of(options.seconds));
  file.close();
  std::cout << fmt::format("ok={} other={} counted={} seconds={:.6f} recorded={}\n", loop.good(), loop.bad(), loop.counted(),
                           seconds, read_operations(options.operations).operations.size());
}

double quantile_ms(std::vector<Duration>& values, double share) {
  const auto at = static_cast<std::size_t>(std::max(0.0, std::ceil(share * static_cast<double>(values.size())) - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return 1e-6 * static_cast<double>(values[at].count());
}

std::string errors_text(const std::map<std::string, std::size_t>& errors) {
  std::string text;
  for (const auto& [error, count] : errors) text += fmt::format("{}{}:{}", text.empty() ? "" : ",", error, count);
  return text.empty() ? "none" : text;
}

// What became of the transfers.
struct Told {
  std::vector<Duration> lags, answers;  // of those that count
  std::size_t recorded = 0, good = 0;
  std::map<std::string, std::size_t> errors;  // of the others: "failed-60002"
};

Told told_by(const std::string& file, Time from) {
  Told told;
  for (const Operation& operation : read_operations(file).operations) {
    if (operation.series != 0) continue;
    ++told.recorded;
    told.good += operation.outcome == Outcome::ok;
    if (operation.outcome != Outcome::ok) ++told.errors[fmt::format("{}-{}", name_of(operation.outcome), operation.error)];
    if (operation.outcome == Outcome::unsent || operation.scheduled < from) continue;
    told.lags.push_back(operation.sent - operation.scheduled);
    told.answers.push_back(operation.done - operation.scheduled);
  }
  return told;
}

void run_open(const Options& options) {
  const auto probe = probe_of(options);
  OperationFile file(options.operations, plans_of(probe->info()));
  probe->join(Deadline(real_clock(), 30s));  // the bank is there: mode prepare
  const Time first = probe->start(real_clock(), real_clock().now(), file);
  real_clock().pause(seconds_of(options.seconds));
  const auto planned = probe->stop().planned.at(0);
  file.close();
  Told told = told_by(options.operations, first + kWarmUp);
  if (told.lags.empty()) throw Error(ErrorKind::internal, "measuring the lag", "nothing was sent");
  std::cout << fmt::format("ok={} other={} recorded={} due={} p50={:.6f} p99={:.6f} answered99={:.6f} errors={}\n", told.good,
                           told.recorded - told.good, told.recorded, planned, quantile_ms(told.lags, 0.5),
                           quantile_ms(told.lags, 0.99), quantile_ms(told.answers, 0.99), errors_text(told.errors));
}

void run(const Options& options) {
  benchmark::raise_open_files();
  if (options.mode == "prepare") return probe_of(options)->prepare(Deadline(real_clock(), 30s));
  if (options.operations.empty()) throw Error(ErrorKind::usage, "", "--ops is needed");
  if (options.mode == "closed") return run_closed(options);
  if (options.mode == "open") return run_open(options);
  throw Error(ErrorKind::usage, "", "the mode is prepare, closed or open");
}

}  // namespace

int main(int count, char** words) { return blackstart::benchmark::run_client(count, words, run); }
