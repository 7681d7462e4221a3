// Keystone v3: what is asked for, and what is made of answers, sensible or not.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "probes/openstack_identity.h"
#include "probes/openstack_operations.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using Json = nlohmann::json;

namespace {

OpenStackCredentials by_password() {
  OpenStackCredentials c;
  c.source = "the test";
  c.auth_url = "http://keystone:5000";
  c.user = "ops", c.password = "s3cret", c.project = "drills";
  return c;
}

HttpAnswer answer_of(const Json& token, int status = 201) {
  HttpAnswer answer;
  answer.status = status;
  answer.headers = {{"x-subject-token", "abc"}};
  answer.body = Json{{"token", token}}.dump();
  return answer;
}

Json token_with(const Json& catalog) {
  return {{"issued_at", "2026-11-21T12:00:00.000000Z"},
          {"expires_at", "2026-11-21T13:00:30.000000Z"},
          {"project", {{"id", "p1"}}},
          {"catalog", catalog}};
}

Json entry(const std::string& type, const std::string& url, const std::string& region = "R1") {
  const Json endpoint{{"interface", "public"}, {"region_id", region}, {"url", url}};
  return {{"type", type}, {"endpoints", Json::array({endpoint})}};
}

std::string endpoint(const std::string& type, const std::string& url, ApiService service) {
  const OpenStackCredentials c = by_password();
  return endpoint_of(c, token_of(c, answer_of(token_with(Json::array({entry(type, url)})))), service).text();
}

Error refusal(const HttpAnswer& answer) {
  return error_of([&] { token_of(by_password(), answer); });
}

}  // namespace

TEST_CASE("identity: a password is asked with, scoped to a project, domains by default", "[identity]") {
  HttpRequest request = token_request(by_password());
  CHECK((request.method == "POST" && request.url.text() == "http://keystone:5000/v3/auth/tokens"));
  const Json auth = Json::parse(request.body)["auth"];
  CHECK(auth["identity"]["methods"] == Json{"password"});
  const Json user = auth["identity"]["password"]["user"];
  CHECK((user["name"] == "ops" && user["password"] == "s3cret" && user["domain"]["id"] == "default"));
  CHECK((auth["scope"]["project"]["name"] == "drills" && auth["scope"]["project"]["domain"]["id"] == "default"));

  OpenStackCredentials c = by_password();
  c.auth_url = "https://k/identity/v3/";
  c.user_id = "u1", c.project_id = "p1";
  request = token_request(c);
  CHECK(request.url.text() == "https://k/identity/v3/auth/tokens");
  const Json by_id = Json::parse(request.body)["auth"];
  CHECK((by_id["identity"]["password"]["user"]["id"] == "u1" && by_id["scope"]["project"]["id"] == "p1"));
}

TEST_CASE("identity: application credentials are asked with unscoped", "[identity]") {
  OpenStackCredentials c;
  c.auth_url = "http://k", c.application_id = "a1", c.application_secret = "x";
  const Json by_id = Json::parse(token_request(c).body)["auth"];
  CHECK((by_id["identity"]["application_credential"]["id"] == "a1" && !by_id.contains("scope")));
  c.application_id.clear(), c.application = "drill", c.user = "ops", c.user_domain = "Bank";
  const Json named = Json::parse(token_request(c).body)["auth"]["identity"]["application_credential"];
  CHECK((named["name"] == "drill" && named["user"]["domain"]["name"] == "Bank" && named["secret"] == "x"));
}

TEST_CASE("identity: an auth_url with a password in it is refused and not shown", "[identity]") {
  OpenStackCredentials c = by_password();
  c.auth_url = "http://ops:s3cret@k";
  Error error = error_of([&] { token_request(c); });
  CHECK_THAT(error.what(), !Catch::Contains("s3cret"));
}

TEST_CASE("identity: a token's life is counted by Keystone's own clock", "[identity]") {
  const OpenStackToken token = token_of(by_password(), answer_of(token_with(Json::array())));
  CHECK((token.id == "abc" && token.project == "p1" && token.life == 1h + 30s));
}

