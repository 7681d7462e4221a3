// Outages of known length, and the certificate of an instrument that measures them well.
#pragma once

#include "reports/record.h"

namespace blackstart::trace {

inline MachineInfo machine() { return {"runner-1", "AMD EPYC 7B13", "6.1.0-28-amd64", 2, "0123456789abcdef0123456789abcdef"}; }

// Of 1 s, known to 40 µs; measured `off` too long, within `plus_minus`.
inline KnownOutage known(Duration off = 500us, Duration plus_minus = 1500us) {
  const KnownOutage::Reading reading{1s + off, plus_minus};
  return {1s - 20us, 1s + 20us, 1, reading, reading};
}

inline std::vector<KnownOutage> well_known(std::size_t count = 40) { return std::vector<KnownOutage>(count, known()); }

inline Certificate certificate(const std::vector<KnownOutage>& outages = well_known()) {
  Certificate c = certify(outages, {60us, 210us, 1900us}, {55us, 196us, 1700us});
  c.version = "0.1.0";
  c.made = 1'795'200'000'000'000'000;  // half a day before the sample runs
  c.took = 97s;
  c.machine = machine();
  c.seed = 20261121;
  c.rate = 1000;
  c.steal = 0.003;
  return c;
}

inline Calibration calibration() { return {certificate(), "", machine()}; }

}  // namespace blackstart::trace
