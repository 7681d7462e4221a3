// The certificate of the instrument: what it measured of outages whose truth was known, and whether that is good enough.
//
// Purpose: `blackstart calibrate` makes one, the record of each run holds the one that was there, and reports tell it
// (docs/calibrate.md). Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart {

// What a good certificate must show; the goals of docs/performance.md, row 3.
inline constexpr std::uint64_t kLeastOutages = 30;
inline constexpr Duration kMostError = 2500us;      // p95 of |measured - true|
inline constexpr std::uint64_t kLeastCovered = 95;  // percent of the outages whose truth the stated ± covered

struct MachineInfo {
  std::string hostname, cpu, kernel;  // "runner-1", "AMD EPYC 7B13", "6.1.0-28-amd64"
  int cores = 0;
  std::string id;  // a hash of /etc/machine-id; empty: it has none
  bool operator==(const MachineInfo&) const = default;
};
// Another kernel or host name is the same machine; another processor, or another number of them, is not.
bool same_machine(const MachineInfo& one, const MachineInfo& other);

// An outage that somebody made and timed, beside what was measured of it.
struct KnownOutage {
  struct Reading {
    Duration value{0}, plus_minus{0};
  };
  Duration least{0}, most{0};  // the true length lies between them: each end was stamped just before and just after
  int seen = 0;                // as how many outages; anything but 1 is no measurement
  Reading rto;                 // from the known beginning, as a rehearsal's RTO counts from its fault
  Reading length;              // both ends as the probe saw them
};

struct Spread {
  Duration p50{0}, p99{0}, max{0};
};
// Nearest rank: the least value that at least that share do not exceed. Of nothing: all 0.
Spread spread_of(std::vector<Duration> values);

struct Certificate {
  std::string version;    // of Blackstart
  std::int64_t made = 0;  // wall clock, ns since 1970 UTC
  Duration took{0};
  MachineInfo machine;
  std::uint64_t seed = 0;
  double rate = 0;  // operations a second
  Duration shortest{0}, longest{0};
  std::uint64_t outages = 0;
  std::uint64_t missed = 0, split = 0;  // not seen, or not to end; seen as more than one
  std::uint64_t stray = 0;              // seen, and nobody had made them
  std::uint64_t covered = 0;            // by the stated ± of both readings
  // Of each outage the larger error of its two readings, against whatever the truth may have been; one that was not seen as one
  // has its whole length for an error. p95 is by nearest rank: of 40 outages the 38th in order.
  Duration error_p50{0}, error_p95{0}, error_max{0};
  Spread send_lag;    // sent - scheduled, of each operation
  Spread floor;       // how late a thread wakes up that wants to each millisecond, in the same run
  double steal = -1;  // share of the processors' time that the hypervisor took meanwhile; -1: not known
};

// The measured part of a certificate; who made it, where and how is left to the caller.
Certificate certify(const std::vector<KnownOutage>& known, const Spread& send_lag, const Spread& floor);

// In words, what keeps it from being good; empty: it is.
std::vector<std::string> why_bad(const Certificate& certificate);

// The file's text (JSON), and back. Strict: what lacks a part, has one too many or contradicts itself is damaged.
std::string certificate_text(const Certificate& certificate);
struct CertificateRead {
  std::optional<Certificate> certificate;
  std::string damage;  // why there is none
};
CertificateRead read_certificate(const std::string& text);

}  // namespace blackstart
