// A small OpenStack in memory, behind the test's HTTP server: Keystone, Nova, Neutron, Glance and Cinder as far as probes use
// them.
//
// Purpose: what an API acknowledges, how it refuses, and how it breaks off, decided by the test. Ownership: owns its server and
// its resources. Thread rule: knobs are set under `lock()`, or before the first request.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "lab/openstack_credentials.h"
#include "tests/support/http_server.h"

namespace blackstart::test {

class FakeOpenStack {
 public:
  using Json = nlohmann::json;
  using Intercept = std::function<std::optional<HttpReply>(const HttpSeen&)>;

  explicit FakeOpenStack(const Certificate* certificate = nullptr)
      : server_([this](const HttpSeen& seen) { return told(seen); }, certificate) {
    all_["flavors"]["f1"] = {{"id", "f1"}, {"name", "m1.nano"}, {"vcpus", 1}, {"ram", 64}};
    all_["images"]["i1"] = {{"id", "i1"}, {"name", "cirros"}, {"status", "active"}, {"tags", Json::array()}};
    all_["networks"]["n1"] = {{"id", "n1"}, {"name", "private"}, {"status", "ACTIVE"}};
    all_["servers"], all_["volumes"], all_["ports"], all_["os-server-groups"];
  }

  // --- knobs ---
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  Intercept intercept;          // answers in the place of the service
  int looks_until_reached = 1;  // states asked for before a resource is done
  int token_life = 3600;        // seconds
  std::int64_t most_servers = 100, most_volumes = 100, most_ports = 1000, most_groups = 10;
  std::vector<std::string> regions{"RegionOne"};
  std::map<std::string, std::string> hosts{{"k1", "up"}, {"k2", "up"}, {"k3", "up"}};  // of nova-compute; servers begin on k1
  Json allocations = Json::object();                                                   // Placement's, on its one provider k1
  std::size_t longest_page = 1000;
  bool moves = true;  // false: what is asked to move is taken, and stays where it is
  std::set<std::string> disabled_hosts;
  bool keeps_apart = false;  // servers of a group begin on hosts of their own, as far as there are some that are up

  // --- what it saw and has ---
  OpenStackCredentials credentials(const std::string& password = "s3cret-pass") const {
    OpenStackCredentials c;
    c.source = "the test";
    c.auth_url = server_.url() + "/identity";
    c.user = "demo", c.password = password, c.project = "demo";
    return c;
  }
  std::string url() const { return server_.url(); }
  void stop() { server_.stop(); }
  std::size_t count(const std::string& collection) {
    auto guard = lock();
    return all_[collection].size();
  }
  void put(const std::string& collection, const Json& resource) {
    auto guard = lock();
    all_[collection][resource["id"]] = resource;
  }
  void drop(const std::string& collection, const std::string& id) {
    auto guard = lock();
    all_[collection].erase(id);
  }
  // Changes each resource of a collection.
  void each(const std::string& collection, const std::function<void(Json&)>& change) {
    auto guard = lock();
    for (auto& [id, resource] : all_[collection]) change(resource);
  }
  void set_host(const std::string& host, const std::string& state) {
    auto guard = lock();
    hosts[host] = state;
  }
  int tokens() {
    auto guard = lock();
    return tokens_;
  }
  std::vector<std::string> log() {
    auto guard = lock();
    return log_;
  }
  std::vector<std::string> names_made() {
    auto guard = lock();
    return names_;
  }
  void revoke_tokens() {
    auto guard = lock();
    first_valid_ = tokens_ + 1;
  }
  // It is known no more.
  void lose_token(int number) {
    auto guard = lock();
    lost_.insert(number);
  }
  void find_tokens_again() {
    auto guard = lock();
    lost_.clear();
  }

 private:
  static HttpReply json(int status, const Json& body, std::map<std::string, std::string> headers = {}) {
    return {status, body.dump(), std::move(headers)};
  }
  static HttpReply refusal(int status, const std::string& words) {
    return json(status, {{"error", {{"message", words}, {"code", status}}}});
  }

