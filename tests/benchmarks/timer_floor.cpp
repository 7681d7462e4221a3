// The floor of the benchmark `schedule`: when a bare timer loop wakes up that does nothing else.
//
//   timer_floor RATE SECONDS FILE
// writes FILE: for each period when it woke, twice.
#include <cerrno>
#include <ctime>
#include <iostream>

#include "probes/priority.h"
#include "probes/schedule.h"
#include "tests/benchmarks/stamps.h"

namespace {

using namespace blackstart;

void sleep_until(Time at) {
  const timespec until{static_cast<std::time_t>(at / 1s), static_cast<long>((at % 1s).count())};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

void run(double rate, double seconds, const std::filesystem::path& file) {
  claim_processor("timer-floor");
  const Time start = real_clock().now() + 10ms;
  const Schedule schedule(start, rate);
  std::vector<benchmark::Stamp> woke(schedule.due_before(start + Duration(static_cast<std::int64_t>(1e9 * seconds))));
  for (std::size_t number = 0; number < woke.size(); ++number) {
    sleep_until(schedule.due(number));
    woke[number].first = woke[number].second = real_clock().now();
  }
  benchmark::write_stamps(file, woke);
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "timer_floor RATE SECONDS FILE\n";
    return kUsage;
  }
  try {
    run(std::stod(words[1]), std::stod(words[2]), words[3]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
