#include "probes/openstack_api.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/http_outcome.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

HttpSettings settings_of(const OpenStackCredentials& credentials, const Deadline& deadline) {
  HttpSettings settings;
  settings.ca_file = credentials.cacert;
  settings.connect_timeout = deadline.left();
  return settings;
}

std::string asking(const std::string& method, ApiService service, const std::string& path) {
  const char* verb = method == "GET" ? "asking" : method == "POST" ? "telling" : "removing from";
  return fmt::format("{} OpenStack's {} service ({} {})", verb, name_of(service), method, path);
}

std::string hint_for(int status, const std::string& said) {
  if (said.find("uota") != said.npos) return "raise the project's quota, or lower the probe's rates or deadlines";
  if (status == 401) return "the token was not taken: is Keystone the one that the service asks?";
  if (status == 403) return "the user's role may not do that";
  if (status == 404) return "is the catalogue right, and is this the service's address?";
  return status >= 500 ? "is the service up, and its database and queue?" : "";
}

}  // namespace

OpenStackApi::OpenStackApi(const OpenStackCredentials& credentials, const Deadline& deadline)
    : credentials_(credentials),
      session_(settings_of(credentials, deadline), deadline),
      token_(token_of(credentials, session_.ask(token_request(credentials)))) {}

OpenStackApi::OpenStackApi(const OpenStackCredentials& credentials, OpenStackToken token, const Deadline& deadline, ApiAt at)
    : credentials_(credentials),
      session_(settings_of(credentials, deadline), deadline),
      token_(std::move(token)),
      at_(std::move(at)) {}

OpenStackToken OpenStackApi::another_token() { return token_of(credentials_, session_.ask(token_request(credentials_))); }

Url OpenStackApi::endpoint(ApiService service) const {
  Url url = endpoint_of(credentials_, token_, service);
  if (at_.host.empty()) return url;
  url.host = at_.host;
  if (at_.plain) url.tls = false;
  return url;
}

HttpAnswer OpenStackApi::ask(const std::string& method, ApiService service, const std::string& path, const std::string& body) {
  HttpRequest request;
  request.method = method;
  request.url = endpoint(service).below(path);
  request.headers = {{"X-Auth-Token", token_.id}, {"Accept", "application/json"}};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  HttpAnswer answer = session_.ask(request);
  if (!answer.ok()) throw no_answer(fmt::format("{} at {}", asking(method, service, path), request.url.origin()), answer);
  return answer;
}

void OpenStackApi::refuse(const std::string& doing, const HttpAnswer& answer) const {
  const std::string said = message_in(answer.body);
  throw Error(answer.status >= 500 ? ErrorKind::unreachable : ErrorKind::unmet, doing,
              fmt::format("it answers {}{}{}", answer.status, said.empty() ? "" : ": ", said), hint_for(answer.status, said));
}

Json OpenStackApi::json_of(const std::string& doing, const HttpAnswer& answer) const {
  if (answer.status < 200 || answer.status > 299) refuse(doing, answer);
  Json json = Json::parse(answer.body, nullptr, false);
  if (!json.is_object()) throw Error(ErrorKind::unmet, doing, "its answer is no JSON object", "is this OpenStack's address?");
  return json;
}

Json OpenStackApi::get(ApiService service, const std::string& path) {
  return json_of(asking("GET", service, path), ask("GET", service, path));
}

std::optional<Json> OpenStackApi::find(ApiService service, const std::string& path) {
  const HttpAnswer answer = ask("GET", service, path);
  if (answer.status == 404) return std::nullopt;
  return json_of(asking("GET", service, path), answer);
}

Json OpenStackApi::create(ApiService service, const std::string& path, const std::string& body) {
  return json_of(asking("POST", service, path), ask("POST", service, path, body));
}

bool OpenStackApi::remove(ApiService service, const std::string& path) {
  const HttpAnswer answer = ask("DELETE", service, path);
  if (answer.status == 404) return false;
  if (answer.status < 200 || answer.status > 299) refuse(asking("DELETE", service, path), answer);
  return true;
}

}  // namespace blackstart