TEST_CASE("identity: addresses get the version that the catalogue leaves out", "[identity]") {
  CHECK(endpoint("network", "http://n:9696", ApiService::network) == "http://n:9696/v2.0");
  CHECK(endpoint("network", "http://n:9696/v2.0/", ApiService::network) == "http://n:9696/v2.0/");
  CHECK(endpoint("image", "http://i/image", ApiService::image) == "http://i/image/v2");
  CHECK(endpoint("compute", "http://c/compute/v2.1", ApiService::compute) == "http://c/compute/v2.1");
  CHECK(endpoint("volumev3", "http://v:8776/v3/p1", ApiService::volume) == "http://v:8776/v3/p1");
  CHECK(endpoint("block-storage", "http://v/volume", ApiService::volume) == "http://v/volume/v3");
  CHECK(endpoint("compute", "http://c", ApiService::identity) == "http://keystone:5000/v3");
}

TEST_CASE("identity: a service that is not there, or nowhere to be reached, is told", "[identity]") {
  auto trouble = [](const Json& catalog) {
    const OpenStackCredentials c = by_password();
    const OpenStackToken token = token_of(c, answer_of(token_with(catalog)));
    return std::string(error_of([&] { endpoint_of(c, token, ApiService::volume); }).what());
  };
  CHECK_THAT(trouble(Json::array({entry("compute", "http://c")})),
             Catch::Contains("it is not there; the catalogue has compute"));
  CHECK_THAT(trouble(Json::array({entry("volumev3", "nowhere")})), Catch::Contains("no http or https address"));
  CHECK_THAT(trouble(Json::array()), Catch::Contains("it is not there"));
}

TEST_CASE("identity: answers that make no sense are refused in words", "[identity]") {
  HttpAnswer html;
  html.status = 200, html.body = "<html>login</html>";
  CHECK_THAT(refusal(html).what(), Catch::Contains("it answers 200"));
  html.status = 201;
  CHECK_THAT(refusal(html).what(), Catch::Contains("holds no token"));
  CHECK_THAT(refusal(answer_of({{"issued_at", 5}, {"expires_at", Json::array()}})).what(), Catch::Contains("time of expiry"));
  CHECK_THAT(refusal(answer_of("text")).what(), Catch::Contains("holds no token"));
  HttpAnswer failing = answer_of({}, 503);
  CHECK(refusal(failing).kind() == ErrorKind::unreachable);
  for (const Json& odd : {Json("text"), Json(7), Json{{"a", 1}}, Json{1, nullptr, {{"type", 3}, {"endpoints", "x"}}}})
    CHECK(token_of(by_password(), answer_of(token_with(odd))).catalog.size() <= 1);
}

TEST_CASE("identity: an error's words are found in every service's form, however it is nested", "[identity]") {
  CHECK(message_in(R"({"error": {"code": 401, "message": "no\nway"}})") == "no way");
  CHECK(message_in(R"({"NeutronError": {"type": "OverQuota", "message": "Quota exceeded"}})") == "Quota exceeded");
  CHECK(message_in("<html>").empty());
  CHECK(message_in(R"([{"message": "x"}])").empty());
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += R"({"a":)";
  CHECK(message_in(deep + "1" + std::string(200'000, '}')).empty());
}

TEST_CASE("what is ours says so, and nothing else does", "[identity]") {
  OpenStackGround ground;
  ground.prefix = "blackstart-";
  for (const ResourceKind& kind : resource_kinds()) {
    const Json made = resource_in(kind, create_body(kind, "blackstart-x", ground));
    CHECK(text_of(made, "name") == "blackstart-x");
    CHECK(is_ours(kind, made));
    CHECK_FALSE(is_ours(kind, Json{{"name", "blackstart-x"}}));
    CHECK_FALSE(
        is_ours(kind, Json{{"name", "blackstart-x"}, {"metadata", {{"a", "b"}}}, {"tags", {"other"}}, {"description", ""}}));
    CHECK_FALSE(is_ours(kind, Json()));
  }
}
