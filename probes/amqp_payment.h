// A payment as a message's body, and what both ends of the queue remember of the payments.
//
// Purpose: the audit's two sides: what was confirmed to the publisher, and what reached the consumer. Ownership: plain values.
// Thread rule: pure functions; AmqpBooks from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "reports/snapshot.h"

namespace blackstart {

struct AmqpPayment {
  std::string run;            // of one start of the probe, no spaces: other messages are none of ours
  bool booked = true;         // false: sent to see how long it takes, and of no account
  std::uint64_t posting = 0;  // its place among those of its kind, from 1
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;  // cents
  bool operator==(const AmqpPayment&) const = default;
};
std::string body_of(const AmqpPayment& payment);
std::optional<AmqpPayment> payment_of(const std::string& body);

class AmqpBooks {
 public:
  void confirmed(std::uint64_t posting);
  void delivered(const AmqpPayment& payment);
  void foreign();  // a message that is none of ours was delivered

  // How many that were confirmed have not been delivered.
  std::size_t missing() const;
  Time last_delivery() const;  // on the real clock; its zero when there was none
  // What was delivered, sorted by posting, a line a delivery; with a problem when something foreign was among it.
  ReplicaSnapshot snapshot(const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::uint64_t> confirmed_, delivered_;
  std::vector<PostedTransfer> deliveries_;
  std::uint64_t foreign_ = 0;
  Time last_{0};
};

}  // namespace blackstart
