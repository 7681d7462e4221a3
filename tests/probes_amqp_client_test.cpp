// The thread of an AMQP client outlives whatever goes wrong on it.
#include "probes/amqp_client.h"

#include <catch2/catch.hpp>
#include <new>
#include <semaphore>

using namespace blackstart;

namespace {

// Nobody listens at its brokers' port, and there is no memory left to tell it.
struct Unlucky final : AmqpClient {
  Unlucky() : AmqpClient({{{"c1", "127.0.0.1", 1, "u", "p", "/"}, {"c2", "127.0.0.1", 1, "u", "p", "/"}}, "q"}, 0) {
    start("unlucky");
  }
  ~Unlucky() override { halt(); }
  void use(AmqpConnection&, const std::stop_token&) override {}
  void lost() override {
    called.release();
    throw std::bad_alloc();
  }
  std::counting_semaphore<> called{0};
};

}  // namespace

TEST_CASE("an AMQP client that runs out of memory goes on", "[amqp]") {
  Unlucky client;
  CHECK(client.called.try_acquire_for(std::chrono::seconds(10)));
  CHECK(client.called.try_acquire_for(std::chrono::seconds(10)));
}
