#include "lab/cloud.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

template <class T>
std::vector<std::string> names_of(const std::vector<T>& items) {
  std::vector<std::string> names;
  for (const T& item : items) names.push_back(item.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What could not be read is empty, and has its message already.
bool repeats(const std::vector<std::string>& names, const std::string& name) { return !name.empty() && contains(names, name); }
bool unknown(const std::vector<std::string>& names, const std::string& name) { return !name.empty() && !contains(names, name); }

constexpr Range<std::int64_t> kPorts{1, 65535};
constexpr std::int64_t kPostgresPort = 5432;

void describe_site(Fields& f, std::vector<Site>& sites) {
  Site site;
  f.name({"name", "the site's name, unique", Field::required}, site.name);
  f.name({"region", "the region it belongs to"}, site.region);
  f.name({"uplink", "labs only: interface on this machine that joins the site to the others"}, site.uplink);
  if (repeats(names_of(sites), site.name)) f.problem("name", fmt::format("site '{}' stands here twice", site.name));
  sites.push_back(site);
}

void describe_bmc(Fields& f, Bmc& bmc) {
  f.text({"address", "where it answers IPMI 2.0", Field::required}, bmc.address);
  f.integer({"port", "its UDP port"}, bmc.port, kPorts);
  f.text({"user", "who logs in; a user with administrator rights", Field::required}, bmc.user);
  f.text({"password-file", "file whose first line is the password; relative to this file", Field::required}, bmc.password_file);
  f.integer({"cipher", "cipher suite: 3 is in every BMC, 17 is stronger where it is"}, bmc.cipher, {1, 17});
}

void describe_libvirt(Fields& f, LibvirtDomain& libvirt) {
  f.text({"uri", "where libvirt is: qemu:///system, lxc:///, qemu+ssh://host/system", Field::required}, libvirt.uri);
  f.text({"domain", "the domain's name there", Field::required}, libvirt.domain);
}

void describe_node(Fields& f, const std::vector<Site>& sites, std::vector<Node>& nodes) {
  Node node;
  f.name({"name", "the node's name, unique; what steps and reports call it", Field::required}, node.name);
  f.name({"site", "the site it stands in", Field::required}, node.site);
  f.name({"rack", "the rack it stands in"}, node.rack);
  f.texts({"roles", "what it serves as: controller, database, network, compute, storage, …"}, node.roles);
  f.text({"address", "management address: the way in over SSH, never cut", Field::required}, node.address);
  f.text({"data", "address its services speak on; without it the same as 'address'"}, node.data);
  f.integer({"ssh-port", "port of its SSH server"}, node.ssh_port, kPorts);
  f.object({"bmc", "its board management controller: power is switched there"},
           [&](Fields& bmc) { describe_bmc(bmc, node.bmc); });
  f.object({"libvirt", "the domain it runs in; its power is switched there when it has no BMC"},
           [&](Fields& domain) { describe_libvirt(domain, node.libvirt); });
  f.name({"port", "labs only: interface on this machine at the other end of its data interface"}, node.port);
  if (unknown(names_of(sites), node.site))
    f.problem("site", fmt::format("there is no site '{}'", node.site), suggestion(node.site, names_of(sites)));
  if (repeats(names_of(nodes), node.name)) f.problem("name", fmt::format("node '{}' stands here twice", node.name));
  for (const Node& other : nodes)
    if (!node.address.empty() && other.address == node.address && other.ssh_port == node.ssh_port)
      f.problem("address", fmt::format("'{}' is the address of {} too", node.address, other.name));
  nodes.push_back(node);
}

void describe_ssh(Fields& f, SshSettings& ssh) {
  f.text({"user", "who logs in"}, ssh.user);
  f.text({"key", "private key file; relative to this file", Field::required}, ssh.key);
  f.text({"known-hosts", "file with the host keys; a host that is not in it is refused", Field::required}, ssh.known_hosts);
  f.flag({"sudo", "prefix each command with 'sudo -n'"}, ssh.sudo);
}

void describe_replica(Fields& f, const std::vector<Node>& nodes, Database& database) {
  Database::Replica replica;
  if (database.kind == kPostgresql) replica.port = kPostgresPort;
  f.name({"node", "the node it runs on", Field::required}, replica.node);
  f.text({"host", "address of its SQL server, past any proxy", Field::required}, replica.host);
  f.integer({"port", "port of its SQL server; PostgreSQL: 5432 unless given"}, replica.port, kPorts);
  if (unknown(names_of(nodes), replica.node))
    f.problem("node", fmt::format("there is no node '{}'", replica.node), suggestion(replica.node, names_of(nodes)));
  for (const auto& other : database.replicas)
    if (!replica.node.empty() && other.node == replica.node)
      f.problem("node", fmt::format("'{}' has a replica already", replica.node));
  database.replicas.push_back(replica);
}

void describe_database(Fields& f, const std::vector<Node>& nodes, Database& database) {
  f.text({"host", "address that clients write to, mostly the virtual IP", Field::required}, database.host);
  f.choice({"kind", "what it is"}, database.kind, {kMariadb, kPostgresql});
  if (database.kind == kPostgresql) {
    database.port = kPostgresPort;
    database.unit = "postgresql.service";
  }
  f.integer({"port", "its port; PostgreSQL: 5432 unless given"}, database.port, kPorts);
  f.text({"user", "SQL user of the probes"}, database.user);
  f.name({"name",
          "schema that is ours: its tables are made and dropped by the probes; PostgreSQL: the database, and in it the "
          "schema of the same name"},
         database.name);
  f.text({"password-file", "file whose first line is the password; relative to this file", Field::required},
         database.password_file);
  f.text({"unit", "systemd unit of the SQL server; PostgreSQL: postgresql.service unless given"}, database.unit);
  f.list({"replicas", "every replica; the audit reads each of them", Field::required},
         [&](Fields& item) { describe_replica(item, nodes, database); });
}

void describe_messaging(Fields& f, const std::vector<Node>& nodes, Messaging& messaging) {
  f.text({"user", "who logs in at the broker", Field::required}, messaging.user);
  f.text({"password-file", "file whose first line is the password; relative to this file", Field::required},
         messaging.password_file);
  f.integer({"port", "port of each broker, for AMQP 0-9-1"}, messaging.port, kPorts);
  f.text({"vhost", "virtual host in which the probes may make queues of their own"}, messaging.vhost);
  f.texts({"nodes", "where brokers are, as clients list them; without it, all nodes with the role 'messaging'"},
          messaging.nodes);
  for (const std::string& node : messaging.nodes)
    if (unknown(names_of(nodes), node))
      f.problem("nodes", fmt::format("there is no node '{}'", node), suggestion(node, names_of(nodes)));
}

void describe_openstack(Fields& f, OpenStackAccess& openstack) {
  openstack.present = true;
  f.text({"cloud", "the cloud's name in clouds.yaml; without it OS_CLOUD, else the OS_* variables"}, openstack.cloud);
  f.text({"clouds-file", "the clouds.yaml; relative to this file; without it, the one that every OpenStack client finds"},
         openstack.clouds_file);
  f.text({"region", "region in the service catalogue; without it the one of clouds.yaml, or the only one"}, openstack.region);
  f.choice({"interface", "which of the catalogue's endpoints; without it the one of clouds.yaml, or public"},
           openstack.interface, {"public", "internal", "admin"});
  f.text({"cacert", "CA certificates that sign the API's, PEM; relative to this file"}, openstack.cacert);
}

// YAML's double-quoted form; the values are addresses, names and paths.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + quoted(item);
  return "[" + out + "]";
}

std::string node_text(const Node& node) {
  std::string out = fmt::format("  - {{name: {}, site: {}, ", node.name, node.site);
  if (!node.rack.empty()) out += fmt::format("rack: {}, ", node.rack);
  if (!node.data.empty()) out += fmt::format("data: {}, ", quoted(node.data));
  if (node.ssh_port != 22) out += fmt::format("ssh-port: {}, ", node.ssh_port);
  if (node.bmc.present())
    out += fmt::format("bmc: {{address: {}, port: {}, user: {}, password-file: {}, cipher: {}}}, ", quoted(node.bmc.address),
                       node.bmc.port, quoted(node.bmc.user), quoted(node.bmc.password_file), node.bmc.cipher);
  if (node.libvirt.present())
    out += fmt::format("libvirt: {{uri: {}, domain: {}}}, ", quoted(node.libvirt.uri), quoted(node.libvirt.domain));
  if (!node.port.empty()) out += fmt::format("port: {}, ", node.port);
  return out + fmt::format("address: {}, roles: {}}}\n", quoted(node.address), list_of(node.roles));
}

std::string database_text(const Database& database) {
  std::string out = fmt::format(
      "database:\n  host: {}\n  kind: {}\n  port: {}\n  user: {}\n  name: {}\n  password-file: {}\n  unit: {}\n  replicas:\n",
      quoted(database.host), database.kind, database.port, quoted(database.user), database.name, quoted(database.password_file),
      quoted(database.unit));
  for (const auto& replica : database.replicas)
    out += fmt::format("    - {{node: {}, host: {}, port: {}}}\n", replica.node, quoted(replica.host), replica.port);
  return out;
}

std::string messaging_text(const Messaging& messaging) {
  std::string out = fmt::format("messaging: {{user: {}, password-file: {}, port: {}, vhost: {}", quoted(messaging.user),
                                quoted(messaging.password_file), messaging.port, quoted(messaging.vhost));
  if (!messaging.nodes.empty()) out += ", nodes: " + list_of(messaging.nodes);
  return out + "}\n";
}

std::string openstack_text(const OpenStackAccess& openstack) {
  std::string out;
  for (const auto& [key, value] : {std::pair{"cloud", openstack.cloud}, std::pair{"clouds-file", openstack.clouds_file},
                                   std::pair{"region", openstack.region}, std::pair{"interface", openstack.interface},
                                   std::pair{"cacert", openstack.cacert}})
    if (!value.empty()) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, quoted(value));
  return fmt::format("openstack: {{{}}}\n", out);
}

