#include "probes/amqp_payment.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace blackstart {

std::string body_of(const AmqpPayment& p) {
  return fmt::format("{} {} {} {} {} {}", p.run, p.booked ? "payment" : "sample", p.posting, p.from, p.to, p.amount);
}

std::optional<AmqpPayment> payment_of(const std::string& body) {
  AmqpPayment payment;
  std::string kind, rest;
  std::istringstream words(body);
  if (!(words >> payment.run >> kind >> payment.posting >> payment.from >> payment.to >> payment.amount)) return std::nullopt;
  if (words >> rest || (kind != "payment" && kind != "sample")) return std::nullopt;
  payment.booked = kind == "payment";
  return payment;
}

void AmqpBooks::confirmed(std::uint64_t posting) {
  std::lock_guard lock(mutex_);
  confirmed_.insert(posting);
}

void AmqpBooks::delivered(const AmqpPayment& p) {
  std::lock_guard lock(mutex_);
  last_ = real_clock().now();
  if (!p.booked) return;
  delivered_.insert(p.posting);
  deliveries_.push_back({p.posting, p.from, p.to, p.amount, 2, p.amount, p.amount});
}

void AmqpBooks::foreign() {
  std::lock_guard lock(mutex_);
  ++foreign_;
}

std::size_t AmqpBooks::missing() const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(confirmed_.begin(), confirmed_.end(),
                                                [&](std::uint64_t posting) { return !delivered_.contains(posting); }));
}

Time AmqpBooks::last_delivery() const {
  std::lock_guard lock(mutex_);
  return last_;
}

ReplicaSnapshot AmqpBooks::snapshot(const std::string& name) const {
  std::lock_guard lock(mutex_);
  ReplicaSnapshot snapshot;
  snapshot.replica = name;
  snapshot.complete = foreign_ == 0;
  if (foreign_ > 0) snapshot.problem = fmt::format("messages of others were in the queue: {}", foreign_);
  snapshot.transfers = deliveries_;
  std::stable_sort(snapshot.transfers.begin(), snapshot.transfers.end(),
                   [](const PostedTransfer& a, const PostedTransfer& b) { return a.posting < b.posting; });
  return snapshot;
}

}  // namespace blackstart
