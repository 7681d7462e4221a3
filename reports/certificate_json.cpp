#include "reports/certificate_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace blackstart {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "blackstart-calibration";
constexpr int kFormatVersion = 1;
constexpr Duration kLongest = 24h * 36525;         // a century: sums of such times do not overflow
constexpr std::uint64_t kMostOutages = 1'000'000;  // more than a year of them

json of_spread(const Spread& spread) {
  return {{"p50", spread.p50.count()}, {"p99", spread.p99.count()}, {"max", spread.max.count()}};
}

Duration length(const json& j, const char* name) {
  const json& value = j.at(name);
  if (!value.is_number_integer()) throw std::invalid_argument(std::string("'") + name + "' is no whole number");
  const Duration length(value.get<std::int64_t>());
  if (length < 0ns || length > kLongest) throw std::out_of_range(std::string("'") + name + "' is no length of time");
  return length;
}

std::uint64_t count(const json& j, const char* name, std::uint64_t most = kMostOutages) {
  const json& value = j.at(name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    throw std::out_of_range(std::string("'") + name + "' is no number that can be");
  return value.get<std::uint64_t>();
}

Spread spread_at(const json& j, const char* name) {
  const json& spread = j.at(name);
  return {length(spread, "p50"), length(spread, "p99"), length(spread, "max")};
}

void check(const Certificate& c) {
  const bool counts = c.missed + c.split + c.covered <= c.outages && c.made >= 0;
  const bool numbers = std::isfinite(c.rate) && c.rate > 0 && std::isfinite(c.steal) && c.steal >= -1 && c.steal <= 1;
  const bool order = c.error_p50 <= c.error_p95 && c.error_p95 <= c.error_max && c.shortest <= c.longest;
  if (!counts || !numbers || !order) throw std::invalid_argument("its numbers contradict each other");
}

}  // namespace

namespace json_format {

json of_machine(const MachineInfo& machine) {
  return {{"hostname", machine.hostname},
          {"cpu", machine.cpu},
          {"cores", machine.cores},
          {"kernel", machine.kernel},
          {"id", machine.id}};
}

MachineInfo machine_of(const json& j) {
  MachineInfo machine;
  j.at("hostname").get_to(machine.hostname);
  j.at("cpu").get_to(machine.cpu);
  j.at("kernel").get_to(machine.kernel);
  j.at("id").get_to(machine.id);
  machine.cores = static_cast<int>(count(j, "cores"));
  return machine;
}

constexpr const char* kVerdict[] = {"good", "reasons"};  // they follow from the rest, and are there for whoever reads the file

json of_certificate(const Certificate& c) {
  const std::vector<std::string> reasons = why_bad(c);
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"good", reasons.empty()},
          {"reasons", reasons},
          {"version", c.version},
          {"made", c.made},
          {"took", c.took.count()},
          {"machine", of_machine(c.machine)},
          {"seed", c.seed},
          {"rate", c.rate},
          {"shortest", c.shortest.count()},
          {"longest", c.longest.count()},
          {"outages", c.outages},
          {"missed", c.missed},
          {"split", c.split},
          {"stray", c.stray},
          {"covered", c.covered},
          {"error_p50", c.error_p50.count()},
          {"error_p95", c.error_p95.count()},
          {"error_max", c.error_max.count()},
          {"send_lag", of_spread(c.send_lag)},
          {"floor", of_spread(c.floor)},
          {"steal", c.steal}};
}

Certificate certificate_of(const json& j) {
  if (j.at("format").get<std::string>() != kFormat || j.at("format_version").get<int>() != kFormatVersion)
    throw std::invalid_argument("it is of another format");
  Certificate c;
  j.at("version").get_to(c.version);
  c.made = static_cast<std::int64_t>(count(j, "made", std::uint64_t{1} << 62U));
  c.took = length(j, "took");
  c.machine = machine_of(j.at("machine"));
  c.seed = count(j, "seed", ~std::uint64_t{0});
  j.at("rate").get_to(c.rate);
  c.shortest = length(j, "shortest");
  c.longest = length(j, "longest");
  c.outages = count(j, "outages");
  c.missed = count(j, "missed");
  c.split = count(j, "split");
  c.stray = count(j, "stray");
  c.covered = count(j, "covered");
  c.error_p50 = length(j, "error_p50");
  c.error_p95 = length(j, "error_p95");
  c.error_max = length(j, "error_max");
  c.send_lag = spread_at(j, "send_lag");
  c.floor = spread_at(j, "floor");
  j.at("steal").get_to(c.steal);
  check(c);
  // Written again it must be the same: nothing too many. Only what was made of it may differ, as the rules of another version
  // do.
  json again = of_certificate(c);
  for (const char* verdict : kVerdict) again.at(verdict) = j.at(verdict);
  if (again != j) throw std::invalid_argument("it has parts that are none");
  return c;
}

}  // namespace json_format

std::string certificate_text(const Certificate& certificate) {
  return json_format::of_certificate(certificate).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

CertificateRead read_certificate(const std::string& text) {
  try {
    return {json_format::certificate_of(json::parse(text)), ""};
  } catch (const std::exception& problem) {  // whatever a damaged file provokes
    return {std::nullopt, problem.what()};
  }
}

}  // namespace blackstart
