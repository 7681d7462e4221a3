// The probes `http` and `tcp`: settings, preflight, and what becomes of their operations.
#include <catch2/catch.hpp>

#include "probes/http_probe.h"
#include "probes/tcp_probe.h"
#include "tests/support/error_of.h"
#include "tests/support/http_server.h"
#include "tests/support/recorder.h"

using namespace blackstart;
using test::HttpReply;
using test::HttpSeen;
using test::HttpServer;
using Manner = HttpReply::Manner;

namespace {

template <class Settings>
Settings read(const std::string& text) {
  Settings settings;
  read_text(text, "s.yaml", [&](Fields& f) { settings.describe(f); });
  return settings;
}

template <class Settings>
std::string trouble(const std::string& text) {
  return error_of([&] { read<Settings>(text); }).what();
}

Deadline within(Duration length) { return Deadline(real_clock(), length); }

std::vector<Operation> run(
    const ProbeSettings& settings, Duration length, const std::function<void()>& after_preflight = [] {}) {
  auto probe = settings.make("web", {});
  Recorder sink;
  probe->preflight(within(5s));
  probe->prepare(within(5s));
  after_preflight();
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(length);
  auto stopped = probe->stop();
  std::uint64_t planned = 0;
  for (auto count : stopped.planned) planned += count;
  CHECK(sink.operations.size() == planned);
  CHECK(planned > 0);
  CHECK(probe->snapshots(within(1s)).empty());
  probe->clean_up(within(1s));
  return sink.operations;
}

HttpProbeSettings http(const HttpServer& server, const std::string& more) {
  return read<HttpProbeSettings>("url: " + server.url() + "/health\n" + more);
}

}  // namespace

TEST_CASE("http: both ways of connecting are a series each, and all is well", "[http-probe]") {
  HttpServer server([](const HttpSeen&) { return HttpReply{200, "all is well"}; });
  const auto settings = http(server, "rate: 50/s\ncontains: is well\n");
  auto info = settings.make("web", {})->info();
  REQUIRE(info.series.size() == 2);
  CHECK((info.series[0].name == "fresh" && info.series[1].name == "persistent"));
  int fresh = 0;
  for (const auto& o : run(settings, 300ms)) {
    CHECK(o.outcome == Outcome::ok);
    fresh += o.series == 0;
  }
  const int connections = server.connections();
  CHECK(connections >= fresh + 2);       // preflight's, and the kept ones
  CHECK(connections <= fresh + 2 + 10);  // far fewer than operations
  CHECK(http(server, "connections: persistent").make("web", {})->info().series[0].name == "persistent");
}

TEST_CASE("http: what is not the wanted answer has failed, with its status", "[http-probe]") {
  std::atomic<int> status = 200;
  std::string body = "well";
  HttpServer server([&](const HttpSeen&) { return HttpReply{status, body}; });
  for (const auto& o : run(http(server, "rate: 50/s"), 100ms, [&] { status = 503; })) {
    CHECK((o.outcome == Outcome::failed && o.error == 503));
  }
  status = 200;
  for (const auto& o : run(http(server, "rate: 50/s\ncontains: well"), 100ms, [&] { body = "ill"; }))
    CHECK((o.outcome == Outcome::failed && o.error == kWrongAnswer));
  for (const auto& o : run(http(server, "rate: 50/s"), 100ms, [&] { server.stop(); }))
    CHECK((o.outcome == Outcome::failed && o.error == kRefused));
}

TEST_CASE("http: a POST without an answer may have been done, and preflight sends none", "[http-probe]") {
  std::atomic<int> posts = 0;
  HttpServer server([&](const HttpSeen& seen) {
    posts += seen.method == "POST";
    return seen.method == "POST" ? HttpReply{200, "", {}, Manner::stall} : HttpReply{405, ""};
  });
  const auto settings =
      http(server, "method: POST\nbody: '{}'\nrate: 20/s\ndeadline: 200ms\ngood-within: 100ms\nconnect-timeout: 100ms");
  for (const auto& o : run(settings, 200ms, [&] { CHECK(posts == 0); })) {
    CHECK((o.outcome == Outcome::indeterminate && o.error == kTimedOut));
    CHECK(o.done - o.scheduled >= 200ms);
    CHECK(o.done - o.scheduled < 400ms);
  }
  CHECK(posts > 0);
}

