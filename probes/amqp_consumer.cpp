#include "probes/amqp_consumer.h"

namespace blackstart {
namespace {

constexpr std::uint16_t kUnacknowledged = 100;
constexpr Duration kLookAgain = 200ms;  // whether it is to stop

}  // namespace

// Not on the publisher's first broker: a node that goes takes one of them along, not both.
AmqpConsumer::AmqpConsumer(AmqpCluster cluster, std::string run, AmqpBooks& books)
    : AmqpClient(std::move(cluster), 1), run_(std::move(run)), books_(books) {
  start("amqp-consumer");
}

AmqpConsumer::~AmqpConsumer() { halt(); }

void AmqpConsumer::on_delivery(std::function<void(const AmqpPayment&)> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void AmqpConsumer::use(AmqpConnection& connection, const std::stop_token& stop) {
  connection.consume(cluster().queue, kUnacknowledged);
  while (!stop.stop_requested()) {
    const auto event = connection.next(kLookAgain);
    if (!event || event->kind != AmqpConnection::Event::Kind::delivered) continue;
    book(event->body);
    connection.acknowledge(event->number);
  }
}

void AmqpConsumer::book(const std::string& body) {
  const auto payment = payment_of(body);
  if (!payment || payment->run != run_) return books_.foreign();
  books_.delivered(*payment);
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_(*payment);
}

}  // namespace blackstart
