// A server of our own that goes out for planned lengths, and says when it really did.
//
// Purpose: the truth that the instrument is calibrated against (docs/calibrate.md). It is a process of its own on loopback and
// answers HTTP. What is out is out for real: nobody listens, so that new connections are refused, and open ones were reset.
// Ownership: its process ends with this object, or with ours. Thread rule: make it before any other thread, as it forks; then
// one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "lab/tcp_socket.h"
#include "reports/record.h"

namespace blackstart {

// Of each outage how long the server is up before it, and how long it is out.
struct OutagePlan {
  std::vector<Duration> up, out;
  Duration length() const;
};

inline constexpr Duration kShortestOutage = 50ms;
// `count` lengths, one in each of as many equal parts of the logarithmic range from kShortestOutage to `longest`, in random
// order, with times between them that are longer than `hold` and differ, so that no schedule's phase is met again and again.
OutagePlan plan_outages(std::size_t count, Duration longest, Duration hold, std::uint64_t seed);

// On CLOCK_MONOTONIC, which both processes share. The server was up until out.from and out at out.to at the latest; it was
// still out at back.from, and up from back.to on.
struct Standstill {
  Bracket out, back;
};

class OutageServer {
 public:
  // It serves when this returns. Throws Error(internal).
  explicit OutageServer(OutagePlan plan);
  ~OutageServer();
  OutageServer(const OutageServer&) = delete;
  OutageServer& operator=(const OutageServer&) = delete;

  int port() const { return port_; }
  const OutagePlan& plan() const { return plan_; }
  // Goes through the plan, once; returns when it is up again after the last outage, and stays up. `each` is called after every
  // one. Throws Error(internal) when the server dies or falls silent.
  std::vector<Standstill> carry_out(const std::function<void()>& each);

 private:
  OutagePlan plan_;
  Descriptor control_;
  pid_t process_ = -1;
  int port_ = 0;
};

}  // namespace blackstart
