#include "probes/open_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <thread>

#include "probes/priority.h"
#include "probes/schedule.h"

#include "base/error.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Duration kHeadStart = 10ms;  // between start() and the first operation: the thread is up by then

double highest_rate(const std::vector<SeriesInfo>& series) {
  return std::max_element(series.begin(), series.end(), [](auto& a, auto& b) { return a.rate < b.rate; })->rate;
}

}  // namespace

Operation Workload::plan(std::uint16_t series, std::uint64_t number) {
  Operation operation;
  operation.series = series;
  operation.number = number;
  return operation;
}

struct OpenLoop::Impl {
  struct Line {
    Line(asio::io_context& io, const Schedule& schedule_, Duration deadline_)
        : schedule(schedule_), deadline(deadline_), timer(io) {}
    Schedule schedule;
    Duration deadline;
    // One, set after the operation was sent. A second one, armed in advance, would spare a system call, but the kernel would
    // set the processor's timer before the operation instead of after it: measured, that made it 4 us late on a virtual
    // machine.
    asio::steady_timer timer;
    std::uint64_t next = 0;
  };

  Impl(Clock& clock_, Time zero_, OperationSink& sink_, std::vector<SeriesInfo> series_)
      : clock(clock_), zero(zero_), sink(sink_), series(std::move(series_)) {}

  Time now() const { return clock.now() - zero; }

  void lay_out(Time start) {
    double highest = highest_rate(series);
    lines.reserve(series.size());  // their timers refer to them
    for (std::size_t i = 0; i < series.size(); ++i)
      lines.emplace_back(io, Schedule(start + phase(i, series.size(), highest), series[i].rate), series[i].deadline);
  }

  // What goes wrong here (no memory) must not end the runner, which has something to undo.
  void run_guarded() {
    try {
      run();
    } catch (const std::exception& problem) {
      failure = problem.what();
      workload.reset();  // now as in run(): what it refers to may go before this object does
    }
  }

  void join() {
    if (!thread.joinable()) return;
    asio::post(io, [this] { end_schedule(); });
    thread.join();
  }

  void run() {
    claim_processor("open-loop");
    for (Line& line : lines) arm(line);
    while (!stopping || outstanding() > 0) {
      io.run_one();
      if (unflushed) sink.flush();
      unflushed = false;
    }
    workload.reset();
  }

  void arm(Line& line) {
    line.timer.expires_after(line.schedule.due(line.next) - now());
    line.timer.async_wait([this, &line](error_code error) {
      if (error || stopping) return;
      send_due(line, now() + 1ns);
      arm(line);
    });
  }

  // Sends all that are due before `time`.
  void send_due(Line& line, Time time) {
    for (std::uint64_t end = line.schedule.due_before(time); line.next < end; ++line.next) launch(line, line.next);
  }

  void launch(const Line& line, std::uint64_t number) {
    Operation operation = workload->plan(static_cast<std::uint16_t>(&line - lines.data()), number);
    operation.scheduled = line.schedule.due(number);
    Time sent = now();
    Duration left = operation.scheduled + line.deadline - sent;
    if (left <= 0s) return record(operation);  // still `unsent`
    operation.sent = sent;
    const std::uint32_t place = keep(operation);
    // Small enough for a std::function to hold it without memory of its own.
    workload->send(operation, Deadline(clock, left), [this, place](Workload::Result result) { finish(place, result); });
  }

  std::size_t outstanding() const { return under_way.size() - vacant.size(); }

  std::uint32_t keep(const Operation& operation) {
    if (vacant.empty()) {
      under_way.push_back(operation);
      return static_cast<std::uint32_t>(under_way.size() - 1);
    }
    const std::uint32_t place = vacant.back();
    vacant.pop_back();
    under_way[place] = operation;
    return place;
  }

  void finish(std::uint32_t place, Workload::Result result) {
    Operation operation = under_way[place];
    vacant.push_back(place);
    if (result.outcome == Outcome::unsent) operation.sent = Time(-1);
    operation.outcome = result.outcome;
    operation.error = result.error;
    if (result.outcome != Outcome::unsent) operation.done = now();
    record(operation);
  }

  void record(const Operation& operation) {
    sink.record(operation);
    unflushed = true;
  }

  void end_schedule() {
    stopped.stopped = now();
    for (Line& line : lines) {
      send_due(line, stopped.stopped);
      line.timer.cancel();
      stopped.planned.push_back(line.next);
    }
    stopping = true;
  }

  Clock& clock;
  Time zero;
  OperationSink& sink;
  std::vector<SeriesInfo> series;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
  std::vector<Line> lines;
  std::unique_ptr<Workload> workload;  // its connections need `io`: it goes first
  std::deque<Operation> under_way;     // grows without moving what is in it
  std::vector<std::uint32_t> vacant;   // places there whose operation is over
  bool unflushed = false, stopping = false;
  Probe::Stopped stopped;
  std::string failure;
  std::thread thread;
};

OpenLoop::OpenLoop(Clock& clock, Time zero, OperationSink& sink, std::vector<SeriesInfo> series)
    : impl_(std::make_unique<Impl>(clock, zero, sink, std::move(series))) {}

OpenLoop::~OpenLoop() { impl_->join(); }

boost::asio::io_context& OpenLoop::io() { return impl_->io; }

Time OpenLoop::start(std::unique_ptr<Workload> workload) {
  impl_->workload = std::move(workload);
  Time start = impl_->now() + kHeadStart;
  impl_->lay_out(start);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run_guarded(); });
  return start;
}

Probe::Stopped OpenLoop::stop() {
  impl_->join();
  if (!impl_->failure.empty())
    throw Error(ErrorKind::internal, "running the operations of a probe", impl_->failure,
                "what it had done until then is recorded");
  return impl_->stopped;
}

}  // namespace blackstart
