// The HTTP client against a server that behaves as badly as servers do.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "probes/http_outcome.h"
#include "probes/http_sender.h"
#include "probes/http_session.h"
#include "reports/operation.h"
#include "tests/support/error_of.h"
#include "tests/support/http_server.h"

using namespace blackstart;
using TlsCertificate = test::Certificate;
using test::HttpReply;
using test::HttpSeen;
using test::HttpServer;
using Manner = HttpReply::Manner;

namespace {

HttpServer::Handler always(HttpReply reply) {
  return [reply](const HttpSeen&) { return reply; };
}

HttpAnswer ask(const std::string& url, Duration limit = 5s, HttpSettings settings = {}, const std::string& method = "GET") {
  HttpSession session(settings, Deadline(real_clock(), limit));
  HttpRequest request;
  request.method = method;
  request.url = parse_url(url).value();
  return session.ask(request);
}

// Several requests one after the other on one client.
std::vector<HttpAnswer> ask_in_turn(
    const HttpServer& server, HttpClient::Connection how, int times, const std::function<void()>& between = [] {}) {
  boost::asio::io_context io;
  HttpClient client(io, {});
  std::vector<HttpAnswer> answers;
  while (answers.size() < static_cast<std::size_t>(times)) {
    if (!answers.empty()) between();
    const std::size_t before = answers.size();
    io.restart();
    client.send({"GET", parse_url(server.url()).value(), {}, ""}, how, 5s,
                [&](HttpAnswer a) { answers.push_back(std::move(a)); });
    while (answers.size() == before) io.run_one();
  }
  return answers;
}

}  // namespace

TEST_CASE("a URL is taken apart, and what is none is refused", "[http]") {
  Url url = parse_url("https://api.example:8774/v2.1/servers?limit=1").value();
  CHECK((url.tls && url.host == "api.example" && url.port == 8774 && url.path == "/v2.1/servers?limit=1"));
  CHECK(url.origin() == "https://api.example:8774");
  CHECK(parse_url("http://h").value() == Url{false, "h", 80, "/"});
  CHECK(parse_url("https://h?a=b").value() == Url{true, "h", 443, "/?a=b"});
  CHECK(parse_url("https://h").value().authority() == "h");
  CHECK(parse_url("http://[::1]:5000/v3").value().authority() == "[::1]:5000");
  CHECK(parse_url("http://h/v3/").value().below("auth/tokens").text() == "http://h/v3/auth/tokens");
  for (const char* bad :
       {"", "h", "ftp://h", "http://", "http://:80", "http://u:p@h", "http://h:0", "http://h:70000", "http://h:x",
        "http://h/a b", "http://h/a\r\nX: y", "http://[::1", "http://h/#f", "http://h\xc3\xa9/"})
    CHECK_FALSE(parse_url(bad));
}