  HttpReply told(const HttpSeen& seen) {
    auto guard = lock();
    log_.push_back(seen.method + " " + seen.target);
    if (intercept)
      if (auto reply = intercept(seen)) return *reply;
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    if (path == "/identity/v3/auth/tokens") return seen.method == "POST" ? issue(seen) : validate(seen);
    if (path.find("/auth/tokens") != path.npos) return refusal(404, "Not found: " + path);
    if (!valid(seen.headers, "x-auth-token")) return refusal(401, "The request you have made requires authentication.");
    if (path == "/compute/v2.1/os-services") return services();
    if (path.rfind("/placement/resource_providers", 0) == 0) return placement(path);
    for (const char* base : {"/compute/v2.1/", "/network/v2.0/", "/image/v2/", "/volume/v3/p1/"})
      if (path.rfind(base, 0) == 0) return resource(seen, path.substr(std::string(base).size()));
    return refusal(404, "Not found: " + path);
  }

  bool valid(const std::map<std::string, std::string>& headers, const std::string& name) const {
    auto found = headers.find(name);
    if (found == headers.end() || found->second.rfind("token-", 0) != 0) return false;
    const int number = std::stoi(found->second.substr(6));
    return number >= first_valid_ && number <= tokens_ && lost_.count(number) == 0;
  }

  static std::string time_text(std::time_t time) {
    char text[40];
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
    return text;
  }

