#include "lab/node_files.h"

#include <fmt/format.h>

#include <string_view>

#include "lab/links.h"

namespace blackstart {
namespace embedded {
std::string_view lab_domain_xml();
std::string_view lab_galera_cnf();
std::string_view lab_haproxy_cfg();
std::string_view lab_keepalived_conf();
std::string_view lab_memcached_conf();
}  // namespace embedded
namespace {

constexpr int kHighestPriority = 103;

// What the image enables, and whom it is for.
struct Service {
  const char* unit;
  const char* role;
};
constexpr Service kServices[] = {{"mariadb", "database"},
                                 {"galera-check", "database"},
                                 {"haproxy", "controller"},
                                 {"keepalived", "controller"},
                                 {"memcached", "controller"}};

// The first controller prefers to hold the virtual IP.
int priority(const LabFile& lab, const LabNode& node) {
  int priority = kHighestPriority;
  for (const LabNode& other : lab.with_role("controller")) {
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
  for (const LabNode& node : lab.with_role("database")) out += (out.empty() ? "" : ",") + node.data;
  return out;
}

// The first is the writer at first; the others wait for it to go down.
std::string servers(const LabFile& lab) {
  std::string out;
  for (const LabNode& node : lab.with_role("database"))
    out += fmt::format("{}  server {} {}:3306 check port 9200{}", out.empty() ? "" : "\n", node.name, node.data,
                       out.empty() ? "" : " backup");
  return out;
}

std::string peers(const LabFile& lab, const LabNode& node) {
  std::string out;
  for (const LabNode& other : lab.with_role("controller"))
    if (other.name != node.name) out += fmt::format("{}    {}", out.empty() ? "" : "\n", other.data);
  return out;
}

}  // namespace

Values node_values(const LabFile& lab, const LabNode& node) {
  return {{"node", node.name},
          {"vip", lab.vip},
          {"data", node.data},
          {"management", node.address},
          {"data_prefix", std::to_string(lab.data.prefix())},
          {"management_prefix", std::to_string(lab.management.prefix())},
          {"all_data", all_data(lab)},
          {"segment", std::to_string(site_index(lab, node.site))},
          {"servers", servers(lab)},
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
}

std::vector<NodeFile> node_files(const LabFile& lab, const LabNode& node, const NodeKeys& keys) {
  const Values values = node_values(lab, node);
  std::vector<NodeFile> files{{"/etc/hostname", node.name + "\n"},
                              {"/etc/hosts", hosts(lab)},
                              {"/etc/machine-id", keys.machine_id + "\n", 0444},
                              {"/root/.ssh/authorized_keys", keys.authorized, 0600},
                              {"/etc/ssh/ssh_host_ed25519_key", keys.host_key, 0600}};
  if (node.has_role("database"))
    files.push_back({"/etc/mysql/mariadb.conf.d/99-galera.cnf", fill_template(embedded::lab_galera_cnf(), values)});
  if (node.has_role("controller")) {
    files.push_back({"/etc/haproxy/haproxy.cfg", fill_template(embedded::lab_haproxy_cfg(), values)});
    files.push_back({"/etc/keepalived/keepalived.conf", fill_template(embedded::lab_keepalived_conf(), values)});
    files.push_back({"/etc/memcached.conf", fill_template(embedded::lab_memcached_conf(), values)});
  }
  // systemd takes a unit file of no length for a masked one.
  for (const Service& service : kServices)
    if (!node.has_role(service.role)) files.push_back({fmt::format("/etc/systemd/system/{}.service", service.unit), ""});
  return files;
}

std::vector<std::string> units_of(const LabNode& node) {
  std::vector<std::string> units;
  for (const Service& service : kServices)
    if (node.has_role(service.role)) units.push_back(service.unit);
  return units;
}

NodeFile bootstrap_file() { return {"/etc/lab/wsrep-bootstrap", "_WSREP_NEW_CLUSTER=--wsrep-new-cluster\n"}; }

std::string domain_xml(const LabFile& lab, const LabNode& node, const std::filesystem::path& root) {
  Values values = node_values(lab, node);
  values["root"] = root.string();
  return fill_template(embedded::lab_domain_xml(), values);
}

}  // namespace blackstart
