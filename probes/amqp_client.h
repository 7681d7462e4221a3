// A client that stays connected to one broker of a cluster, and goes to the next when that fails, as OpenStack's services do.
//
// Purpose: what publisher and consumer have in common: a thread, a list of brokers, and what comes after a connection broke.
// Ownership: owns its thread; halt() must be called by the destructor of whatever derives from it. Thread rule: start() and
// halt() from one thread; use() and lost() are called on the client's own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "probes/amqp_connection.h"

namespace blackstart {

struct AmqpCluster {
  std::vector<AmqpBroker> brokers;  // at least one
  std::string queue;
  Duration connect_timeout{1s};
  Duration heartbeat{10s};
};

class AmqpClient {
 public:
  // Begins with this one of the brokers, the next after it, …
  AmqpClient(AmqpCluster cluster, std::size_t first) : cluster_(std::move(cluster)), next_(first) {}
  virtual ~AmqpClient() = default;
  void start(const char* thread_name);

 protected:
  // Works with the connection until `stop`; throws Error when it breaks.
  virtual void use(AmqpConnection& connection, const std::stop_token& stop) = 0;
  virtual void lost() = 0;
  void halt();
  const AmqpCluster& cluster() const { return cluster_; }

 private:
  void run(const std::stop_token& stop);
  void forget();

  AmqpCluster cluster_;
  std::size_t next_;
  std::mutex mutex_;
  std::condition_variable_any halted_;
  std::jthread thread_;
};

}  // namespace blackstart