  HttpReply issue(const HttpSeen& seen) {
    const Json body = Json::parse(seen.body);
    const Json& identity = body["auth"]["identity"];
    const bool application = identity.contains("application_credential");
    const std::string secret = application ? identity["application_credential"]["secret"].get<std::string>()
                                           : identity["password"]["user"]["password"].get<std::string>();
    if (secret != "s3cret-pass") return refusal(401, "The request you have made requires authentication.");
    Json token{{"issued_at", time_text(1'800'000'000)},
               {"expires_at", time_text(1'800'000'000 + token_life)},
               {"project", {{"id", "p1"}}}};
    token["catalog"] = catalog();
    return json(201, {{"token", token}}, {{"X-Subject-Token", "token-" + std::to_string(++tokens_)}});
  }

  HttpReply validate(const HttpSeen& seen) const {
    if (!valid(seen.headers, "x-auth-token")) return refusal(401, "The request you have made requires authentication.");
    if (!valid(seen.headers, "x-subject-token")) return refusal(404, "Could not find token.");
    return json(200, {{"token", {{"project", {{"id", "p1"}}}}}});
  }

  Json catalog() const {
    Json all = Json::array();
    for (const auto& [type, path] :
         {std::pair{"identity", "/identity"}, std::pair{"compute", "/compute/v2.1"}, std::pair{"network", "/network"},
          std::pair{"image", "/image/"}, std::pair{"volumev3", "/volume/v3/p1"}, std::pair{"placement", "/placement"}}) {
      Json endpoints = Json::array();
      for (const std::string& region : regions)
        endpoints.push_back(
            {{"interface", "public"}, {"region_id", region}, {"region", region}, {"url", server_.url() + path}});
      all.push_back({{"type", type}, {"name", type}, {"endpoints", endpoints}});
    }
    return all;
  }

  HttpReply resource(const HttpSeen& seen, std::string path) {
    if (path == "limits") return limits(seen.target);
    if (path == "quotas/p1/details.json") return network_quota();
    const std::size_t slash = path.find('/');
    const std::string collection = path.substr(0, slash), one = collection.substr(0, collection.size() - 1);
    if (!all_.count(collection)) return refusal(404, "no such collection");
    std::string id = slash == path.npos ? "" : path.substr(slash + 1);
    if (id == "detail") id.clear();
    if (collection == "os-server-groups" && id.empty()) return groups(seen);
    if (id.size() > 7 && id.substr(id.size() - 7) == "/action") return act(seen, all_[collection], id.substr(0, id.size() - 7));
    if (seen.method == "POST") return create(seen, collection, one);
    if (id.empty()) return list(seen, collection);
    const bool file = id.size() > 5 && id.substr(id.size() - 5) == "/file";
    if (file) id.resize(id.size() - 5);
    auto found = all_[collection].find(id);
    if (found == all_[collection].end()) return refusal(404, "no " + one + " " + id);
    if (file) {
      found->second["status"] = "active";
      return {204, ""};
    }
    if (seen.method == "DELETE") {
      all_[collection].erase(found);
      return {204, ""};
    }
    return show(found->second, collection, one);
  }

  HttpReply services() const {
    Json all = Json::array();
    for (const auto& [host, state] : hosts)
      all.push_back({{"binary", "nova-compute"},
                     {"host", host},
                     {"state", state},
                     {"status", disabled_hosts.count(host) > 0 ? "disabled" : "enabled"}});
    return json(200, {{"services", all}});
  }

  HttpReply placement(const std::string& path) const {
    if (path.find("/allocations") != path.npos) return json(200, {{"allocations", allocations}});
    return json(200, {{"resource_providers", {{{"uuid", "rp1"}, {"name", "k1"}}}}});
  }

  HttpReply act(const HttpSeen& seen, std::map<std::string, Json>& servers, const std::string& id) {
    auto found = servers.find(id);
    if (found == servers.end()) return refusal(404, "no server " + id);
    Json& server = found->second;
    const std::string host = server["OS-EXT-SRV-ATTR:host"];
    const bool evacuates = Json::parse(seen.body).contains("evacuate");
    if (evacuates && hosts[host] == "up") return refusal(400, "Compute service of " + host + " is still in use.");
    if (!server["OS-EXT-STS:task_state"].is_null()) return refusal(409, "it is moving already");
    for (const auto& [other, state] : hosts)
      if (other != host && state == "up" && moves) server["moves_to"] = other;
    server["status"] = evacuates ? "REBUILD" : "MIGRATING";
    server["OS-EXT-STS:task_state"] = evacuates ? "rebuilding" : "migrating";
    server["left"] = looks_until_reached;
    return {202, ""};
  }

  // It has been looked at once more.
  void tick(Json& resource, const std::string& collection) {
    if (!resource.contains("left") || resource["left"].get<int>() == 0) return;
    resource["left"] = resource["left"].get<int>() - 1;
    if (resource["left"] != 0 || collection == "images" || (resource.contains("moves_to") && !moves)) return;
    resource["status"] = collection == "volumes" ? "available" : "ACTIVE";
    resource["OS-EXT-STS:task_state"] = nullptr;
    if (resource.contains("moves_to")) resource["OS-EXT-SRV-ATTR:host"] = resource["moves_to"];
    resource.erase("moves_to");
  }

  HttpReply show(Json& resource, const std::string& collection, const std::string& one) {
    tick(resource, collection);
    return json(200, collection == "images" ? resource : Json{{one, resource}});
  }

  // A parameter of the query; empty: it has none.
  static std::string asked(const HttpSeen& seen, const std::string& parameter) {
    const std::size_t at = seen.target.find(parameter + "=");
    if (at == seen.target.npos) return "";
    const std::size_t from = at + parameter.size() + 1;
    return seen.target.substr(from, seen.target.find('&', from) - from);
  }

  HttpReply list(const HttpSeen& seen, const std::string& collection) {
    Json items = Json::array();
    const std::string name = asked(seen, "name"), marker = asked(seen, "marker");
    if (!marker.empty() && !all_[collection].count(marker)) return refusal(400, "marker [" + marker + "] not found");
    for (auto& [id, resource] : all_[collection]) {
      if (id <= marker || items.size() == longest_page) continue;
      if (!name.empty() && resource.value("name", "").rfind(name, 0) != 0) continue;
      if (resource.contains("moves_to")) tick(resource, collection);
      items.push_back(resource);
    }
    return json(200, {{collection, items}});
  }

  // Groups are asked for by an offset, have another name in answers, and neither state nor mark.
  // As Nova: those that are gone are no members any more.
  Json with_living_members(Json group) {
    Json living = Json::array();
    for (const Json& member : group["members"])
      if (all_["servers"].count(member) > 0) living.push_back(member);
    group["members"] = living;
    return group;
  }

  HttpReply groups(const HttpSeen& seen) {
    auto& groups = all_["os-server-groups"];
    if (seen.method == "POST") {
      Json made = Json::parse(seen.body)["server_group"];
      if (made["policies"] != Json{"anti-affinity"}) return refusal(400, "Invalid input for field/attribute policies.");
      made["id"] = "group-" + std::to_string(++made_), made["members"] = Json::array();
      names_.push_back(made["name"]);
      groups[made["id"]] = made;
      return json(200, {{"server_group", made}});
    }
    Json items = Json::array();
    const std::string offset = asked(seen, "offset");
    std::size_t skipped = offset.empty() ? 0 : std::stoul(offset);
    for (const auto& [id, group] : groups)
      if (skipped > 0)
        --skipped;
      else if (items.size() < longest_page)
        items.push_back(with_living_members(group));
    return json(200, {{"server_groups", items}});
  }

  // The host that a new server begins on.
  std::string begin_in_group(const Json& body, const std::string& id) {
    const auto hints = body.find("os:scheduler_hints");
    if (hints == body.end()) return "k1";
    Json& group = all_["os-server-groups"].at((*hints)["group"]);
    std::set<Json> taken;
    for (const Json& member : group["members"]) taken.insert(all_["servers"][member]["OS-EXT-SRV-ATTR:host"]);
    group["members"].push_back(id);
    for (const auto& [host, state] : hosts)
      if (keeps_apart && state == "up" && taken.count(host) == 0) return host;
    return "k1";
  }

  HttpReply create(const HttpSeen& seen, const std::string& collection, const std::string& one) {
    Json body = Json::parse(seen.body), made = collection == "images" ? body : body[one];
    const std::string id = one + "-" + std::to_string(++made_);
    made["id"] = id;
    made["left"] = collection == "ports" ? 0 : looks_until_reached;
    made["status"] = collection == "images" ? "queued" : collection == "ports" ? "DOWN" : "BUILD";
    if (collection == "servers")
      made["OS-EXT-SRV-ATTR:host"] = begin_in_group(body, id), made["OS-EXT-STS:task_state"] = nullptr;
    names_.push_back(made["name"]);
    all_[collection][id] = made;
    return json(collection == "servers" || collection == "volumes" ? 202 : 201,
                collection == "images" ? made : Json{{one, made}});
  }

  HttpReply limits(const std::string& target) {
    if (target.rfind("/volume", 0) == 0)
      return json(
          200, {{"limits", {{"absolute", {{"maxTotalVolumes", most_volumes}, {"totalVolumesUsed", all_["volumes"].size()}}}}}});
    return json(200, {{"limits",
                       {{"absolute",
                         {{"maxTotalInstances", most_servers},
                          {"totalInstancesUsed", all_["servers"].size()},
                          {"maxTotalCores", -1},
                          {"totalCoresUsed", 0},
                          {"maxTotalRAMSize", -1},
                          {"totalRAMUsed", 0},
                          {"maxServerGroups", most_groups},
                          {"totalServerGroupsUsed", all_["os-server-groups"].size()},
                          {"maxServerGroupMembers", 10}}}}}});
  }

  HttpReply network_quota() {
    return json(
        200,
        {{"quota",
          {{"port", {{"limit", most_ports}, {"used", all_["ports"].size()}}}, {"network", {{"limit", -1}, {"used", 0}}}}}});
  }

  std::mutex mutex_;
  std::map<std::string, std::map<std::string, Json>> all_;
  std::vector<std::string> log_, names_;
  int tokens_ = 0, first_valid_ = 1, made_ = 0;
  std::set<int> lost_;
  HttpServer server_;  // last: its threads use the rest
};

}  // namespace blackstart::test