void count_from(const std::filesystem::path& folder, std::string& file) {
  if (!file.empty()) file = (folder / file).lexically_normal().string();
}

}  // namespace

bool Node::has_role(const std::string& role) const { return contains(roles, role); }

const Node* Cloud::find(const std::string& node) const {
  auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.name == node; });
  return found == nodes.end() ? nullptr : &*found;
}

void Cloud::describe(Fields& f) {
  f.name({"cloud", "the cloud's name; one rehearsal at a time runs against it", Field::required}, name);
  f.flag({"simulated", "true: a lab, everything in it may be broken"}, simulated);
  f.text({"vip", "virtual IP of the entry to APIs and database"}, vip);
  f.list({"sites", "data centres", Field::required}, [&](Fields& item) { describe_site(item, sites); });
  f.list({"nodes", "machines that Blackstart reaches over SSH", Field::required},
         [&](Fields& item) { describe_node(item, sites, nodes); });
  f.object({"ssh", "how the runner logs in", Field::required}, [&](Fields& inner) { describe_ssh(inner, ssh); });
  f.object({"database", "the SQL database that the bank of the ledger probe uses"},
           [&](Fields& inner) { describe_database(inner, nodes, database); });
  f.object({"messaging", "the message broker that the amqp probe sends payments through"},
           [&](Fields& inner) { describe_messaging(inner, nodes, messaging); });
  f.object({"openstack", "where the credentials for its OpenStack API are; they are never copied from there"},
           [&](Fields& inner) { describe_openstack(inner, openstack); });
}

