#include "faults/ping_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr Duration kSlack = 5s;  // beyond the time that the pings themselves take

}  // namespace

double PingSeries::time_at(double quantile) const {
  if (times.empty()) return 0;
  std::vector<double> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(quantile * static_cast<double>(sorted.size())))];
}

void PingSeries::add(const PingSeries& more) {
  sent += more.sent;
  answered += more.answered;
  duplicates += more.duplicates;
  times.insert(times.end(), more.times.begin(), more.times.end());
}

PingSeries parse_pings(const std::string& text, const std::string& doing) {
  PingSeries series;
  std::istringstream lines(text);
  bool summary = false;
  for (std::string line; std::getline(lines, line);) {
    const bool twice = line.find("DUP!") != std::string::npos;
    if (line.find(" bytes from ") != std::string::npos && line.find("BAD CHECKSUM") == std::string::npos) {
      ++(twice ? series.duplicates : series.answered);
      double time = 0;
      const std::size_t at = line.find("time=");
      if (!twice && at != std::string::npos && std::sscanf(line.c_str() + at, "time=%lf", &time) == 1)
        series.times.push_back(time);
    }
    if (line.find(" packets transmitted") != std::string::npos) summary = std::sscanf(line.c_str(), "%d", &series.sent) == 1;
  }
  if (!summary || series.lost() < 0) throw Error(ErrorKind::unmet, doing, "ping's answer is not understood");
  return series;
}

PingSeries ping_series(FaultContext context, const std::string& from, const std::string& address, const PingWish& wish,
                       const Deadline& deadline) {
  const std::string doing = fmt::format("pinging {} from {}", address, from);
  const double interval = std::chrono::duration<double>(wish.interval).count();
  const CommandResult result =
      context.remote.run(from,
                         fmt::format("ping -n -c {} -i {} -s {} {}-W 2 {}", wish.count, interval, wish.size,
                                     wish.burst > 1 ? fmt::format("-l {} ", wish.burst) : "", address),
                         deadline.sooner(wish.count * wish.interval + kSlack));
  if (result.exit_code == 127)
    throw Error(ErrorKind::unmet, doing, "there is no ping on " + from, "install iputils-ping there");
  if (result.exit_code != 0 && result.exit_code != 1) throw Error(ErrorKind::unmet, doing, result.trouble());
  return parse_pings(result.out, doing);
}

}  // namespace blackstart
