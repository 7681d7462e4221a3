#include "lab/node_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "lab/lab_folder.h"
#include "lab/links.h"
#include "lab/openstack_files.h"
#include "lab/service.h"

namespace blackstart {
namespace embedded {
std::string_view lab_domain_xml();
std::string_view lab_galera_cnf();
std::string_view lab_haproxy_cfg();
std::string_view lab_keepalived_conf();
std::string_view lab_memcached_conf();
std::string_view lab_postgresql_conf();
std::string_view lab_rabbitmq_conf();
std::string_view lab_rabbitmq_env_conf();
std::string_view lab_keystone_conf();
std::string_view lab_glance_api_conf();
std::string_view lab_placement_conf();
std::string_view lab_nova_conf();
std::string_view lab_neutron_conf();
std::string_view lab_ml2_conf_ini();
std::string_view lab_linuxbridge_agent_ini();
std::string_view lab_dhcp_agent_ini();
std::string_view lab_cinder_conf();
}  // namespace embedded
namespace {

constexpr int kHighestPriority = 103;

// A file of settings, and whose it is (Service::files). Who else may read one with passwords, the image says.
struct Settings {
  const char* files;
  const char* path;
  std::string_view (*text)();
  int mode = 0644;
};
constexpr Settings kSettings[] = {
    {"mariadb", "/etc/mysql/mariadb.conf.d/99-galera.cnf", embedded::lab_galera_cnf},
    {"haproxy", "/etc/haproxy/haproxy.cfg", embedded::lab_haproxy_cfg},
    {"keepalived", "/etc/keepalived/keepalived.conf", embedded::lab_keepalived_conf},
    {"memcached", "/etc/memcached.conf", embedded::lab_memcached_conf},
    {"postgresql", "/etc/postgresql/15/main/conf.d/lab.conf", embedded::lab_postgresql_conf},
    {"rabbitmq", "/etc/rabbitmq/rabbitmq.conf", embedded::lab_rabbitmq_conf, 0600},
    {"rabbitmq", "/etc/rabbitmq/rabbitmq-env.conf", embedded::lab_rabbitmq_env_conf},
    {"keystone", "/etc/keystone/keystone.conf", embedded::lab_keystone_conf, 0600},
    {"glance", "/etc/glance/glance-api.conf", embedded::lab_glance_api_conf, 0600},
    {"placement", "/etc/placement/placement.conf", embedded::lab_placement_conf, 0600},
    {"nova", "/etc/nova/nova.conf", embedded::lab_nova_conf, 0600},
    {"neutron", "/etc/neutron/neutron.conf", embedded::lab_neutron_conf, 0600},
    {"neutron", "/etc/neutron/plugins/ml2/ml2_conf.ini", embedded::lab_ml2_conf_ini},
    {"neutron", "/etc/neutron/plugins/ml2/linuxbridge_agent.ini", embedded::lab_linuxbridge_agent_ini},
    {"neutron", "/etc/neutron/dhcp_agent.ini", embedded::lab_dhcp_agent_ini},
    {"cinder", "/etc/cinder/cinder.conf", embedded::lab_cinder_conf, 0600}};

// The first controller prefers to hold the virtual IP.
int priority(const LabFile& lab, const LabNode& node) {
  int priority = kHighestPriority;
  for (const LabNode& other : nodes_with(lab, "keepalived")) {
    if (other.name == node.name) break;
    --priority;
  }
  return priority;
}

std::size_t site_index(const LabFile& lab, const std::string& site) {
  std::size_t index = 0;
  while (lab.sites[index].name != site) ++index;
  return index;
}

std::string hosts(const LabFile& lab) {
  std::string out = "127.0.0.1 localhost\n";
  if (!lab.vip.empty()) out += lab.vip + " vip\n";
  for (const LabNode& node : lab.nodes)
    out += fmt::format("{} {}\n{} {}-mgmt\n", node.data, node.name, node.address, node.name);
  return out;
}

std::string all_data(const LabFile& lab) {
  std::string out;
  for (const LabNode& node : nodes_with(lab, "mariadb")) out += (out.empty() ? "" : ",") + node.data;
  return out;
}

// The first is the writer at first; the others wait for it to go down.
std::string servers(const LabFile& lab) {
  std::string out;
  for (const LabNode& node : nodes_with(lab, "mariadb"))
    out += fmt::format("{}  server {} {}:3306 check port 9200{}", out.empty() ? "" : "\n", node.name, node.data,
                       out.empty() ? "" : " backup");
  return out;
}

// What PostgreSQL's nodes know of each other; the first of them is the primary.
void add_postgres(const LabFile& lab, Values& values) {
  const auto nodes = nodes_with(lab, "postgresql");
  values["pg_primary"] = nodes.empty() ? "" : nodes.front().data;
  values["pg_standbys"] = std::to_string(nodes.empty() ? 0 : nodes.size() - 1);
  values["pg_synchronous"] = nodes.size() > 1 ? "ANY 1 (*)" : "";  // alone it would wait for ever
}

std::string peers(const LabFile& lab, const LabNode& node) {
  std::string out;
  for (const LabNode& other : nodes_with(lab, "keepalived"))
    if (other.name != node.name) out += fmt::format("{}    {}", out.empty() ? "" : "\n", other.data);
  return out;
}

// The order in which RabbitMQ's nodes look for each other.
std::string rabbit_nodes(const LabFile& lab) {
  std::string out;
  int number = 0;
  for (const LabNode& node : nodes_with(lab, "rabbitmq-server"))
    out += fmt::format("{}cluster_formation.classic_config.nodes.{} = rabbit@{}", number ? "\n" : "", number + 1, node.name),
        ++number;
  return out;
}

// One folder of the host for all that serve images: what one has stored the others can read.
std::string shared_folders(const LabFile& lab, const LabNode& node) {
  if (!runs(lab, node, "glance-api")) return "";
  return fmt::format(
      "\n    <filesystem type='mount'>\n      <source dir='{}'/>\n      <target dir='/var/lib/glance/images'/>\n    "
      "</filesystem>",
      LabFolder(lab.name).images().string());
}

bool uses(const std::vector<Service>& services, const Settings& settings) {
  return std::any_of(services.begin(), services.end(),
                     [&](const Service& service) { return service.files == std::string_view(settings.files); });
}

}  // namespace

Values node_values(const LabFile& lab, const LabNode& node) {
  Values values{{"node", node.name},
                {"vip", lab.vip},
                {"data", node.data},
                {"management", node.address},
                {"data_prefix", std::to_string(lab.data.prefix())},
                {"management_prefix", std::to_string(lab.management.prefix())},
                {"all_data", all_data(lab)},
                {"segment", std::to_string(site_index(lab, node.site))},
                {"servers", servers(lab)},
                {"apis", balanced_apis(lab)},
                {"rabbit_nodes", rabbit_nodes(lab)},
                {"shared_folders", shared_folders(lab, node)},
                {"peers", peers(lab, node)},
                {"priority", std::to_string(priority(lab, node))},
                // Emulated machines may stand still for seconds when the host is busy.
                {"suspect", lab.has_vms() ? "10" : "3"},
                {"inactive", lab.has_vms() ? "20" : "6"},
                {"advert", lab.has_vms() ? "3" : "1"},
                {"check_every", lab.has_vms() ? "3" : "1"},
                {"domain", lab.domain(node.name)},
                {"mark", lab_mark(lab.name)},
                {"memory", std::to_string(node.memory)},
                {"management_bridge", lab.management_bridge()},
                {"site_bridge", lab.site_bridge(node.site)},
                {"management_nic", lab.management_nic(node.name)},
                {"data_nic", lab.data_nic(node.name)}};
  add_postgres(lab, values);
  return values;
}

std::vector<NodeFile> node_files(const LabFile& lab, const LabNode& node, const NodeKeys& keys) {
  Values values = node_values(lab, node);
  std::vector<NodeFile> files{{"/etc/hostname", node.name + "\n"},
                              {"/etc/hosts", hosts(lab)},
                              {"/etc/machine-id", keys.machine_id + "\n", 0444},
                              {"/root/.ssh/authorized_keys", keys.authorized, 0600},
                              {"/etc/ssh/ssh_host_ed25519_key", keys.host_key, 0600}};
  if (lab.has_openstack() && !node.is_vm()) {
    values.merge(openstack_values(lab, keys.secrets));
    for (NodeFile& file : openstack_files(lab, node, keys.secrets)) files.push_back(std::move(file));
  }
  const std::vector<Service> services = services_of(lab, node);
  for (const Settings& each : kSettings)
    if (uses(services, each)) files.push_back({each.path, fill_template(each.text(), values), each.mode});
  // systemd takes a unit file of no length for a masked one.
  for (const Service& service : all_services())
    if (in_image(service, node.is_vm() ? "base" : lab.image) && service.stage == 0 && !runs(lab, node, service.name))
      files.push_back({fmt::format("/etc/systemd/system/{}.service", service.name), ""});
  // The image's data are those of a server that was shut down: with this file they are a standby's.
  if (const auto servers = nodes_with(lab, "postgresql"); runs(lab, node, "postgresql") && node.name != servers.front().name)
    files.push_back({"/var/lib/postgresql/15/main/standby.signal", ""});
  return files;
}

std::vector<std::string> units_of(const LabFile& lab, const LabNode& node) {
  std::vector<std::string> units;
  for (const Service& service : services_of(lab, node))
    if (service.stage == 0) units.push_back(service.name);
  return units;
}

NodeFile bootstrap_file() { return {"/etc/lab/wsrep-bootstrap", "_WSREP_NEW_CLUSTER=--wsrep-new-cluster\n"}; }

std::string domain_xml(const LabFile& lab, const LabNode& node, const std::filesystem::path& root) {
  Values values = node_values(lab, node);
  values["root"] = root.string();
  return fill_template(embedded::lab_domain_xml(), values);
}

}  // namespace blackstart
