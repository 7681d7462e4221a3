#include "probes/openstack_identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/fields.h"
#include "probes/http_outcome.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostWords = 300;

struct ServiceInfo {
  ApiService service;
  const char* name;
  std::vector<const char*> types;  // in the catalogue, the first that is there counts
  const char* version;             // of the path, where the catalogue's address has none
};

const ServiceInfo& info_of(ApiService service) {
  static const std::vector<ServiceInfo> all{
      {ApiService::identity, "identity", {"identity"}, "v3"},
      {ApiService::compute, "compute", {"compute"}, "v2.1"},
      {ApiService::image, "image", {"image"}, "v2"},
      {ApiService::network, "network", {"network"}, "v2.0"},
      {ApiService::volume, "volume", {"block-storage", "volumev3", "block-store", "volume"}, "v3"},
      {ApiService::placement, "placement", {"placement"}, ""},
  };
  return *std::find_if(all.begin(), all.end(), [&](const ServiceInfo& info) { return info.service == service; });
}

// "/compute/v2.1" and "/v3/0a1b" have a version, "/" and "/volume" have none.
bool has_version(const std::string& path) {
  for (std::size_t at = path.find("/v"); at != path.npos; at = path.find("/v", at + 1))
    if (at + 2 < path.size() && std::isdigit(static_cast<unsigned char>(path[at + 2]))) return true;
  return false;
}

Url versioned(const Url& url, ApiService service) {
  const std::string version = info_of(service).version;
  return version.empty() || has_version(url.path) ? url : url.below(version);
}

Json domain(const std::string& name, const std::string& id) {
  if (!id.empty()) return {{"id", id}};
  if (!name.empty()) return {{"name", name}};
  return {{"id", "default"}};  // as openstacksdk does
}

Json user_of(const OpenStackCredentials& c) {
  if (!c.user_id.empty()) return {{"id", c.user_id}};
  return {{"name", c.user}, {"domain", domain(c.user_domain, c.user_domain_id)}};
}

Json application_of(const OpenStackCredentials& c) {
  Json application{{"secret", c.application_secret}};
  if (!c.application_id.empty()) {
    application["id"] = c.application_id;
  } else {
    application["name"] = c.application;
    application["user"] = user_of(c);
  }
  return {{"identity", {{"methods", {"application_credential"}}, {"application_credential", application}}}};
}

Json auth_of(const OpenStackCredentials& c) {
  if (c.by_application()) return application_of(c);
  Json user = user_of(c), project;
  user["password"] = c.password;
  if (!c.project_id.empty())
    project = {{"id", c.project_id}};
  else
    project = {{"name", c.project}, {"domain", domain(c.project_domain, c.project_domain_id)}};
  return {{"identity", {{"methods", {"password"}}, {"password", {{"user", user}}}}}, {"scope", {{"project", project}}}};
}

// "2026-11-21T15:04:05.000000Z" as seconds; -1 when it is no time.
std::int64_t seconds_of(const std::string& text) {
  std::tm time{};
  return ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time) ? ::timegm(&time) : -1;
}

std::string asking(const OpenStackCredentials& credentials) {
  return fmt::format("asking Keystone at {} for a token (credentials: {})", credentials.auth_url, credentials.source);
}

[[noreturn]] void throw_refused(const OpenStackCredentials& c, const HttpAnswer& answer) {
  const std::string said = message_in(answer.body);
  const std::string why = fmt::format("it answers {}{}{}", answer.status, said.empty() ? "" : ": ", said);
  if (answer.status >= 500)
    throw Error(ErrorKind::unreachable, asking(c), why, "is Keystone up, and the database and cache behind it?");
  throw Error(ErrorKind::unmet, asking(c), why,
              answer.status == 401
                  ? "the user, password or project is wrong, or they have expired: does 'openstack token issue' work with them?"
              : answer.status == 404 ? "is auth_url the address of Keystone?"
                                     : "does 'openstack token issue' work with these credentials?");
}

