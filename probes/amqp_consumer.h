// Consumes the queue: books each payment, then acknowledges it.
//
// Purpose: the other end. What it booked and could not acknowledge any more comes again, and is booked again: delivery at least
// once. Ownership: the books outlive it. Thread rule: on_delivery() and halt from one thread; the listener is called on the
// consumer's own.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "probes/amqp_client.h"
#include "probes/amqp_payment.h"

namespace blackstart {

class AmqpConsumer final : public AmqpClient {
 public:
  // `run`: whose messages are ours.
  AmqpConsumer(AmqpCluster cluster, std::string run, AmqpBooks& books);
  ~AmqpConsumer() override;
  // Who hears of each of our messages from now on; when this returns, the one before is not called any more.
  void on_delivery(std::function<void(const AmqpPayment&)> listener);

 protected:
  void use(AmqpConnection& connection, const std::stop_token& stop) override;
  void lost() override {}

 private:
  void book(const std::string& body);

  std::string run_;
  AmqpBooks& books_;
  std::mutex listener_mutex_;
  std::function<void(const AmqpPayment&)> listener_;
};

}  // namespace blackstart