TEST_CASE("an answer comes with its status, headers and body", "[http]") {
  HttpSeen seen;
  HttpServer server([&](const HttpSeen& s) {
    seen = s;
    return HttpReply{201, "hello", {{"X-Subject-Token", "abc"}}};
  });
  HttpSession session({}, Deadline(real_clock(), 5s));
  HttpAnswer answer = session.ask({"POST", parse_url(server.url() + "/v3?x=1").value(), {{"X-Auth", "t"}}, "{}"});
  REQUIRE(answer.ok());
  CHECK((answer.status == 201 && answer.body == "hello" && answer.sent));
  CHECK(answer.header("x-subject-token") == "abc");
  CHECK(answer.header("none").empty());
  CHECK((seen.method == "POST" && seen.target == "/v3?x=1" && seen.body == "{}"));
  CHECK(seen.headers["x-auth"] == "t");
  CHECK(seen.headers["host"] == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(seen.headers["content-length"] == "2");
}

TEST_CASE("chunks are put together; HEAD and 204 have no body", "[http]") {
  HttpServer server([](const HttpSeen& seen) {
    if (seen.target == "/none") return HttpReply{204, ""};
    return HttpReply{200, std::string(100'000, 'x'), {}, Manner::chunked};
  });
  CHECK(ask(server.url()).body.size() == 100'000);
  CHECK(ask(server.url() + "/none").status == 204);
  HttpAnswer head = ask(server.url(), 5s, {}, "HEAD");
  CHECK((head.ok() && head.status == 200 && head.body.empty()));
}

TEST_CASE("a server that says nothing is given up at the limit", "[http]") {
  HttpServer server(always({200, "", {}, Manner::stall}));
  const Time before = real_clock().now();
  HttpAnswer answer = ask(server.url(), 300ms);
  CHECK((answer.error == kTimedOut && answer.sent));
  CHECK(real_clock().now() - before >= 290ms);
  CHECK(real_clock().now() - before < 2s);
}

TEST_CASE("resets, half answers, garbage and giants are told apart", "[http]") {
  auto error_with = [](HttpReply reply, HttpSettings settings = {}) {
    HttpServer server(always(std::move(reply)));
    HttpAnswer answer = ask(server.url(), 5s, settings);
    CHECK(answer.sent);
    CHECK_FALSE(answer.message.empty());
    return answer.error;
  };
  CHECK(error_with({200, "", {}, Manner::reset}) == kBroken);
  CHECK(error_with({200, std::string(1000, 'x'), {}, Manner::half}) == kBroken);
  CHECK(error_with({200, "", {}, Manner::half}) == kBroken);
  CHECK(error_with({200, "SSH-2.0-OpenSSH_9.2\r\n", {}, Manner::garbage}) == kWrongAnswer);
  CHECK(error_with({200, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", {}, Manner::garbage}) == kWrongAnswer);
  CHECK(error_with({200, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", {}, Manner::garbage}) ==
        kWrongAnswer);
  HttpSettings small;
  small.most_body = 1000;
  CHECK(error_with({200, std::string(1001, 'x')}, small) == kWrongAnswer);
  CHECK(error_with({200, std::string(1001, 'x'), {}, Manner::chunked}, small) == kWrongAnswer);
}

TEST_CASE("interim answers are passed over, but not for ever", "[http]") {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  HttpServer one(always({200, interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", {}, Manner::garbage}));
  HttpAnswer answer = ask(one.url());
  CHECK((answer.status == 200 && answer.body == "hi"));
  std::string many;
  for (int i = 0; i < 50; ++i) many += interim;
  HttpServer endless(always({200, many, {}, Manner::garbage}));
  CHECK(ask(endless.url()).error == kWrongAnswer);
}

TEST_CASE("nobody there, and no such name", "[http]") {
  HttpServer server(always({}));
  const std::string url = server.url();
  server.stop();
  HttpAnswer refused = ask(url);
  CHECK((refused.error == kRefused && !refused.sent));
  // A label of 64 letters is none: no name server is asked.
  HttpAnswer nameless = ask("http://" + std::string(64, 'x') + ".invalid/", 15s, [] {
    HttpSettings patient;
    patient.connect_timeout = 15s;
    return patient;
  }());
  CHECK((nameless.error == kNoName && !nameless.sent));
}

TEST_CASE("the limit for connecting is its own, TLS included", "[http]") {
  // It accepts and never shakes hands.
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  HttpSettings settings;
  settings.connect_timeout = 200ms;
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  HttpAnswer answer = ask(url, 5s, settings);
  CHECK((answer.error == kNoConnection && !answer.sent));
  CHECK(ask(url, 100ms, settings).error == kTimedOut);
}

TEST_CASE("fresh connections are used once, kept ones again", "[http]") {
  HttpServer fresh(always({}));
  for (const auto& answer : ask_in_turn(fresh, HttpClient::Connection::fresh, 3)) CHECK(answer.status == 200);
  CHECK(fresh.connections() == 3);
  HttpServer kept(always({}));
  for (const auto& answer : ask_in_turn(kept, HttpClient::Connection::kept, 3)) CHECK(answer.status == 200);
  CHECK(kept.connections() == 1);
}

TEST_CASE("a kept connection that the server has closed is noticed before it is used", "[http]") {
  HttpServer server(always({200, "x", {}, Manner::close_after}));
  for (const auto& answer : ask_in_turn(server, HttpClient::Connection::kept, 3)) CHECK(answer.ok());
  CHECK(server.connections() == 3);
}

TEST_CASE("a kept connection that ends while it is idle is not used again, whether the loop turns meanwhile or stands",
          "[http]") {
  const bool turns = GENERATE(true, false);
  HttpServer server(always({200, "x"}));
  boost::asio::io_context io;
  HttpClient client(io, {});
  std::optional<HttpAnswer> answer;
  const auto ask_again = [&] {
    answer.reset();
    client.send({"GET", parse_url(server.url()).value(), {}, ""}, HttpClient::Connection::kept, 5s,
                [&](HttpAnswer a) { answer = std::move(a); });
    while (!answer) io.run_one();
  };
  ask_again();
  CHECK(answer->ok());
  server.stop();
  if (turns)
    io.run_one_for(5s);  // the end of the connection comes in
  else
    real_clock().pause(30ms);  // longer than a loop that turns ever stands
  ask_again();
  CHECK((answer->error == kRefused && !answer->sent));
}

TEST_CASE("the next request may come from the last one's answer, and gets its connection", "[http]") {
  HttpServer server(always({200, "x"}));
  boost::asio::io_context io;
  HttpSender sender(io, {});
  const auto request = sender.prepare({"GET", parse_url(server.url()).value(), {}, ""}, HttpClient::Connection::kept, {});
  int answers = 0;
  std::function<void(HttpAnswer)> next = [&](const HttpAnswer& answer) {
    CHECK((answer.status == 200 && answer.body == "x"));
    if (++answers < 5) sender.send(request, 5s, next);
  };
  sender.send(request, 5s, next);
  while (answers < 5) io.run_one();
  CHECK(server.connections() == 1);
}

TEST_CASE("many at one time: each ends at its own limit, in whatever order they came", "[http]") {
  HttpServer server(always({200, "", {}, Manner::stall}));
  boost::asio::io_context io;
  HttpClient client(io, {});
  const auto start = real_clock().now();
  std::vector<int> order;
  for (int i : {3, 1, 2, 0})
    client.send({"GET", parse_url(server.url()).value(), {}, ""}, HttpClient::Connection::kept, 100ms + i * 30ms,
                [&, i](const HttpAnswer& answer) {
                  CHECK((answer.error == kTimedOut && answer.sent));
                  CHECK(real_clock().now() - start >= 100ms + i * 30ms);
                  order.push_back(i);
                });
  CHECK(order.empty());
  while (order.size() < 4) io.run_one();
  CHECK(order == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a body that no socket takes at once arrives whole, and the connection is kept", "[http]") {
  std::size_t seen = 0;
  HttpServer server([&](const HttpSeen& s) {
    seen = s.body.size();
    return HttpReply{201, "made"};
  });
  HttpSession session({}, Deadline(real_clock(), 20s));
  for (int i = 1; i <= 2; ++i) {
    const std::size_t size = static_cast<std::size_t>(i) * 12'000'000;
    const HttpAnswer answer = session.ask({"POST", parse_url(server.url()).value(), {}, std::string(size, 'b')});
    CHECK((answer.status == 201 && answer.body == "made"));
    CHECK(seen == size);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("what is not wanted of an answer is not kept", "[http]") {
  HttpServer server(always({200, "hello", {{"X-A", "b"}}}));
  boost::asio::io_context io;
  HttpSender sender(io, {});
  const auto answer_with = [&](bool headers, bool body) {
    std::optional<HttpAnswer> answer;
    sender.send(sender.prepare({"GET", parse_url(server.url()).value(), {}, ""}, HttpClient::Connection::kept, {headers, body}),
                5s, [&](HttpAnswer a) { answer = std::move(a); });
    while (!answer) io.run_one();
    CHECK(answer->status == 200);
    return *answer;
  };
  CHECK(answer_with(true, true).header("x-a") == "b");
  CHECK((answer_with(false, true).headers.empty() && answer_with(false, true).body == "hello"));
  CHECK(answer_with(true, false).body.empty());
  CHECK(server.connections() == 1);
}

TEST_CASE("nothing is taken from half an answer", "[http]") {
  HttpServer half(always({401, std::string(1000, 'x'), {}, Manner::half}));
  const HttpAnswer answer = ask(half.url());
  CHECK((answer.error == kBroken && answer.status == 0 && answer.headers.empty() && answer.body.empty()));
}

TEST_CASE("an answer without a length ends with its connection", "[http]") {
  HttpServer server(always({200, "HTTP/1.1 200 OK\r\n\r\nhello", {}, Manner::garbage}));
  const auto answers = ask_in_turn(server, HttpClient::Connection::kept, 2);
  CHECK((answers[0].body == "hello" && answers[1].body == "hello"));
  CHECK(server.connections() == 2);
}

TEST_CASE("what is no whole status is no answer, wherever it ends", "[http]") {
  HttpServer server(always({200, "HTTP/1.1 099 No\r\n\r\nhello", {}, Manner::garbage}));
  const HttpAnswer answer = ask(server.url());
  CHECK((answer.error == kBroken && answer.status == 0));
}

TEST_CASE("a session notices that its server has hung up right after the answer, without a word", "[http]") {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  const Url url = parse_url("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())).value();
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
  HttpSession session({}, Deadline(real_clock(), 5s));
  for (int i = 0; i < 2; ++i) {
    std::thread server([&] {
      boost::system::error_code ignored;
      auto socket = acceptor.accept();
      char asked[1024];
      socket.read_some(boost::asio::buffer(asked), ignored);
      boost::asio::write(socket, boost::asio::buffer(text), ignored);
    });
    const HttpAnswer answer = session.ask({"GET", url, {}, ""});
    if (!answer.ok()) ask(url.text());  // it still waits for somebody
    server.join();
    CHECK(answer.body == "a");
  }
}

TEST_CASE("an answer may come byte by byte", "[http]") {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  std::thread server([&] {
    auto socket = acceptor.accept();
    socket.set_option(boost::asio::ip::tcp::no_delay(true));
    char asked[1024];
    socket.read_some(boost::asio::buffer(asked));
    boost::system::error_code ignored;
    for (const char& byte : text) boost::asio::write(socket, boost::asio::buffer(&byte, 1), ignored);
  });
  const HttpAnswer answer = ask(url);
  server.join();
  CHECK((answer.status == 200 && answer.body == "hello" && answer.header("x-a") == "b"));
}

TEST_CASE("words that nobody asked for make a kept connection useless", "[http]") {
  // A second answer behind the first would be taken for that to the next request.
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  HttpServer server(always({200, one + "a" + one + "b", {}, Manner::garbage}));
  auto answers = ask_in_turn(server, HttpClient::Connection::kept, 2);
  CHECK((answers[0].body == "a" && answers[1].body == "a"));
  CHECK(server.connections() == 2);
}

TEST_CASE("TLS: a certificate must be trusted and name the host", "[http]") {
  TlsCertificate certificate("IP:127.0.0.1"), other("DNS:somewhere.else,IP:127.0.0.2");
  HttpServer server(always({200, "safe"}), &certificate), wrong(always({200, "safe"}), &other);
  HttpSettings trusting;
  trusting.ca_file = certificate.file();
  CHECK(ask(server.url(), 5s, trusting).body == "safe");
  HttpAnswer unknown = ask(server.url());
  CHECK((unknown.error == kUntrusted && !unknown.sent));
  CHECK_THAT(unknown.message, Catch::Contains("self-signed"));
  HttpAnswer by_name = ask(server.url("localhost"), 5s, trusting);
  CHECK((by_name.error == kUntrusted && !by_name.sent));
  trusting.ca_file = other.file();
  HttpAnswer misnamed = ask(wrong.url(), 5s, trusting);
  CHECK((misnamed.error == kUntrusted && !misnamed.sent));
}

TEST_CASE("TLS towards a plain server, and plain towards a TLS server", "[http]") {
  TlsCertificate certificate("IP:127.0.0.1");
  HttpServer plain(always({200, "x"})), tls(always({200, "x"}), &certificate);
  HttpAnswer answer = ask("https://127.0.0.1:" + std::to_string(plain.port()));
  CHECK(answer.error == kWrongAnswer);
  CHECK_FALSE(answer.sent);
  const Error told = no_answer("asking", answer);
  CHECK_THAT(told.what(), Catch::Contains("does not speak TLS"));
  CHECK_THAT(told.hint(), Catch::Contains("http or https") && !Catch::Contains("cacert"));
  CHECK_FALSE(ask("http://127.0.0.1:" + std::to_string(tls.port())).ok());
}

TEST_CASE("a CA file that is none is an error that names it", "[http]") {
  HttpSettings settings;
  settings.ca_file = "/nowhere/ca.pem";
  Error error = error_of([&] { HttpSession(settings, Deadline(real_clock(), 1s)); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Catch::Contains("/nowhere/ca.pem"));
}

TEST_CASE("outcomes: only what certainly had no effect has failed", "[http]") {
  auto outcome = [](bool writes, std::uint16_t error, bool sent, int status = 0, bool right = false) {
    HttpAnswer answer;
    answer.error = error, answer.sent = sent, answer.status = status;
    auto result = outcome_of(writes, answer, right);
    return std::pair(result.outcome, static_cast<int>(result.error));
  };
  CHECK(outcome(false, 0, true, 200, true) == std::pair(Outcome::ok, 0));
  CHECK(outcome(false, 0, true, 503) == std::pair(Outcome::failed, 503));
  CHECK(outcome(true, 0, true, 503) == std::pair(Outcome::indeterminate, 503));
  CHECK(outcome(true, 0, true, 409) == std::pair(Outcome::failed, 409));
  CHECK(outcome(true, 0, true, 302) == std::pair(Outcome::indeterminate, 302));
  CHECK(outcome(false, 0, true, 200, false) == std::pair(Outcome::failed, static_cast<int>(kWrongAnswer)));
  CHECK(outcome(true, 0, true, 200, false) == std::pair(Outcome::indeterminate, static_cast<int>(kWrongAnswer)));
  CHECK(outcome(true, kTimedOut, true) == std::pair(Outcome::indeterminate, static_cast<int>(kTimedOut)));
  CHECK(outcome(true, kTimedOut, false) == std::pair(Outcome::failed, static_cast<int>(kTimedOut)));
  CHECK(outcome(false, kBroken, true) == std::pair(Outcome::failed, static_cast<int>(kBroken)));
  CHECK(outcome(true, kRefused, false) == std::pair(Outcome::failed, static_cast<int>(kRefused)));
  CHECK(outcome(false, kNoSocket, false).first == Outcome::unsent);
}
