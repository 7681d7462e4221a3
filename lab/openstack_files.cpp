#include "lab/openstack_files.h"

#include <fmt/format.h>

#include <string_view>

#include "lab/openstack_secrets.h"
#include "lab/service.h"

namespace blackstart {
namespace embedded {
std::string_view lab_clouds_yaml();
std::string_view lab_secrets_sql();
}  // namespace embedded
namespace {

// Every service of a controller keeps connections, and all go to one server.
constexpr const char* kPool = R"(max_pool_size = 5
max_overflow = 10
connection_recycle_time = 280
max_retries = -1)";

constexpr const char* kRabbit = R"(rabbit_quorum_queue = true
heartbeat_in_pthread = false
heartbeat_timeout_threshold = 20
kombu_reconnect_delay = 0.5)";

// Not dogpile.cache.pymemcache: that raises an error when a server's host is gone, and no token is issued any more.
constexpr const char* kCache = R"(enabled = true
backend = oslo_cache.memcache_pool
memcache_socket_timeout = 1
memcache_dead_retry = 30
memcache_servers = )";

constexpr const char* kClient = R"(auth_url = http://{{vip}}:5000
auth_type = password
password = {{service_password}}
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = RegionOne)";

constexpr const char* kAuthtoken = R"(www_authenticate_uri = http://{{vip}}:5000
service_token_roles_required = true
memcached_servers = )";

std::string joined(const LabFile& lab, const std::string& service, const std::string& before, const std::string& after) {
  std::string out;
  for (const LabNode& node : nodes_with(lab, service)) out += (out.empty() ? "" : ",") + before + node.name + after;
  return out;
}

std::string api_section(const LabFile& lab, const Service& service) {
  std::string text = fmt::format(
      "\nlisten {0}\n  mode http\n  timeout client 90s\n  timeout server 90s\n  timeout check 5s\n  bind {1}:{2}\n  balance "
      "roundrobin\n"
      "  option redispatch\n  option httpchk GET {3}\n  http-check expect rstatus ^[23]\n",
      service.name, lab.vip, service.port, service.path);
  for (const LabNode& node : nodes_with(lab, service.name))
    text += fmt::format("  server {} {}:{} check inter 2s\n", node.name, node.data, service.port);
  return text;
}

}  // namespace

Values openstack_values(const LabFile& lab, const Values& secrets) {
  Values values = secrets;
  values["vip"] = lab.vip;
  values["cloud"] = lab.name;
  const std::string credentials = "openstack:" + secrets.at("service_password"),
                    memcached = joined(lab, "memcached", "", ":11211");
  values["database_user"] = credentials;
  values["transport_url"] = "rabbit://" + joined(lab, "rabbitmq-server", credentials + "@", ":5672") + "/";
  values["transport"] = "transport_url = " + values["transport_url"];
  values["rabbit"] = kRabbit;
  values["pool"] = kPool;
  values["cache"] = kCache + memcached;
  values["client"] = fill_template(kClient, values);
  values["authtoken"] = values["client"] + "\n" + fill_template(kAuthtoken, values) + memcached;
  return values;
}

std::vector<NodeFile> openstack_files(const LabFile& lab, const LabNode& node, const Values& secrets) {
  std::vector<NodeFile> files{
      {"/etc/lab/node.env", fmt::format("LAB_DATA={}\n", node.data)},
      {"/etc/lab/openstack.cnf",
       fmt::format("[client]\nhost = vip\nuser = openstack\npassword = {}\n", secrets.at("service_password")), 0600}};
  if (!runs(lab, node, "keystone")) return files;
  for (const char* kind : {"fernet", "credential"})
    for (const char* number : {"0", "1"})
      files.push_back(
          {fmt::format("/etc/keystone/{}-keys/{}", kind, number), secrets.at(fmt::format("{}_{}", kind, number)), 0600});
  files.push_back({"/etc/openstack/clouds.yaml", clouds_yaml(lab, secrets), 0600});
  return files;
}

std::string balanced_apis(const LabFile& lab) {
  std::string text;
  for (const Service& service : all_services())
    if (service.port && !nodes_with(lab, service.name).empty()) text += api_section(lab, service);
  return text;
}

std::string clouds_yaml(const LabFile& lab, const Values& secrets) {
  return fill_template(embedded::lab_clouds_yaml(), openstack_values(lab, secrets));
}

std::string secret_statements(const LabFile& lab, const Values& secrets) {
  Values values = openstack_values(lab, secrets);
  for (const char* who : {"service", "user"})
    values[fmt::format("{}_hash", who)] = keystone_hash(secrets.at(fmt::format("{}_password", who)));
  return fill_template(embedded::lab_secrets_sql(), values);
}

}  // namespace blackstart
