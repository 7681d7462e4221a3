// Publishes messages to a queue, and tells what became of each.
//
// Purpose: the engine's loop never waits for a broker. A message that is not sent yet can be taken back; one that is sent gets
// its fate, or none. Ownership: messages are shared with whoever gave them. Thread rule: publish() from any thread; `told` is
// called on the publisher's own.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "probes/amqp_client.h"

namespace blackstart {

class AmqpMessage {
 public:
  enum class Fate {
    confirmed,  // it is in the queue, on a majority of its replicas
    refused,    // the broker could not take it
    returned,   // there is no such queue
    broken,     // the connection broke before any of these
  };
  using Told = std::function<void(Fate)>;
  AmqpMessage(std::string body, Told told) : body_(std::move(body)), told_(std::move(told)) {}

  const std::string& body() const { return body_; }
  void tell(Fate fate) const { told_(fate); }
  // One of them wins: it is sent, or it never will be.
  bool send() { return leave(State::sent); }
  bool take_back() { return leave(State::taken_back); }

 private:
  enum class State { waiting, sent, taken_back };
  bool leave(State to) {
    State waiting = State::waiting;
    return state_.compare_exchange_strong(waiting, to);
  }

  std::string body_;
  Told told_;
  std::atomic<State> state_{State::waiting};
};

class AmqpPublisher final : public AmqpClient {
 public:
  explicit AmqpPublisher(AmqpCluster cluster);
  ~AmqpPublisher() override;
  // As soon as there is a connection.
  void publish(std::shared_ptr<AmqpMessage> message);

 protected:
  void use(AmqpConnection& connection, const std::stop_token& stop) override;
  void lost() override;

 private:
  using Messages = std::vector<std::shared_ptr<AmqpMessage>>;
  Messages take_waiting();
  void send(AmqpConnection& connection);
  void take(const AmqpConnection::Event& event);

  int wake_;  // an eventfd: something waits
  std::mutex waiting_mutex_;
  Messages waiting_;
  std::map<std::uint64_t, std::shared_ptr<AmqpMessage>> sent_;  // and not confirmed, by their numbers on this connection
};

}  // namespace blackstart
