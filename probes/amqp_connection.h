// One connection to a message broker over AMQP 0-9-1, with one channel: what payments through a queue need of it.
//
// Purpose: keeps rabbitmq-c out of everything else. Ownership: owns the socket. Thread rule: one thread.
// Every call that asks the broker something ends within kCallLimit; a connection that threw is of no use any more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"

namespace blackstart {

struct AmqpBroker {
  std::string node, host;
  std::int64_t port = 5672;
  std::string user, password, vhost;
};

class AmqpConnection {
 public:
  // Throws Error(unreachable): nobody there, no AMQP, nothing within `limit`; Error(unmet): login refused. `heartbeat` in whole
  // seconds: a broker that says nothing for two of them is gone.
  AmqpConnection(const AmqpBroker& broker, Duration limit, Duration heartbeat);
  ~AmqpConnection();

  // All of these throw Error(unreachable) when the connection breaks, Error(unmet) when the broker refuses.

  struct QueueState {
    std::uint32_t ready = 0;      // messages that wait for a consumer
    std::uint32_t consumers = 0;  // that are there now
  };
  // Looks only; nothing when there is no such queue.
  std::optional<QueueState> queue(const std::string& name);
  // Durable; `type` is "quorum" or "classic". It goes by itself when nobody has used it for a day.
  void declare(const std::string& name, const std::string& type);
  void remove(const std::string& name);

  // From now on publish() is answered: by `confirmed`, or by `refused`.
  void ask_for_confirms();
  // Persistent, and returned when there is no such queue. The number that confirms name: 1, 2, …
  std::uint64_t publish(const std::string& queue, const std::string& body);
  // From now on messages are `delivered`; at most `unacknowledged` at one time.
  void consume(const std::string& queue, std::uint16_t unacknowledged);
  void acknowledge(std::uint64_t number);

  struct Event {
    enum class Kind { confirmed, refused, returned, delivered } kind = Kind::confirmed;
    std::uint64_t number = 0;  // of the message, or of the delivery
    bool up_to = false;        // all before it too
    std::string body;          // of `returned` and `delivered`
  };
  // The next one that comes within `limit`.
  std::optional<Event> next(Duration limit);
  // What poll(2) may wait for, and whether something was read already that next() has not given out.
  int handle() const;
  bool has_more() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart
