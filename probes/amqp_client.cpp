#include "probes/amqp_client.h"

#include <exception>

#include "probes/priority.h"

namespace blackstart {
namespace {

constexpr Duration kAgainAfter = 500ms;  // all brokers failed: what oslo.messaging waits, by the lab's setting
constexpr Duration kWorked = 1s;         // a connection that lasted so long has worked

}  // namespace

void AmqpClient::start(const char* thread_name) {
  thread_ = std::jthread([this, thread_name](const std::stop_token& stop) {
    claim_processor(thread_name);
    run(stop);
  });
}

void AmqpClient::halt() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void AmqpClient::run(const std::stop_token& stop) {
  std::size_t failures = 0;
  while (!stop.stop_requested()) {
    const Time began = real_clock().now();
    try {
      AmqpConnection connection(cluster_.brokers[next_ % cluster_.brokers.size()], cluster_.connect_timeout,
                                cluster_.heartbeat);
      use(connection, stop);
    } catch (
        const std::exception&) {  // which broker, and why, shows in what happened to the messages; with no memory left, too
      ++next_;
      failures = real_clock().now() - began > kWorked ? 1 : failures + 1;
    }
    forget();
    if (failures < cluster_.brokers.size()) continue;
    failures = 0;
    std::unique_lock lock(mutex_);
    halted_.wait_for(lock, stop, kAgainAfter, [] { return false; });
  }
}

void AmqpClient::forget() {
  try {
    lost();
  } catch (const std::exception&) {  // no memory to tell it: their deadlines end them
  }
}

}  // namespace blackstart
