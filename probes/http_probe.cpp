#include "probes/http_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "probes/http_outcome.h"
#include "probes/http_sender.h"
#include "probes/http_session.h"
#include "probes/plain_probe.h"
#include "probes/room.h"

namespace blackstart {
namespace {

constexpr std::size_t kShown = 80;  // bytes of a wrong answer

HttpRequest request_of(const HttpProbeSettings& settings) {
  HttpRequest request;
  request.method = settings.method;
  request.url = parse_url(settings.url).value();
  if (request.writes()) {
    request.headers.emplace_back("Content-Type", settings.content_type);
    request.body = settings.body;
  }
  return request;
}

// At high rates those of a tenth of a second: after a hiccup of the network so many are in use at one time.
std::size_t most_kept(const HttpProbeSettings& settings) {
  return std::max(HttpSettings().most_kept, static_cast<std::size_t>(std::ceil(settings.rate / 10)));
}

HttpSettings client_of(const HttpProbeSettings& settings) {
  HttpSettings client;
  client.ca_file = settings.cacert;
  client.connect_timeout = settings.connect_timeout;
  client.most_kept = most_kept(settings);
  return client;
}

bool right(const HttpProbeSettings& settings, const HttpAnswer& answer) {
  return answer.ok() && answer.status == settings.status && answer.body.find(settings.contains) != std::string::npos;
}

class HttpWorkload final : public Workload {
 public:
  HttpWorkload(boost::asio::io_context& io, const HttpProbeSettings& settings)
      : settings_(settings), sender_(io, client_of(settings)) {
    const HttpRequest request = request_of(settings);
    const HttpSender::Wanted wanted{false, !settings.contains.empty()};
    writes_ = request.writes();
    if (settings.fresh()) series_.push_back(sender_.prepare(request, HttpClient::Connection::fresh, wanted));
    if (settings.persistent()) series_.push_back(sender_.prepare(request, HttpClient::Connection::kept, wanted));
  }

  void send(const Operation& operation, const Deadline& deadline, Done done) override {
    sender_.send(series_[operation.series], deadline.left(), [this, done = std::move(done)](const HttpAnswer& answer) {
      done(outcome_of(writes_, answer, right(settings_, answer)));
    });
  }

 private:
  HttpProbeSettings settings_;
  HttpSender sender_;
  std::vector<std::shared_ptr<const HttpSender::Prepared>> series_;  // their requests
  bool writes_ = false;
};

class HttpProbe final : public PlainProbe {
 public:
  HttpProbe(const std::string& name, const HttpProbeSettings& settings) : name_(name), settings_(settings) {}

  ProbeInfo info() const override {
    ProbeInfo info;
    info.name = name_;
    info.kind = "http";
    info.description = fmt::format("{} {}", settings_.method, settings_.url);
    const auto add = [&](const char* series) {
      info.series.push_back({series, settings_.rate, settings_.limits.deadline, settings_.limits.good_within, false});
    };
    if (settings_.fresh()) add("fresh");
    if (settings_.persistent()) add("persistent");
    settings_.promise.fill(info);
    return info;
  }

  Room room() const override;

  void preflight(const Deadline& deadline) override;

 protected:
  std::unique_ptr<Workload> make_workload(boost::asio::io_context& io) override {
    return std::make_unique<HttpWorkload>(io, settings_);
  }

 private:
  std::string name_;
  HttpProbeSettings settings_;
};

Room HttpProbe::room() const {
  Room room;
  const std::int64_t each = most_under_way(settings_.rate, settings_.limits.deadline);
  if (settings_.persistent()) room.descriptors += each + static_cast<std::int64_t>(most_kept(settings_));
  if (!settings_.fresh()) return room;
  const Url url = parse_url(settings_.url).value();
  room.descriptors += each;
  room.fresh.push_back({url.host, url.port, settings_.rate, settings_.limits.deadline});
  return room;
}

void HttpProbe::preflight(const Deadline& deadline) {
  make_room({{name_, room()}});
  HttpRequest request = request_of(settings_);
  const bool writes = request.writes();
  // Nothing may be changed yet: whether the server is there can be asked without.
  if (writes) request.method = "OPTIONS", request.body.clear();
  HttpSettings patient = client_of(settings_);
  patient.connect_timeout = deadline.left();
  const HttpAnswer answer = HttpSession(patient, deadline).ask(request);
  const std::string doing = fmt::format("asking {} {}", request.method, settings_.url);
  if (!answer.ok()) throw no_answer(doing, answer);
  if (writes || right(settings_, answer)) return;
  if (answer.status != settings_.status)
    throw Error(ErrorKind::unmet, doing, fmt::format("it answers {}, and {} is wanted", answer.status, settings_.status),
                "check 'url' and 'status' of the probe, and the service");
  throw Error(
      ErrorKind::unmet, doing,
      fmt::format("its answer of {} bytes does not contain '{}'", answer.body.size(), settings_.contains.substr(0, kShown)),
      "check 'contains' of the probe");
}

}  // namespace

void HttpProbeSettings::describe(Fields& f) {
  f.text({"url", "what is asked: http or https", Field::required}, url);
  f.choice({"method", "POST is sent as a write: without an answer its outcome is indeterminate"}, method,
           {"GET", "HEAD", "POST"});
  f.text({"body", "what a POST sends"}, body);
  f.text({"content-type", "of the body"}, content_type);
  f.integer({"status", "the HTTP status that is right; redirects are not followed"}, status, {200, 599});
  f.text({"contains", "text that the answer must have in its body"}, contains);
  f.text({"cacert", "CA certificates to trust instead of this machine's, PEM"}, cacert);
  f.rate({"rate", "requests of each series"}, rate, {0.01, 20'000});
  describe_connections(f, connections);
  f.duration({"connect-timeout", "limit for looking the name up, TCP and TLS together"}, connect_timeout, {10ms, 30s});
  limits.describe(f);
  promise.describe(f);
  if (!f.reading()) return;
  if (!url.empty() && !parse_url(url))
    f.problem("url", "this is no http or https address", "https://host:port/path, without user or password");
  if (content_type.find_first_of("\r\n") != std::string::npos) f.problem("content-type", "it has a line end");
  if (method == "HEAD" && !contains.empty()) f.problem("contains", "the answer to HEAD has no body");
  if (connect_timeout > limits.deadline)
    f.problem("connect-timeout", fmt::format("{} is longer than the deadline of an operation, {}",
                                             format_duration(connect_timeout), format_duration(limits.deadline)));
}

std::unique_ptr<Probe> HttpProbeSettings::make(const std::string& name, const Cloud&) const {
  return std::make_unique<HttpProbe>(name, *this);
}

}  // namespace blackstart
