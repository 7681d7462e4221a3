#include "probes/tcp_probe.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "base/error.h"
#include "probes/plain_probe.h"
#include "probes/room.h"
#include "probes/tcp_dial.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One connection: opened, its greeting compared, closed. Its coroutine and its timer hold it alive.
class Call : public std::enable_shared_from_this<Call> {
 public:
  using Done = std::function<void(const TcpTrouble&)>;
  Call(asio::io_context& io, const TcpProbeSettings& settings, Done done)
      : io_(io), settings_(settings), done_(std::move(done)), end_(io), dial_(io) {}

  void begin(Duration limit) {
    end_.expires_after(limit);
    end_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->finish({kTimedOut, "no answer in time"});
    });
    asio::co_spawn(
        io_, [self = shared_from_this()] { return self->run(); }, asio::detached);
  }

 private:
  asio::awaitable<void> run() {
    co_await asio::post(asio::use_awaitable);
    TcpTrouble trouble = co_await dial_.open(settings_.host, static_cast<std::uint16_t>(settings_.port));
    if (trouble.error == 0 && !settings_.banner.empty()) trouble = co_await greeted();
    finish(trouble);
  }

  asio::awaitable<TcpTrouble> greeted() {
    std::string heard(settings_.banner.size(), '\0');
    for (std::size_t count = 0; count < heard.size();) {
      error_code error;
      count += co_await dial_.socket().async_read_some(asio::buffer(heard.data() + count, heard.size() - count),
                                                       asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return TcpTrouble{kBroken, "waiting for the greeting: " + error.message()};
    }
    if (heard != settings_.banner) co_return TcpTrouble{kWrongAnswer, "the greeting is another"};
    co_return TcpTrouble{};
  }

  void finish(const TcpTrouble& trouble) {
    if (!done_) return;
    end_.cancel();
    dial_.close();
    std::exchange(done_, nullptr)(trouble);
  }

  asio::io_context& io_;
  TcpProbeSettings settings_;
  Done done_;
  asio::steady_timer end_;
  TcpDial dial_;
};

class TcpWorkload final : public Workload {
 public:
  TcpWorkload(asio::io_context& io, const TcpProbeSettings& settings) : io_(io), settings_(settings) {}

  void send(const Operation&, const Deadline& deadline, Done done) override {
    auto told = [done = std::move(done)](const TcpTrouble& trouble) {
      const Outcome outcome = trouble.error == 0 ? Outcome::ok : trouble.error == kNoSocket ? Outcome::unsent : Outcome::failed;
      done({outcome, trouble.error});
    };
    std::make_shared<Call>(io_, settings_, std::move(told))->begin(deadline.left());
  }

 private:
  asio::io_context& io_;
  TcpProbeSettings settings_;
};

class TcpProbe final : public PlainProbe {
 public:
  TcpProbe(const std::string& name, const TcpProbeSettings& settings) : name_(name), settings_(settings) {}

  ProbeInfo info() const override {
    ProbeInfo info;
    info.name = name_;
    info.kind = "tcp";
    info.description = fmt::format("connections to {} port {}{}", settings_.host, settings_.port,
                                   settings_.banner.empty() ? ", which no program need answer" : "");
    info.series = {{"connect", settings_.rate, settings_.limits.deadline, settings_.limits.good_within, false}};
    settings_.promise.fill(info);
    return info;
  }

  Room room() const override {
    return {most_under_way(settings_.rate, settings_.limits.deadline),
            {{settings_.host, settings_.port, settings_.rate, settings_.limits.deadline}}};
  }

  void preflight(const Deadline& deadline) override {
    make_room({{name_, room()}});
    std::optional<TcpTrouble> trouble;
    asio::io_context io{1};
    std::make_shared<Call>(io, settings_, [&](const TcpTrouble& told) { trouble = told; })->begin(deadline.left());
    while (!trouble) io.run_one();
    if (trouble->error == 0) return;
    const bool wrong = trouble->error == kWrongAnswer || trouble->error == kNoSocket;
    throw Error(wrong ? ErrorKind::unmet : ErrorKind::unreachable,
                fmt::format("connecting to {} port {}", settings_.host, settings_.port), trouble->message,
                wrong ? "check 'banner' of the probe" : "is the service up, and may this machine reach it?");
  }

 protected:
  std::unique_ptr<Workload> make_workload(asio::io_context& io) override {
    return std::make_unique<TcpWorkload>(io, settings_);
  }

 private:
  std::string name_;
  TcpProbeSettings settings_;
};

}  // namespace

std::string TcpProbeSettings::doubt() const {
  if (!banner.empty()) return "";
  return "has no 'banner': a kernel accepts connections for a program that hangs, a proxy without any server behind it; say "
         "what "
         "the server greets with, or use the probe http or ledger";
}

void TcpProbeSettings::describe(Fields& f) {
  f.text({"host", "name or address that is connected to", Field::required}, host);
  f.integer({"port", "its TCP port", Field::required}, port, {1, 65535});
  f.text({"banner", "the first bytes that the server must say, as 'SSH-2.0-'; without it, nothing is waited for"}, banner);
  f.rate({"rate", "connections"}, rate, {0.01, 20'000});
  limits.describe(f);
  promise.describe(f);
}

std::unique_ptr<Probe> TcpProbeSettings::make(const std::string& name, const Cloud&) const {
  return std::make_unique<TcpProbe>(name, *this);
}

}  // namespace blackstart
