#include "lab/lab_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "lab/ipv4.h"
#include "lab/service.h"

namespace blackstart {
namespace {

// RFC 2544: for benchmarks, never routed in real networks; what is meant for a lab cannot reach a real host.
constexpr Ipv4Network kLabRange{0xC6120000, 15};
constexpr std::size_t kLongestPrefix = 4;
constexpr std::size_t kLongestName = 8;             // prefix, "-m-" and the name make an interface name: 15 characters at most
constexpr std::int64_t kLeastMemory = 64 << 20;     // systemd and sshd
constexpr std::int64_t kLeastVmMemory = 256 << 20;  // a kernel of its own too
constexpr std::int64_t kLeastPostgresMemory = 256 << 20;
constexpr std::int64_t kLeastServiceMemory = 512 << 20;  // with Galera
const std::vector<std::string> kRoles = {"controller", "database", "messaging", "network", "compute", "storage"};

void check_length(Fields& f, const char* field, const std::string& text, std::size_t longest) {
  if (text.size() > longest)
    f.problem(field, fmt::format("'{}' is longer than {} characters", text, longest), "it becomes part of interface names");
}

// Interface names and host names allow less than names in general do.
void check_word(Fields& f, const char* field, const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!plain) f.problem(field, fmt::format("'{}' has characters other than a-z, 0-9 and '-'", text));
}

void check_address(Fields& f, const char* field, const std::string& text, const LabNetwork& network) {
  if (text.empty()) return;
  const auto address = parse_ipv4(text);
  const auto range = parse_network(network.network);
  if (!address) return f.problem(field, fmt::format("'{}' is no IPv4 address", text));
  if (!range) return;
  if (!range->contains(*address))
    return f.problem(field, fmt::format("{} is outside of the network {}", text, network.network));
  const std::uint32_t last = range->base | ~range->mask();
  if (*address == range->base || *address == last)
    f.problem(field, fmt::format("{} is the network's own or its broadcast address", text));
}

void describe_network(Fields& f, LabNetwork& network) {
  f.text({"network", "its range within 198.18.0.0/15, like 198.18.10.0/24", Field::required}, network.network);
  f.text({"host", "address of the host in it", Field::required}, network.host);
  const auto range = parse_network(network.network);
  if (!network.network.empty() && !range)
    f.problem("network", fmt::format("'{}' is no network", network.network), "write it as 198.18.10.0/24");
  if (range && (!range->within(kLabRange) || range->prefix > 29))
    f.problem("network", fmt::format("{} is not a range of 8 or more addresses within 198.18.0.0/15", network.network),
              "labs use only what is never routed in real networks");
  check_address(f, "host", network.host, network);
}

void describe_site(Fields& f, std::vector<Site>& sites) {
  Site site;
  f.name({"name", "the site's name, unique, at most 8 characters", Field::required}, site.name);
  check_word(f, "name", site.name);
  check_length(f, "name", site.name, kLongestName);
  if (site.name == "mgmt" || site.name == "core" || site.name.find('-') == 1)
    f.problem("name", fmt::format("'{}' clashes with the names of a lab's interfaces", site.name),
              "name it otherwise, like dc1");
  for (const Site& other : sites)
    if (!site.name.empty() && other.name == site.name) f.problem("name", fmt::format("site '{}' stands here twice", site.name));
  sites.push_back(site);
}

void check_node(Fields& f, const LabFile& lab, const LabNode& node) {
  std::vector<std::string> sites;
  for (const Site& site : lab.sites) sites.push_back(site.name);
  if (!node.site.empty() && std::find(sites.begin(), sites.end(), node.site) == sites.end())
    f.problem("site", fmt::format("there is no site '{}'", node.site), suggestion(node.site, sites));
  check_word(f, "name", node.name);
  check_length(f, "name", node.name, kLongestName);
  if (!node.name.empty() && lab.find(node.name)) f.problem("name", fmt::format("node '{}' stands here twice", node.name));
  check_address(f, "address", node.address, lab.management);
  check_address(f, "data", node.data, lab.data);
}

void check_roles(Fields& f, const LabNode& node) {
  for (const std::string& role : node.roles)
    if (std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end())
      f.problem("roles", fmt::format("'{}' is no role that a lab knows", role), suggestion(role, kRoles));
}

void check_services(Fields& f, const LabFile& lab, const LabNode& node) {
  std::vector<std::string> names;
  for (const Service& service : all_services()) names.push_back(service.name);
  for (const std::string& name : node.services.value_or(std::vector<std::string>{})) {
    const Service* service = find_service(name);
    if (!service)
      f.problem("services", fmt::format("'{}' is no service that a lab knows", name), suggestion(name, names));
    else if (!in_image(*service, lab.image))
      f.problem("services", fmt::format("the nodes' image has no {}", name), fmt::format("say 'image: {}'", service->image));
  }
  for (const Service& service : services_of(lab, node))
    if (node.is_vm() && service.image != std::string("base"))
      f.problem("driver", fmt::format("{} does not run in a virtual machine: their image has no OpenStack", service.name));
}

// Of its database; 0 without one.
std::int64_t database_memory(const LabFile& lab, const LabNode& node) {
  if (runs(lab, node, "mariadb")) return kLeastServiceMemory;
  if (!runs(lab, node, "postgresql")) return 0;
  return node.is_vm() ? kLeastServiceMemory : kLeastPostgresMemory;
}

void check_memory(Fields& f, const LabFile& lab, const LabNode& node) {
  const std::int64_t database = database_memory(lab, node);
  const std::int64_t least = std::max(database, node.is_vm() ? kLeastVmMemory : kLeastMemory);
  if (node.memory < least)
    f.problem("memory", fmt::format("{} is less than {}", format_size(node.memory), format_size(least)),
              database > 0 ? "a database needs it; a node with 'roles: []' makes do with less" : "");
}

// Who has the address already; empty if nobody.
std::string holder_of(const LabFile& lab, const std::string& address) {
  if (address == lab.management.host || address == lab.data.host) return "the host";
  if (address == lab.vip) return "the virtual IP";
  for (const LabNode& node : lab.nodes)
    if (address == node.address || address == node.data) return node.name;
  return "";
}

void describe_node(Fields& f, LabFile& lab) {
  LabNode node;
  f.name({"name", "the node's name, unique, at most 8 characters", Field::required}, node.name);
  f.name({"site", "the site it stands in", Field::required}, node.site);
  f.texts({"roles",
           "what it serves as: controller brings proxy, virtual IP and cache, database brings Galera; with OpenStack's image "
           "controller also brings APIs and schedulers, messaging RabbitMQ, compute, network and storage their agents; else "
           "these are names alone; []: nothing but systemd and SSH"},
          node.roles);
  std::vector<std::string> services;
  if (f.texts({"services", "the services that it runs, instead of those that its roles bring"}, services))
    node.services = services;
  f.choice({"driver", "lxc: a container; qemu: a virtual machine, with a kernel of its own and all that it can do to packets"},
           node.driver, {"lxc", "qemu"});
  f.size({"memory", "memory limit, at least 64MiB, in a virtual machine 256MiB, with Galera 512MiB, with PostgreSQL 256MiB"},
         node.memory);
  f.text({"address", "its address in the management network", Field::required}, node.address);
  f.text({"data", "its address in the data network", Field::required}, node.data);
  check_node(f, lab, node);
  check_roles(f, node);
  check_services(f, lab, node);
  check_memory(f, lab, node);
  for (auto [field, address] : {std::pair{"address", node.address}, std::pair{"data", node.data}})
    if (const std::string holder = holder_of(lab, address); !address.empty() && !holder.empty())
      f.problem(field, fmt::format("{} belongs to {} already", address, holder));
  lab.nodes.push_back(node);
}

void check_whole(Fields& f, const LabFile& lab) {
  const auto management = parse_network(lab.management.network), data = parse_network(lab.data.network);
  if (management && data && management->overlaps(*data)) f.problem("data", "the data network overlaps the management network");
  if (lab.vip == lab.data.host && !lab.vip.empty()) f.problem("vip", fmt::format("{} belongs to the host already", lab.vip));
  if (lab.nodes.empty()) f.problem("nodes", "a lab without nodes");
  const bool databases = !nodes_with(lab, "mariadb").empty(), controllers = !nodes_with(lab, "haproxy").empty();
  if (databases != controllers)
    f.problem("nodes", databases ? "databases, but no controller to reach them through" : "controllers, but no database",
              "give at least one node the role that is missing");
  if (databases && !nodes_with(lab, "postgresql").empty())
    f.problem("nodes", "MariaDB on some of them and PostgreSQL on others", "a cloud has one database for its bank: choose one");
  if (controllers && lab.vip.empty() && !f.has("vip"))
    f.problem("vip", "a lab with controllers needs a virtual IP", "add 'vip', an unused address of the data network");
}

std::string services_text(const LabNode& node) {
  return node.services ? fmt::format("services: [{}], ", fmt::join(*node.services, ", ")) : "";
}

}  // namespace

