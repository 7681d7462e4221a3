// Host names: one that hangs holds up nobody else, neither a loop's end nor an answer that comes too late does harm.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <thread>

#include "probes/http_session.h"
#include "probes/tcp_dial.h"
#include "reports/operation.h"

using namespace blackstart;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

// "hangs" takes two seconds, "slow" some milliseconds, whatever else is unknown.
NameAnswer pretend(const std::string& host, std::uint16_t) {
  if (host == "hangs") std::this_thread::sleep_for(2s);
  if (host == "slow") std::this_thread::sleep_for(3ms);
  return {asio::error::host_not_found, {}};
}

struct Pretended {
  Pretended() { NameLookup::ask_by(pretend); }
  ~Pretended() { NameLookup::ask_by(get_addresses); }
};

struct Dial {
  Dial(asio::io_context& io, const std::string& host, std::uint16_t port = 1) : dial(std::make_shared<TcpDial>(io)) {
    const auto open = [](std::shared_ptr<TcpDial> own, std::string to, std::uint16_t at,
                         std::shared_ptr<std::optional<TcpTrouble>> into) -> asio::awaitable<void> {
      *into = co_await own->open(to, at);
    };
    asio::co_spawn(io, open(dial, host, port, trouble), asio::detached);
  }
  std::shared_ptr<TcpDial> dial;
  std::shared_ptr<std::optional<TcpTrouble>> trouble = std::make_shared<std::optional<TcpTrouble>>();
};

}  // namespace

TEST_CASE("a name that hangs holds up no other", "[names]") {
  const Pretended pretended;
  asio::io_context io{1};
  const auto start = Steady::now();
  std::vector<Dial> dials;
  for (int i = 0; i < 20; ++i) dials.emplace_back(io, "hangs");
  for (int i = 0; i < 100; ++i) dials.emplace_back(io, "unknown");
  while (!*dials.back().trouble) io.run_one();
  io.run_for(100ms);
  CHECK(Steady::now() - start < 1s);
  for (std::size_t i = 0; i < dials.size(); ++i) CHECK(dials[i].trouble->has_value() == (i >= 20));
  for (const Dial& each : dials) each.dial->close();
  io.run();
  CHECK(Steady::now() - start < 1500ms);
}

TEST_CASE("what waits for a thread has its turn, and what was given up takes none", "[names]") {
  const Pretended pretended;
  asio::io_context io{1};
  std::vector<Dial> dials;
  for (int i = 0; i < 300; ++i) dials.emplace_back(io, "hangs");
  dials.emplace_back(io, "unknown");
  io.run_for(50ms);
  for (int i = 0; i < 300; ++i) dials[i].dial->close();
  const auto start = Steady::now();
  io.run();
  CHECK(dials.back().trouble->value().error == kNoName);
  CHECK(Steady::now() - start < 3s);  // the 64 that had begun, not 300
}

TEST_CASE("a session whose name hangs keeps its deadline, and ends without waiting for it", "[names]") {
  const Pretended pretended;
  const auto start = Steady::now();
  {
    HttpSettings settings;
    settings.connect_timeout = 200ms;
    HttpSession session(settings, Deadline(real_clock(), 200ms));
    HttpRequest request;
    request.url = *parse_url("http://hangs:1/");
    CHECK_FALSE(session.ask(request).ok());
  }
  CHECK(Steady::now() - start < 1s);
}

TEST_CASE("names and addresses are found as the system does, and an unknown one is told in the usual words", "[names]") {
  asio::io_context io{1};
  asio::ip::tcp::acceptor server(io, {asio::ip::address_v4::loopback(), 0});
  const Dial by_name(io, "localhost", server.local_endpoint().port());
  const Dial by_address(io, "127.0.0.1", server.local_endpoint().port());
  io.run();
  CHECK(by_name.trouble->value().error == 0);
  CHECK(by_address.trouble->value().error == 0);
  const Pretended pretended;
  io.restart();
  const Dial unknown(io, "x");
  io.run();
  CHECK(unknown.trouble->value().error == kNoName);
  CHECK(unknown.trouble->value().message == "looking up 'x': Host not found (authoritative)");
}

TEST_CASE("look-ups are cancelled, and loops die, at any moment", "[names]") {
  const Pretended pretended;
  const auto churn = [](unsigned seed) {
    std::minstd_rand random(seed);
    for (int round = 0; round < 60; ++round) {
      asio::io_context io{1};
      std::vector<Dial> dials;
      for (int i = 0; i < 30; ++i) dials.emplace_back(io, random() % 2 ? "slow" : "unknown");
      io.run_for(std::chrono::microseconds(random() % 4000));
      for (const Dial& each : dials) {
        if (random() % 2) each.dial->close();
      }
      if (random() % 2) io.run_for(std::chrono::microseconds(random() % 3000));
      dials.clear();
    }
  };
  std::thread other(churn, 1);
  churn(2);
  other.join();
}