Cloud read_cloud(const std::filesystem::path& file) {
  Cloud cloud;
  read_file(file.string(), [&](Fields& f) { cloud.describe(f); });
  const auto folder = std::filesystem::absolute(file).parent_path();
  for (std::string* path : {&cloud.ssh.key, &cloud.ssh.known_hosts, &cloud.database.password_file,
                            &cloud.messaging.password_file, &cloud.openstack.clouds_file, &cloud.openstack.cacert})
    count_from(folder, *path);
  for (Node& node : cloud.nodes) count_from(folder, node.bmc.password_file);
  return cloud;
}

std::string write_cloud(const Cloud& cloud) {
  std::string out = fmt::format("cloud: {}\nsimulated: {}\n", cloud.name, cloud.simulated);
  if (!cloud.vip.empty()) out += fmt::format("vip: {}\n", quoted(cloud.vip));
  out += "sites:\n";
  for (const Site& site : cloud.sites)
    out += fmt::format("  - {{name: {}{}{}}}\n", site.name, site.region.empty() ? "" : ", region: " + site.region,
                       site.uplink.empty() ? "" : ", uplink: " + site.uplink);
  out += "nodes:\n";
  for (const Node& node : cloud.nodes) out += node_text(node);
  out += fmt::format("ssh:\n  user: {}\n  key: {}\n  known-hosts: {}\n  sudo: {}\n", quoted(cloud.ssh.user),
                     quoted(cloud.ssh.key), quoted(cloud.ssh.known_hosts), cloud.ssh.sudo);
  if (cloud.database.present()) out += database_text(cloud.database);
  if (cloud.messaging.present()) out += messaging_text(cloud.messaging);
  return cloud.openstack.present ? out + openstack_text(cloud.openstack) : out;
}

}  // namespace blackstart
