// Credentials for OpenStack: found as every OpenStack client finds them, and never shown.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "lab/openstack_credentials.h"
#include "tests/support/error_of.h"
#include "tests/support/folder.h"

namespace blackstart {
namespace {

constexpr const char* kSecret = "hunter2-very-secret";

struct Home {
  Home() { environment["HOME"] = (folder.path / "home").string(); }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((folder.path / file).parent_path());
    std::ofstream(folder.path / file) << text;
  }
  OpenStackCredentials read() const {
    return read_credentials(access, [this](const std::string& name) {
      auto found = environment.find(name);
      return found == environment.end() ? "" : found->second;
    });
  }
  Error error() const {
    Error error = error_of([&] { read(); });
    CHECK_THAT(error.what(), !Catch::Contains(kSecret));
    CHECK_THAT(error.hint(), !Catch::Contains(kSecret));
    return error;
  }
  Folder folder;
  std::map<std::string, std::string> environment;
  OpenStackAccess access;
};

std::string clouds(const std::string& more = "", const std::string& password = kSecret) {
  return "clouds:\n  north:\n    region_name: R1\n    interface: internal\n    cacert: /ca.pem\n" + more +
         "    auth:\n      auth_url: https://api:5000/v3\n      username: ops\n      project-name: drills\n      "
         "user_domain_name: Bank\n"
         "      password: " +
         password + "\n";
}

TEST_CASE("clouds.yaml: the user's own is found, and read as openstacksdk does", "[credentials]") {
  Home home;
  home.access.cloud = "north";
  home.write("home/.config/openstack/clouds.yaml", clouds());
  OpenStackCredentials c = home.read();
  CHECK((c.auth_url == "https://api:5000/v3" && c.user == "ops" && c.project == "drills" && c.password == kSecret));
  CHECK((c.user_domain == "Bank" && c.project_domain.empty() && c.region == "R1" && c.interface == "internal" &&
         c.cacert == "/ca.pem"));
  CHECK_FALSE(c.by_application());
  CHECK_THAT(c.source, Catch::Contains("cloud 'north'") && Catch::Contains("clouds.yaml"));
}

TEST_CASE("clouds.yaml: what cloud.yaml says goes first", "[credentials]") {
  Home home;
  home.write("here/clouds.yaml", clouds());
  home.access.cloud = "north";
  home.access.clouds_file = (home.folder.path / "here/clouds.yaml").string();
  home.access.region = "R2", home.access.interface = "public", home.access.cacert = "/other.pem";
  home.environment["OS_CLIENT_CONFIG_FILE"] = "/nowhere";
  OpenStackCredentials c = home.read();
  CHECK((c.region == "R2" && c.interface == "public" && c.cacert == "/other.pem"));
}

TEST_CASE("clouds.yaml: OS_CLIENT_CONFIG_FILE, XDG_CONFIG_HOME and OS_CLOUD are respected", "[credentials]") {
  Home home;
  home.environment["OS_CLOUD"] = "north";
  home.write("xdg/openstack/clouds.yml", clouds());
  home.environment["XDG_CONFIG_HOME"] = (home.folder.path / "xdg").string();
  CHECK(home.read().user == "ops");
  home.write("named.yaml", "clouds: {north: {auth: {auth_url: http://k, username: other, password: p, project_id: x}}}");
  home.environment["OS_CLIENT_CONFIG_FILE"] = (home.folder.path / "named.yaml").string();
  CHECK((home.read().user == "other" && home.read().project_id == "x"));
}

TEST_CASE("secure.yaml: its password goes over that of clouds.yaml", "[credentials]") {
  Home home;
  home.access.cloud = "north";
  home.write("home/.config/openstack/clouds.yaml", clouds("", "placeholder"));
  home.write("home/.config/openstack/secure.yaml",
             std::string("clouds: {north: {auth: {password: ") + kSecret + "}}, other: {}}");
  CHECK(home.read().password == kSecret);
  home.environment["OS_CLIENT_SECURE_FILE"] = (home.folder.path / "s.yaml").string();
  home.write("s.yaml", "clouds: {north: {auth: {password: third}}}");
  CHECK(home.read().password == "third");
}

TEST_CASE("the OS_* variables do without a file", "[credentials]") {
  Home home;
  home.environment = {{"OS_AUTH_URL", "http://k:5000"}, {"OS_USERNAME", "ops"},         {"OS_PASSWORD", kSecret},
                      {"OS_PROJECT_NAME", "drills"},    {"OS_REGION_NAME", "R1"},       {"OS_ENDPOINT_TYPE", "adminURL"},
                      {"OS_USER_DOMAIN_ID", "default"}, {"OS_PROJECT_DOMAIN_NAME", "D"}};
  OpenStackCredentials c = home.read();
  CHECK((c.source == "the OS_* variables" && c.password == kSecret && c.interface == "admin" && c.region == "R1"));
  CHECK((c.user_domain_id == "default" && c.project_domain == "D"));
}

TEST_CASE("application credentials", "[credentials]") {
  Home home;
  home.access.cloud = "north";
  home.write(
      "home/.config/openstack/clouds.yaml",
      std::string(
          "clouds: {north: {auth_type: v3applicationcredential, auth: {auth_url: http://k, application_credential_id: a1, "
          "application_credential_secret: ") +
          kSecret + "}}}");
  OpenStackCredentials c = home.read();
  CHECK((c.by_application() && c.application_id == "a1" && c.application_secret == kSecret));
}

TEST_CASE("what is wrong is told without a secret in it", "[credentials]") {
  Home home;
  home.access.cloud = "north";
  CHECK_THAT(home.error().what(), Catch::Contains("there is no clouds.yaml in") && Catch::Contains("/etc/openstack"));
  const std::string file = "home/.config/openstack/clouds.yaml";

  home.write(file, std::string("clouds:\n  north:\n    auth: {password: \"") + kSecret + "\n");
  CHECK(home.error().kind() == ErrorKind::bad_file);
  home.write(file, std::string("clouds:\n  north:\n    password: ") + kSecret + "\n    password: " + kSecret + "\n");
  CHECK_THAT(home.error().what(), Catch::Contains("line 4"));
  home.write(file, std::string("password: ") + kSecret);
  CHECK_THAT(home.error().what(), Catch::Contains("no map 'clouds'"));

  home.write(file, clouds());
  home.access.cloud = "nort";
  CHECK_THAT(home.error().what(), Catch::Contains("no cloud 'nort'") && Catch::Contains("did you mean 'north'"));
  home.access.cloud = "north";
  home.write(file, clouds("    verify: false\n"));
  CHECK_THAT(home.error().what(), Catch::Contains("without verification") && Catch::Contains("cacert"));
  home.write(file, clouds("    auth_type: v3oidcpassword\n"));
  CHECK_THAT(home.error().what(), Catch::Contains("'v3oidcpassword' is not supported"));
  home.write(file, clouds("    profile: vexxhost\n"));
  CHECK_THAT(home.error().what(), Catch::Contains("'profile'"));
  home.write(file, clouds("    system_scope: all\n"));
  CHECK_THAT(home.error().what(), Catch::Contains("scoped to a system"));
  home.write(file, "clouds: {north: {auth: {username: u}}}");
  CHECK_THAT(home.error().what(), Catch::Contains("auth_url, password, project_name is missing"));
  home.access.cloud.clear();
  CHECK_THAT(home.error().what(), Catch::Contains("the OS_* variables") && Catch::Contains("auth_url, username"));
  home.access.clouds_file = "x.yaml";
  CHECK_THAT(home.error().what(), Catch::Contains("no cloud is named"));
}

TEST_CASE("cloud.yaml names the way to the credentials, and its copy has none of them", "[credentials]") {
  Home home;
  home.write("clouds.yaml", clouds());
  const std::string text =
      "cloud: c\nsites: [{name: s}]\nnodes: [{name: n, site: s, address: 1.2.3.4}]\nssh: {key: k, known-hosts: h}\n"
      "openstack: {cloud: north, clouds-file: clouds.yaml, region: R1, interface: public, cacert: ca.pem}\n";
  home.write("cloud.yaml", text);
  Cloud cloud = read_cloud(home.folder.path / "cloud.yaml");
  CHECK(cloud.openstack.present);
  CHECK(cloud.openstack.clouds_file == (home.folder.path / "clouds.yaml").string());
  CHECK(cloud.openstack.cacert == (home.folder.path / "ca.pem").string());
  home.access = cloud.openstack;
  CHECK(home.read().password == kSecret);
  const std::string copy = write_cloud(cloud);
  CHECK_THAT(copy, !Catch::Contains(kSecret) && Catch::Contains("openstack: {cloud: \"north\""));
  home.write("copy.yaml", copy);
  Cloud again = read_cloud(home.folder.path / "copy.yaml");
  CHECK((again.openstack.cloud == "north" && again.openstack.region == "R1" && again.openstack.interface == "public"));
  CHECK(again.openstack.clouds_file == cloud.openstack.clouds_file);

  home.write("cloud.yaml", text.substr(0, text.find("openstack:")) + "openstack: {}\n");
  Cloud bare = read_cloud(home.folder.path / "cloud.yaml");
  CHECK((bare.openstack.present && bare.openstack.cloud.empty()));
  home.write("cloud.yaml", write_cloud(bare));
  CHECK(read_cloud(home.folder.path / "cloud.yaml").openstack.present);
  home.write("cloud.yaml", text.substr(0, text.find("openstack:")));
  CHECK_FALSE(read_cloud(home.folder.path / "cloud.yaml").openstack.present);
}

}  // namespace
}  // namespace blackstart
