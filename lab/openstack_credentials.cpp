#include "lab/openstack_credentials.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/yaml.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

// By their names in clouds.yaml, '_' for '-', those of `auth` beside the others: "auth_url", "password", "region_name".
using Values = std::map<std::string, std::string>;

const std::vector<std::string> kKeys{"auth_type",
                                     "auth_url",
                                     "username",
                                     "user_id",
                                     "user_domain_name",
                                     "user_domain_id",
                                     "password",
                                     "project_name",
                                     "project_id",
                                     "tenant_name",
                                     "tenant_id",
                                     "project_domain_name",
                                     "project_domain_id",
                                     "region_name",
                                     "interface",
                                     "endpoint_type",
                                     "cacert",
                                     "verify",
                                     "insecure",
                                     "application_credential_id",
                                     "application_credential_name",
                                     "application_credential_secret",
                                     "system_scope",
                                     "domain_name",
                                     "domain_id"};

std::string reading(const fs::path& file) { return "reading the OpenStack credentials in " + file.string(); }

void take(const yaml::Value& from, Values& values) {
  for (const auto& entry : from.entries) {
    std::string key = entry.key;
    std::replace(key.begin(), key.end(), '-', '_');
    if (entry.value.kind == yaml::Value::Kind::scalar) values[key] = entry.value.scalar;
    if (key == "auth" && entry.value.kind == yaml::Value::Kind::map) take(entry.value, values);
  }
}

const yaml::Value* map_of(const yaml::Value& tree, const std::string& key) {
  const yaml::Value* found = tree.find(key);
  return found && found->kind == yaml::Value::Kind::map ? found : nullptr;
}

yaml::Value parsed(const fs::path& file) {
  std::vector<yaml::Problem> problems;
  yaml::Value tree = yaml::parse(yaml::slurp(file), file.string(), problems);
  // The place only: the message of a parser may quote the line, and that may be the password's.
  if (!problems.empty())
    throw Error(ErrorKind::bad_file, reading(file),
                fmt::format("line {}, column {} is no YAML", problems[0].place.line, problems[0].place.column));
  return tree;
}

std::vector<fs::path> folders(const Environment& environment) {
  std::vector<fs::path> all{"."};
  const std::string own = environment("XDG_CONFIG_HOME"), home = environment("HOME");
  if (!own.empty())
    all.push_back(fs::path(own) / "openstack");
  else if (!home.empty())
    all.push_back(fs::path(home) / ".config/openstack");
  all.emplace_back("/etc/openstack");
  return all;
}

std::vector<std::string> folder_names(const Environment& environment) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders(environment)) names.push_back(folder.string());
  return names;
}

// The first of these that is there: `given`, what the variable names, then name.yaml, .yml and .json in each folder.
std::optional<fs::path> found(const std::string& given, const std::string& named, const std::string& name,
                              const std::vector<fs::path>& in) {
  if (!given.empty()) return given;
  if (!named.empty()) return named;
  std::error_code ignored;
  for (const fs::path& folder : in)
    for (const char* ending : {".yaml", ".yml", ".json"})
      if (fs::path file = folder / (name + ending); fs::exists(file, ignored)) return file;
  return std::nullopt;
}

Values of_cloud(const fs::path& file, const std::string& name) {
  const yaml::Value tree = parsed(file);
  const yaml::Value* clouds = map_of(tree, "clouds");
  if (!clouds) throw Error(ErrorKind::bad_file, reading(file), "it has no map 'clouds'", "see openstacksdk's clouds.yaml");
  const yaml::Value* cloud = map_of(*clouds, name);
  if (!cloud) {
    std::vector<std::string> names;
    for (const auto& entry : clouds->entries) names.push_back(entry.key);
    throw Error(ErrorKind::unmet, reading(file), fmt::format("it has no cloud '{}'", name), suggestion(name, names));
  }
  if (cloud->find("profile"))
    throw Error(ErrorKind::unmet, reading(file), fmt::format("cloud '{}' has a 'profile', which is not supported", name),
                "write 'auth_url' and 'region_name' out");
  Values values;
  take(*cloud, values);
  return values;
}

// What stands in secure.yaml goes over what stands in clouds.yaml; it need not name the cloud.
void take_secure(const fs::path& clouds, const OpenStackAccess& access, const std::string& name, const Environment& environment,
                 Values& values) {
  std::vector<fs::path> in = folders(environment);
  if (!access.clouds_file.empty()) in = {clouds.parent_path()};
  const auto file = found("", environment("OS_CLIENT_SECURE_FILE"), "secure", in);
  if (!file) return;
  const yaml::Value tree = parsed(*file);
  if (const yaml::Value* secure = map_of(tree, "clouds"))
    if (const yaml::Value* cloud = map_of(*secure, name)) take(*cloud, values);
}

Values of_variables(const Environment& environment) {
  Values values;
  for (const std::string& key : kKeys) {
    std::string name = "OS_" + key;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    if (std::string value = environment(name); !value.empty()) values[key] = value;
  }
  return values;
}

