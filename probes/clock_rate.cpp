#include "probes/clock_rate.h"

#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace blackstart {
namespace {

constexpr double kFrequency = 65536e6;  // adjtimex(2): 2^16 are one part in a million
constexpr int kLoop = 2;                // SHIFT_PLL
constexpr int kMostConstant = 10;       // MAXTC
// What a tick is without any correction, in microseconds: USER_HZ of them are a second.
double nominal_tick() { return 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

}  // namespace

double rate_of(const timex& kernel) {
  double rate = static_cast<double>(kernel.tick) / nominal_tick() - 1 + static_cast<double>(kernel.freq) / kFrequency;
  if ((kernel.status & STA_PLL) == 0) return rate;
  const double offset = static_cast<double>(kernel.offset) * ((kernel.status & STA_NANO) != 0 ? 1e-9 : 1e-6);
  const int constant = static_cast<int>(std::clamp<long>(kernel.constant, 0, kMostConstant));
  return rate + std::ldexp(offset, -(kLoop + constant));
}

double kernel_clock_rate() {
  timex kernel{};
  return ::adjtimex(&kernel) < 0 ? 0 : rate_of(kernel);
}

}  // namespace blackstart
