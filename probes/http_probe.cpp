#include "probes/http_probe.h"

#include <fmt/format.h>

#include <cmath>

#include "base/units.h"
#include "probes/http_outcome.h"
#include "probes/http_session.h"
#include "probes/open_files.h"
#include "probes/plain_probe.h"

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

HttpSettings client_of(const HttpProbeSettings& settings) {
  HttpSettings client;
  client.ca_file = settings.cacert;
  client.connect_timeout = settings.connect_timeout;
  return client;
}

bool right(const HttpProbeSettings& settings, const HttpAnswer& answer) {
  return answer.ok() && answer.status == settings.status && answer.body.find(settings.contains) != std::string::npos;
}

class HttpWorkload final : public Workload {
 public:
  HttpWorkload(boost::asio::io_context& io, const HttpProbeSettings& settings)
      : settings_(settings), request_(request_of(settings)), client_(io, client_of(settings)) {}

  void send(const Operation& operation, const Deadline& deadline, Done done) override {
    const bool fresh = operation.series == 0 && settings_.connections != "persistent";
    client_.send(request_, fresh ? HttpClient::Connection::fresh : HttpClient::Connection::kept, deadline.left(),
                 [this, done = std::move(done)](const HttpAnswer& answer) {
                   done(outcome_of(request_.writes(), answer, right(settings_, answer)));
                 });
  }

 private:
  HttpProbeSettings settings_;
  HttpRequest request_;
  HttpClient client_;
};

class HttpProbe final : public PlainProbe {
 public:
  HttpProbe(const std::string& name, const HttpProbeSettings& settings) : name_(name), settings_(settings) {}

  ProbeInfo info() const override {
    ProbeInfo info;
    info.name = name_;
    info.kind = "http";
    info.description = fmt::format("{} {}", settings_.method, settings_.url);
    for (const char* series : {"fresh", "persistent"})
      if (settings_.connections == series || settings_.connections == "both")
        info.series.push_back({series, settings_.rate, settings_.limits.deadline, settings_.limits.good_within, false});
    settings_.promise.fill(info);
    return info;
  }

  void preflight(const Deadline& deadline) override;

 protected:
  std::unique_ptr<Workload> make_workload(boost::asio::io_context& io) override {
    return std::make_unique<HttpWorkload>(io, settings_);
  }

 private:
  std::string name_;
  HttpProbeSettings settings_;
};

void HttpProbe::preflight(const Deadline& deadline) {
  const double seconds = std::chrono::duration<double>(settings_.limits.deadline).count();
  require_open_files(static_cast<std::int64_t>(std::ceil(2 * settings_.rate * seconds)) + 1, "an http probe with this rate");
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
  f.rate({"rate", "requests of each series"}, rate, {0.01, 2000});
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
  check_fresh_rate(f, "rate", rate, connections);
}

std::unique_ptr<Probe> HttpProbeSettings::make(const std::string& name, const Cloud&) const {
  return std::make_unique<HttpProbe>(name, *this);
}

}  // namespace blackstart
