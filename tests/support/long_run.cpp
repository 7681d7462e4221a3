#include "tests/support/long_run.h"

#include "reports/stream.h"
#include "tests/support/run_folder.h"
#include "tests/support/sample_record.h"

namespace blackstart::trace {
namespace {

constexpr double kRate = 500;  // a second, of each series
constexpr Time kBegin = 2s;

// Latencies of 1.5 to 10.5 ms, the same on every machine.
Duration latency(std::uint64_t number) {
  const double noise = static_cast<double>(number * 2654435761U % 1000) / 1000;
  return 1500us + Duration(static_cast<int>(noise * noise * 9e6));
}

Operation operation(std::uint16_t series, std::uint64_t number, Bracket down) {
  Operation op;
  op.series = series;
  op.number = number;
  op.scheduled = kBegin + from_seconds(static_cast<double>(number) / kRate);
  op.sent = op.scheduled + 20us;
  const bool failed = series == 0 && op.scheduled >= down.from && op.scheduled < down.to;
  op.outcome = failed ? Outcome::failed : Outcome::ok;
  op.error = failed ? std::uint16_t{kNoConnection} : std::uint16_t{0};
  op.done = op.scheduled + latency(number);
  return op;
}

ProbeInfo bank(ProbeInfo info) {
  info.audited = false;
  info.replicas.clear();
  for (SeriesInfo& series : info.series) {
    series.rate = kRate;
    series.posts = false;
  }
  return info;
}

}  // namespace

void write_long_run(const std::filesystem::path& folder, std::uint64_t operations, Duration outage) {
  Record record = sample::passed().record;
  const ProbeInfo info = bank(record.probes.at(0).info);
  const Time fault = record.injections.at(0).effect.middle();
  const std::uint64_t each = operations / info.series.size();
  const Time stopped = kBegin + from_seconds(static_cast<double>(each) / kRate);
  record.probes.clear();
  record.objectives.resize(1);  // the RTO; nothing is audited
  record.finished = false;
  write_run(folder, record);

  RecordWriter writer(folder);
  writer.probe_started(info, kBegin);
  OperationFile file(operations_path(folder, info.name), plans_of(info));
  for (std::uint64_t number = 0; number < each; ++number)
    for (std::uint16_t series = 0; series < info.series.size(); ++series)
      file.record(operation(series, number, {fault, fault + outage}));
  file.close();
  writer.probe_stopped(info.name, stopped, std::vector<std::uint64_t>(info.series.size(), each));
  writer.finished(stopped + 2s);
}

}  // namespace blackstart::trace