TEST_CASE("http: preflight tells what is wrong", "[http-probe]") {
  HttpServer server([](const HttpSeen&) { return HttpReply{404, "nothing"}; });
  auto error = [](const HttpProbeSettings& settings) {
    return error_of([&] { settings.make("web", {})->preflight(within(3s)); });
  };
  CHECK_THAT(error(http(server, "")).what(), Catch::Contains("it answers 404, and 200 is wanted"));
  CHECK_THAT(error(http(server, "status: 404\ncontains: hello")).what(), Catch::Contains("does not contain 'hello'"));
  server.stop();
  Error down = error(http(server, ""));
  CHECK(down.kind() == ErrorKind::unreachable);
  CHECK_THAT(down.what(), Catch::Contains("/health"));
}

TEST_CASE("http: what is wrong in a scenario is told", "[http-probe]") {
  using S = HttpProbeSettings;
  CHECK_THAT(trouble<S>("url: ftp://x"), Catch::Contains("no http or https address"));
  CHECK_THAT(trouble<S>("rate: 1/s"), Catch::Contains("'url' is missing"));
  CHECK_NOTHROW(read<S>("url: http://x\nrate: 500/s"));  // preflight counts the ports
  CHECK_NOTHROW(read<S>("url: http://x\nrate: 500/s\nconnections: persistent"));
  CHECK_THAT(trouble<S>("url: http://x\nmethod: HEAD\ncontains: a"), Catch::Contains("has no body"));
  CHECK_THAT(trouble<S>("url: http://x\nconnect-timeout: 10s"), Catch::Contains("longer than the deadline"));
  CHECK_THAT(trouble<S>("url: http://x\nslo: 100%"), Catch::Contains("no error budget"));
  CHECK_THAT(trouble<S>("url: http://x\ncontent-type: \"a\\r\\nb\""), Catch::Contains("line end"));
}

namespace {

// Says something to whoever connects, or nothing.
struct Greeter {
  explicit Greeter(const std::string& words) : words_(words), acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    port = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] {
      for (;;) {
        boost::system::error_code error;
        auto& socket = kept_.emplace_back(io_);
        acceptor_.accept(socket, error);
        if (error) return;
        boost::asio::write(socket, boost::asio::buffer(words_), error);
      }
    });
  }
  ~Greeter() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
    acceptor_.close();
  }
  int port = 0;

 private:
  std::string words_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::list<boost::asio::ip::tcp::socket> kept_;
  std::thread thread_;
};

TcpProbeSettings tcp(const Greeter& greeter, const std::string& more) {
  return read<TcpProbeSettings>("host: 127.0.0.1\nport: " + std::to_string(greeter.port) + "\nrate: 50/s\n" + more);
}

}  // namespace

TEST_CASE("tcp: connects, and compares the greeting", "[tcp-probe]") {
  Greeter greeter("SSH-2.0-Fake\r\n");
  for (const auto& o : run(tcp(greeter, ""), 200ms)) CHECK(o.outcome == Outcome::ok);
  for (const auto& o : run(tcp(greeter, "banner: SSH-2.0-"), 200ms)) CHECK(o.outcome == Outcome::ok);
  Error other = error_of([&] { tcp(greeter, "banner: HTTP").make("t", {})->preflight(within(2s)); });
  CHECK(other.kind() == ErrorKind::unmet);
  CHECK_THAT(other.what(), Catch::Contains("the greeting is another"));
  for (const auto& o : run(tcp(greeter, ""), 100ms, [&] { greeter.stop(); }))
    CHECK((o.outcome == Outcome::failed && o.error == kRefused));
  CHECK(error_of([&] { tcp(greeter, "").make("t", {})->preflight(within(2s)); }).kind() == ErrorKind::unreachable);
}

TEST_CASE("tcp: a server that says nothing is given up at the deadline", "[tcp-probe]") {
  Greeter silent("");
  const auto settings = tcp(silent, "banner: '220 '\ndeadline: 200ms\ngood-within: 100ms");
  auto probe = settings.make("t", {});
  CHECK(error_of([&] { probe->preflight(within(300ms)); }).kind() == ErrorKind::unreachable);
  Recorder sink;
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(100ms);
  probe->stop();
  REQUIRE_FALSE(sink.operations.empty());
  for (const auto& o : sink.operations) CHECK((o.outcome == Outcome::failed && o.error == kTimedOut));
}