// The first of them that has a value.
std::string first(const Values& values, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (auto found = values.find(key); found != values.end() && !found->second.empty()) return found->second;
  return "";
}

class Reader {
 public:
  Reader(Values values, std::string source) : values_(std::move(values)) { result_.source = std::move(source); }

  OpenStackCredentials read(const OpenStackAccess& access) {
    require_supported();
    OpenStackCredentials& r = result_;
    r.auth_url = first(values_, {"auth_url"});
    r.user = first(values_, {"username"}), r.user_id = first(values_, {"user_id"});
    r.user_domain = first(values_, {"user_domain_name"}), r.user_domain_id = first(values_, {"user_domain_id"});
    r.password = first(values_, {"password"});
    r.project = first(values_, {"project_name", "tenant_name"}), r.project_id = first(values_, {"project_id", "tenant_id"});
    r.project_domain = first(values_, {"project_domain_name"}), r.project_domain_id = first(values_, {"project_domain_id"});
    r.application_id = first(values_, {"application_credential_id"});
    r.application = first(values_, {"application_credential_name"});
    r.application_secret = first(values_, {"application_credential_secret"});
    r.region = access.region.empty() ? first(values_, {"region_name"}) : access.region;
    r.interface = interface_of(access);
    r.cacert = access.cacert.empty() ? first(values_, {"cacert"}) : access.cacert;
    require_whole();
    return std::move(r);
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const std::string& hint) const {
    throw Error(ErrorKind::unmet, "reading the OpenStack credentials from " + result_.source, why, hint);
  }

  void require_supported() const {
    const std::string type = first(values_, {"auth_type"});
    if (!type.empty() && type != "password" && type != "v3password" && type != "v3applicationcredential")
      refuse(fmt::format("auth_type '{}' is not supported", type), "use password or v3applicationcredential");
    const std::string verify = first(values_, {"verify"}), insecure = first(values_, {"insecure"});
    if (verify == "false" || verify == "False" || insecure == "true" || insecure == "True" || insecure == "1")
      refuse("they ask for TLS without verification, which is not done here", "give the API's CA as 'cacert'");
    if (!first(values_, {"system_scope", "domain_name", "domain_id"}).empty())
      refuse("they are scoped to a system or domain", "the probes need a project: name 'project_name'");
  }

  // "publicURL" as well as "public".
  std::string interface_of(const OpenStackAccess& access) const {
    std::string name = access.interface.empty() ? first(values_, {"interface", "endpoint_type"}) : access.interface;
    if (name.empty()) return "public";
    if (name.size() > 3 && name.compare(name.size() - 3, 3, "URL") == 0) name.resize(name.size() - 3);
    if (name != "public" && name != "internal" && name != "admin")
      refuse(fmt::format("there is no interface '{}'", name), "public, internal or admin");
    return name;
  }

  void require_whole() const {
    std::vector<std::string> missing;
    const auto need = [&](bool there, const char* name) {
      if (!there) missing.push_back(name);
    };
    const OpenStackCredentials& r = result_;
    need(!r.auth_url.empty(), "auth_url");
    const bool by_name = !r.user.empty() || !r.user_id.empty();
    if (r.by_application()) {
      need(!r.application_id.empty() || (!r.application.empty() && by_name),
           "application_credential_id (or its name and the user)");
    } else {
      need(by_name, "username");
      need(!r.password.empty(), "password");
      need(!r.project.empty() || !r.project_id.empty(), "project_name");
    }
    if (!missing.empty())
      refuse(fmt::format("{} is missing", fmt::join(missing, ", ")), "does the 'openstack' command work with them?");
  }

  Values values_;
  OpenStackCredentials result_;
};

}  // namespace

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? value : "";
}

OpenStackCredentials read_credentials(const OpenStackAccess& access, const Environment& environment) {
  const std::string name = access.cloud.empty() ? environment("OS_CLOUD") : access.cloud;
  if (name.empty() && !access.clouds_file.empty())
    throw Error(ErrorKind::unmet, reading(access.clouds_file), "no cloud is named",
                "say 'cloud' under 'openstack' in cloud.yaml");
  if (name.empty()) return Reader(of_variables(environment), "the OS_* variables").read(access);
  const auto file = found(access.clouds_file, environment("OS_CLIENT_CONFIG_FILE"), "clouds", folders(environment));
  if (!file)
    throw Error(ErrorKind::unmet, fmt::format("looking for the credentials of the OpenStack cloud '{}'", name),
                fmt::format("there is no clouds.yaml in {}", fmt::join(folder_names(environment), ", ")),
                "make one, or name it by 'clouds-file' under 'openstack' in cloud.yaml");
  Values values = of_cloud(*file, name);
  take_secure(*file, access, name, environment, values);
  return Reader(values, fmt::format("cloud '{}' in {}", name, file->string())).read(access);
}

}  // namespace blackstart