int LabNetwork::prefix() const {
  const auto range = parse_network(network);
  return range ? range->prefix : 32;
}

bool LabFile::has_vms() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const LabNode& node) { return node.is_vm(); });
}

const LabNode* LabFile::find(const std::string& node) const {
  auto found = std::find_if(nodes.begin(), nodes.end(), [&](const LabNode& n) { return n.name == node; });
  return found == nodes.end() ? nullptr : &*found;
}

void LabFile::describe(Fields& f) {
  f.name({"lab", "the lab's name, and that of the cloud it simulates", Field::required}, name);
  f.name({"prefix", "start of the names of its interfaces on the host, at most 4 characters"}, prefix);
  f.text({"vip", "virtual IP of the database entry, in the data network; needed where there are controllers"}, vip);
  f.choice({"image", "what the nodes can run: base, or openstack on top of that (lab/image/build openstack)"}, image,
           {"base", "openstack"});
  f.choice(
      {"accel", "how virtual machines run: kvm, tcg (slow, works everywhere), or auto: what lab/image/build found to work"},
      accel, {"auto", "kvm", "tcg"});
  f.object({"management", "network of the runner's way in, never cut", Field::required},
           [&](Fields& inner) { describe_network(inner, management); });
  f.object({"data", "network that the services speak on", Field::required},
           [&](Fields& inner) { describe_network(inner, data); });
  f.list({"sites", "data centres; each gets a bridge, and a link to the backbone", Field::required},
         [&](Fields& item) { describe_site(item, sites); });
  f.list(
      {"nodes", "machines; without 'roles' each is a controller with database, proxy, virtual IP and cache", Field::required},
      [&](Fields& item) { describe_node(item, *this); });
  check_word(f, "lab", name);
  check_word(f, "prefix", prefix);
  check_length(f, "prefix", prefix, kLongestPrefix);
  check_address(f, "vip", vip, data);
  check_whole(f, *this);
}

LabFile read_lab_file(const std::filesystem::path& file) {
  LabFile lab;
  read_file(file.string(), [&](Fields& f) { lab.describe(f); });
  return lab;
}

std::string write_lab_file(const LabFile& lab) {
  std::string out = fmt::format("lab: {}\nprefix: {}\naccel: {}\n", lab.name, lab.prefix, lab.accel);
  if (lab.image != "base") out += fmt::format("image: {}\n", lab.image);
  if (!lab.vip.empty()) out += fmt::format("vip: {}\n", lab.vip);
  out += fmt::format("management: {{network: {}, host: {}}}\n", lab.management.network, lab.management.host);
  out += fmt::format("data: {{network: {}, host: {}}}\nsites:\n", lab.data.network, lab.data.host);
  for (const Site& site : lab.sites) out += fmt::format("  - {{name: {}}}\n", site.name);
  out += "nodes:\n";
  for (const LabNode& node : lab.nodes)
    out += fmt::format("  - {{name: {}, site: {}, driver: {}, roles: [{}], {}memory: {}, address: {}, data: {}}}\n", node.name,
                       node.site, node.driver, fmt::join(node.roles, ", "), services_text(node), format_size(node.memory),
                       node.address, node.data);
  return out;
}

}  // namespace blackstart
