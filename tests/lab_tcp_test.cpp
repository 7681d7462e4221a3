#include "lab/tcp.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "tests/support/loopback.h"

using namespace blackstart;

namespace {

constexpr const char* kHost = "127.0.0.1";

// A listening socket on loopback; the kernel accepts for it, like for a process that is stopped.
struct Listening : BoundSocket {
  Listening() { listen(8); }
  Descriptor accept() const { return Descriptor(::accept4(descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
};

Deadline in(Duration length) { return {real_clock(), length}; }

void send(const Descriptor& to, const std::string& text) {
  REQUIRE(::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

std::string receive(const Descriptor& from) {
  char chunk[256];
  const ssize_t count = ::recv(from.get(), chunk, sizeof chunk, 0);
  return {chunk, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace

TEST_CASE("a port that nobody listens on refuses, and says so") {
  const TcpAttempt attempt = real_tcp().connect(kHost, free_port(), in(2s));
  CHECK(!attempt.connection);
  CHECK(attempt.refused);
  CHECK(!attempt.silent);
  CHECK(attempt.why == "Connection refused");
  CHECK(!TcpWatch::open(kHost, free_port(), in(2s)).has_value());
}

TEST_CASE("a queue that is full is silence, not refusal") {
  Listening listening;
  listening.listen(0);
  const auto first = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(first.has_value());
  TcpAttempt attempt;
  for (int tries = 0; tries < 4 && !attempt.silent; ++tries) {
    attempt = real_tcp().connect(kHost, listening.port, in(50ms));
    if (attempt.connection) attempt.connection.release();  // keeps its place in the queue until the test's process ends
  }
  CHECK(attempt.silent);
  CHECK(!attempt.refused);
  CHECK(attempt.why == "no answer in time");
}

TEST_CASE("a name is resolved, an unknown one is an answer and not a hang") {
  Listening listening;
  CHECK(TcpWatch::open("localhost", listening.port, in(5s)).has_value());
  const TcpAttempt attempt = real_tcp().connect("no such name", 80, in(5s));
  CHECK(!attempt.connection);
  CHECK(!attempt.refused);
  CHECK(attempt.why.find("the name 'no such name'") == 0);
}

TEST_CASE("a server that speaks first answers") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  const Descriptor peer = listening.accept();
  send(peer, "hello");
  CHECK(watch->answers(in(2s)));
  CHECK(!watch->closed_by(in(0s)).has_value());
}

TEST_CASE("a server that waits is asked with a line of HTTP") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  const Descriptor peer = listening.accept();
  CHECK(!watch->answers(in(350ms)));
  CHECK(receive(peer) == "GET / HTTP/1.0\r\n\r\n");
  send(peer, "HTTP/1.0 400\r\n\r\n");
  CHECK(watch->answers(in(2s)));
}

TEST_CASE("a stopped process: the kernel accepts, nothing answers, nothing ends") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  const Time begin = real_clock().now();
  CHECK(!watch->answers(in(400ms)));
  CHECK(real_clock().now() - begin >= 400ms);
  CHECK(!watch->closed_by(in(20ms)).has_value());
}

TEST_CASE("the end of a connection is seen, after data and by reset") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  Descriptor peer = listening.accept();
  const Time begin = real_clock().now();
  SECTION("end of file behind unread data") { send(peer, "bye"); }
  SECTION("reset, because the peer left our question unread") { CHECK(!watch->answers(in(310ms))); }
  peer = Descriptor();
  const auto closed = watch->closed_by(in(2s));
  REQUIRE(closed.has_value());
  CHECK(*closed >= begin);
  CHECK(*closed <= real_clock().now());
}

TEST_CASE("a connection that is ended in reply to the question was answered") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  std::thread server([&] {
    const Descriptor peer = listening.accept();
    receive(peer);
  });
  CHECK(watch->answers(in(5s)));
  server.join();
}

TEST_CASE("a connection that is ended before the question did not answer") {
  Listening listening;
  auto watch = TcpWatch::open(kHost, listening.port, in(2s));
  REQUIRE(watch.has_value());
  listening.accept();
  CHECK(!watch->answers(in(2s)));
}
