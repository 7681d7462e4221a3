#include "reports/instrument.h"

#include <fmt/format.h>

#include "base/units.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using State = Instrument::State;

constexpr double kDay = 86400e9;  // ns
constexpr double kOld = 90;       // days
constexpr const char* kAdvice = "run `blackstart calibrate`";

std::string machine_text(const MachineInfo& machine) {
  return fmt::format("{} ({}, {})", machine.hostname, machine.cpu,
                     count_text(static_cast<std::uint64_t>(machine.cores), "core"));
}

std::string spread_text(const Spread& spread) {
  return fmt::format("p50 {}, p99 {}, max {}", latency_text(spread.p50), latency_text(spread.p99), latency_text(spread.max));
}

Instrument unfit(std::string remark) { return {State::unfit, {std::move(remark)}}; }

std::string figures_text(const Certificate& c) {
  return fmt::format("error p95 {}, max {} over {} of known length, ± covered {} of {}", latency_text(c.error_p95),
                     latency_text(c.error_max), count_text(c.outages, "outage"), c.covered, c.outages);
}

// What a good certificate of this machine may still lack.
std::vector<std::string> doubts(const Certificate& c, const RunInfo& run) {
  std::vector<std::string> all;
  if (c.version != run.version)
    all.push_back(
        fmt::format("The instrument was calibrated as Blackstart {}, and this is {}: {}.", c.version, run.version, kAdvice));
  const double days = (static_cast<double>(run.zero_wall) - static_cast<double>(c.made)) / kDay;
  if (days > kOld)
    all.push_back(
        fmt::format("The instrument was calibrated {:.0f} days ago, on {}: {}.", days, format_utc(c.made, false), kAdvice));
  if (days < -1)
    all.push_back(fmt::format(
        "The instrument was calibrated on {}, after the run began: a clock was wrong, and its age is not known: {}.",
        format_utc(c.made, false), kAdvice));
  return all;
}

}  // namespace

const char* name_of(State state) {
  switch (state) {
    case State::proven: return "proven";
    case State::unproven: return "not proven";
    case State::unfit: return "unfit";
  }
  return "not proven";
}

std::optional<Instrument> instrument_of(const Record& record) {
  if (!record.calibration) return std::nullopt;
  const Calibration& found = *record.calibration;
  if (!found.damage.empty())
    return unfit(fmt::format("The certificate of the instrument can't be used: {}; {}.", found.damage, kAdvice));
  if (!found.certificate)
    return Instrument{State::unproven, {fmt::format("The instrument was not calibrated on this machine: {}.", kAdvice)}};
  const Certificate& c = *found.certificate;
  if (!same_machine(c.machine, found.machine))
    return unfit(fmt::format("The instrument was calibrated on another machine, {}, and this is {}: {}.",
                             machine_text(c.machine), machine_text(found.machine), kAdvice));
  if (const auto reasons = why_bad(c); !reasons.empty())
    return unfit(fmt::format("The certificate of the instrument, of {}, is bad: {}; {} again when nothing else runs here.",
                             format_utc(c.made, false), joined(reasons, "; "), kAdvice));
  Instrument instrument{State::proven, doubts(c, record.run)};
  if (!instrument.remarks.empty()) instrument.state = State::unproven;
  return instrument;
}

std::string instrument_text(const Record& record) {
  const auto instrument = instrument_of(record);
  if (!instrument) return "";
  const std::string state = name_of(instrument->state);
  if (instrument->state != State::proven) return state + ": " + joined(instrument->remarks, " ");
  return state + ": " +
         fmt::format("{}; {}", format_utc(record.calibration->certificate->made, false),
                     figures_text(*record.calibration->certificate));
}

std::vector<CertificateLine> lines_of(const Certificate& c) {
  const std::uint64_t strange = c.missed + c.split;
  const std::string steal = c.steal < 0 ? "" : fmt::format("; {} of the processors' time stolen", percent_text(c.steal));
  const std::string stray = c.stray == 0 ? "" : fmt::format("; {} that nobody had made", c.stray);
  return {
      {"known outages",
       fmt::format("{} of {} to {}, at {} operations a second", c.outages, format_seconds(c.shortest),
                   format_seconds(c.longest), format_number(c.rate)),
       fmt::format("at least {}", kLeastOutages)},
      {"seen as one", fmt::format("{} of {}{}", c.outages - strange, c.outages, stray), "all, and no other"},
      {"error",
       fmt::format("p50 {}, p95 {}, max {}", latency_text(c.error_p50), latency_text(c.error_p95), latency_text(c.error_max)),
       fmt::format("p95 at most {}", latency_text(kMostError))},
      {"± covers", fmt::format("{} of {}", c.covered, c.outages), fmt::format("at least {} %", kLeastCovered)},
      {"send lag", spread_text(c.send_lag), ""},
      {"timer floor", spread_text(c.floor) + steal, ""}};
}

std::string made_text(const Certificate& c) {
  return fmt::format("{} on {} ({}, {}, kernel {}), Blackstart {}, in {}", format_utc(c.made, false), c.machine.hostname,
                     c.machine.cpu, count_text(static_cast<std::uint64_t>(c.machine.cores), "core"), c.machine.kernel,
                     c.version, format_seconds(c.took, 0));
}

}  // namespace blackstart
