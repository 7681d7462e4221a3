#include "probes/openstack_workload.h"

#include <nlohmann/json.hpp>

#include "probes/http_outcome.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_leftovers.h"
#include "probes/openstack_life.h"
#include "probes/openstack_pool.h"
#include "probes/openstack_ring.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;
using Form = OpenStackOperation::Form;

constexpr std::size_t kMostKept = 50;

HttpSettings client_of(const OpenStackSettings& settings, const OpenStackStart& start) {
  HttpSettings client;
  client.ca_file = start.credentials.cacert;
  client.connect_timeout = settings.connect_timeout;
  client.most_kept = kMostKept;
  return client;
}

// A right answer is JSON with this key; a `show` is right when it is the one that was asked for.
bool answers(const HttpAnswer& answer, const std::string& key, const std::string& id) {
  if (!answer.ok() || answer.status != 200) return false;
  const Json body = Json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains(key)) return false;
  return id.empty() || text_of(key == "id" ? body : body[key], "id") == id;
}

class OpenStackWorkload final : public Workload {
 public:
  OpenStackWorkload(boost::asio::io_context& io, const OpenStackSettings& settings, const OpenStackStart& start)
      : series_(series_of(settings)), caller_(io, settings, start), leftovers_(caller_), ring_(caller_) {}

  void send(const Operation& operation, const Deadline& deadline, Done done) override;

 private:
  void issue(bool fresh, const Deadline& deadline, Done done);
  void validate(const std::string& token, bool fresh, const Deadline& deadline, Done done);
  void look(const OpenStackOperation& what, bool fresh, const Deadline& deadline, Done done);

  // Each server has come to rest before its turn comes again, with both ways of connecting too.
  std::size_t slot_of(const Operation& operation, const OpenStackSeries& series) const {
    const bool both = series.line.fresh() && series.line.persistent();
    return (both ? 2 * operation.number + (series.fresh ? 0 : 1) : operation.number) % caller_.start.ground.pool.size();
  }

  std::vector<OpenStackSeries> series_;
  OpenStackCaller caller_;
  Leftovers leftovers_;
  TokenRing ring_;
};

void OpenStackWorkload::send(const Operation& operation, const Deadline& deadline, Done done) {
  const OpenStackSeries& series = series_[operation.series];
  const OpenStackOperation& what = series.line.what();
  switch (what.form) {
    case Form::issue: return issue(series.fresh, deadline, std::move(done));
    // Series of the same rate begin at different places of the ring, so that together they have asked for all of it sooner.
    case Form::validate:
      return validate(ring_.turn(operation.number + (series.fresh ? 0 : 15)), series.fresh, deadline, std::move(done));
    case Form::list:
    case Form::show: return look(what, series.fresh, deadline, std::move(done));
    case Form::migrate: return begin_migration(caller_, slot_of(operation, series), series.fresh, deadline, std::move(done));
    case Form::evacuate: return begin_evacuation(caller_, series.fresh, deadline, std::move(done));
    case Form::home: return begin_roll_call(caller_, series.fresh, deadline, std::move(done));
    case Form::served: return begin_group_call(caller_, series.fresh, deadline, std::move(done));
    case Form::life: break;
  }
  const std::string name = caller_.settings.prefix + series.name() + "-" + std::to_string(operation.number);
  begin_life(caller_, leftovers_, resource_kind(what.resource), name, series.fresh, deadline, std::move(done));
}

// It makes a token, but nothing that could be lost: a read, as far as outcomes go.
void OpenStackWorkload::issue(bool fresh, const Deadline& deadline, Done done) {
  caller_.client.send(
      token_request(caller_.start.credentials), fresh ? HttpClient::Connection::fresh : HttpClient::Connection::kept,
      deadline.left(),
      [done = std::move(done)](const HttpAnswer& answer) { done(outcome_of(false, answer, holds_token(answer))); });
}

void OpenStackWorkload::validate(const std::string& token, bool fresh, const Deadline& deadline, Done done) {
  caller_.ask("GET", ApiService::identity, "auth/tokens", fresh, deadline.left(),
              [this, done = std::move(done), token](const HttpAnswer& answer) {
                ring_.answered(token, answer);
                done(outcome_of(false, answer, answers(answer, "token", "")));
              },
              "", "", {{"X-Subject-Token", token}});
}

void OpenStackWorkload::look(const OpenStackOperation& what, bool fresh, const Deadline& deadline, Done done) {
  const std::string id = what.form == Form::show ? caller_.start.ground.shown(what.resource) : "";
  const std::string key = id.empty() ? list_key(what.resource) : show_key(what.resource);
  caller_.ask("GET", what.service, id.empty() ? list_path(what.resource) : show_path(what.resource, url_encoded(id)), fresh,
              deadline.left(), [done = std::move(done), key, id](const HttpAnswer& answer) {
                done(outcome_of(false, answer, answers(answer, key, id)));
              });
}

}  // namespace

OpenStackCaller::OpenStackCaller(boost::asio::io_context& io_, const OpenStackSettings& settings_, const OpenStackStart& start_)
    : io(io_),
      settings(settings_),
      start(start_),
      client(io_, client_of(settings_, start_)),
      token(io_, client, start_.credentials, start_.token, settings_.request_timeout) {}

void OpenStackCaller::ask(const std::string& method, ApiService service, const std::string& path, bool fresh, Duration limit,
                          HttpClient::Done done, std::string body, const std::string& type,
                          std::vector<std::pair<std::string, std::string>> headers) {
  HttpRequest request;
  request.method = method;
  request.url = start.endpoints.at(service).below(path);
  request.headers = std::move(headers);
  request.headers.emplace_back("X-Auth-Token", token.id());
  request.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) request.headers.emplace_back("Content-Type", type);
  request.body = std::move(body);
  client.send(std::move(request), fresh ? HttpClient::Connection::fresh : HttpClient::Connection::kept, limit,
              [this, done = std::move(done)](HttpAnswer answer) {
                if (answer.status == 401) token.refused();
                done(std::move(answer));
              });
}

std::vector<OpenStackSeries> series_of(const OpenStackSettings& settings) {
  std::vector<OpenStackSeries> all;
  for (const auto& line : settings.operations) {
    if (line.fresh()) all.push_back({line, true});
    if (line.persistent()) all.push_back({line, false});
  }
  return all;
}

std::unique_ptr<Workload> make_openstack_workload(boost::asio::io_context& io, const OpenStackSettings& settings,
                                                  const OpenStackStart& start) {
  return std::make_unique<OpenStackWorkload>(io, settings, start);
}

}  // namespace blackstart