std::string text_at(const Json& json, const char* key) {
  auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Duration life_of(const Json& token) {
  const auto issued = seconds_of(text_at(token, "issued_at")), expires = seconds_of(text_at(token, "expires_at"));
  return issued < 0 || expires < issued ? Duration{0} : Duration(std::chrono::seconds(expires - issued));
}

// The first text under a key "message", or "": `depth` suffices for every service's form of an error.
std::string first_message(const Json& json, int depth = 4) {
  const std::string here = text_at(json, "message");
  if (!here.empty() || !json.is_object() || depth == 0) return here;
  for (const auto& item : json)
    if (const std::string found = first_message(item, depth - 1); !found.empty()) return found;
  return "";
}

std::vector<OpenStackToken::Endpoint> catalog_of(const Json& token) {
  std::vector<OpenStackToken::Endpoint> all;
  const Json none = Json::array(), &catalog = token.contains("catalog") ? token["catalog"] : none;
  for (const Json& entry : catalog) {
    if (!entry.is_object() || !entry.contains("endpoints")) continue;
    for (const Json& endpoint : entry["endpoints"]) {
      const std::string region = text_at(endpoint, "region_id");
      all.push_back({text_at(entry, "type"), text_at(endpoint, "interface"),
                     region.empty() ? text_at(endpoint, "region") : region, text_at(endpoint, "url")});
    }
  }
  return all;
}

// A service's endpoints of the wanted interface: their regions, and the address in the wanted one.
struct Found {
  std::set<std::string> regions;
  std::string url;
};

Found look(const OpenStackToken& token, const std::string& type, const OpenStackCredentials& c) {
  Found found;
  for (const auto& endpoint : token.catalog) {
    if (endpoint.type != type || endpoint.interface != c.interface) continue;
    found.regions.insert(endpoint.region);
    if (c.region.empty() || endpoint.region == c.region) found.url = endpoint.url;
  }
  return found;
}

}  // namespace

const char* name_of(ApiService service) { return info_of(service).name; }

std::string message_in(const std::string& body) {
  std::string text = first_message(Json::parse(body, nullptr, false));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text.substr(0, kMostWords);
}

HttpRequest token_request(const OpenStackCredentials& credentials) {
  auto url = parse_url(credentials.auth_url);
  if (!url)
    // Not shown: what is wrong with it may be a password inside.
    throw Error(ErrorKind::unmet, "reading the OpenStack credentials from " + credentials.source,
                "auth_url is no http or https address", "https://host:port/path, without user or password");
  HttpRequest request;
  request.method = "POST";
  request.url = versioned(*url, ApiService::identity).below("auth/tokens");
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = Json{{"auth", auth_of(credentials)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

bool holds_token(const HttpAnswer& answer) {
  if (!answer.ok() || answer.status != 201 || answer.header("X-Subject-Token").empty()) return false;
  const Json body = Json::parse(answer.body, nullptr, false);
  return body.is_object() && body.contains("token") && body["token"].is_object();
}

OpenStackToken token_of(const OpenStackCredentials& credentials, const HttpAnswer& answer) {
  if (!answer.ok()) throw no_answer(asking(credentials), answer);
  if (answer.status != 201) throw_refused(credentials, answer);
  if (!holds_token(answer))
    throw Error(ErrorKind::unmet, asking(credentials), "its answer holds no token", "is auth_url the address of Keystone?");
  const Json body = Json::parse(answer.body)["token"];
  OpenStackToken token;
  token.id = answer.header("X-Subject-Token");
  token.life = life_of(body);
  if (token.life <= Duration{0}) throw Error(ErrorKind::unmet, asking(credentials), "the token has no sensible time of expiry");
  if (body.contains("project")) token.project = text_at(body["project"], "id");
  token.catalog = catalog_of(body);
  return token;
}

Url endpoint_of(const OpenStackCredentials& c, const OpenStackToken& token, ApiService service) {
  if (service == ApiService::identity) return versioned(parse_url(c.auth_url).value(), service);
  const std::string doing = fmt::format("looking for the {} service in the catalogue of {}", name_of(service), c.auth_url);
  std::set<std::string> types;
  for (const auto& endpoint : token.catalog) types.insert(endpoint.type);
  for (const char* type : info_of(service).types) {
    if (types.count(type) == 0) continue;
    const Found found = look(token, type, c);
    if (found.regions.empty()) throw Error(ErrorKind::unmet, doing, fmt::format("it has no {} endpoint", c.interface));
    const std::vector<std::string> regions(found.regions.begin(), found.regions.end());
    if (found.url.empty())
      throw Error(ErrorKind::unmet, doing, fmt::format("there is no region '{}'", c.region), suggestion(c.region, regions));
    if (c.region.empty() && regions.size() > 1)
      throw Error(ErrorKind::unmet, doing, fmt::format("it is in several regions: {}", fmt::join(regions, ", ")),
                  "name one by 'region' under 'openstack' in cloud.yaml");
    if (auto url = parse_url(found.url)) return versioned(*url, service);
    throw Error(ErrorKind::unmet, doing, fmt::format("'{}' is no http or https address", found.url));
  }
  throw Error(ErrorKind::unmet, doing, fmt::format("it is not there; the catalogue has {}", fmt::join(types, ", ")),
              "leave out the operations that need it, or check the project's catalogue");
}

}  // namespace blackstart
