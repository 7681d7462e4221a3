#include "lab/lab.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/each_node.h"
#include "lab/galera.h"
#include "lab/lab_bmc.h"
#include "lab/lab_folder.h"
#include "lab/lab_make.h"
#include "lab/lab_wait.h"
#include "lab/libvirt.h"
#include "lab/links.h"
#include "lab/openstack_files.h"
#include "lab/openstack_secrets.h"
#include "lab/power_libvirt.h"
#include "lab/service.h"
#include "lab/tcp.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPostgresPort = 5432;
constexpr Duration kResumeLimit = 20s;  // of a domain that was suspended

std::string bank_password(const LabFolder& folder) {
  const std::string text = yaml::slurp(folder.password());
  return text.substr(0, text.find('\n'));
}

// Nothing takes over from a PostgreSQL primary: clients go to it itself.
void add_postgres(const LabFile& lab, const LabFolder& folder, Cloud& cloud) {
  const auto nodes = nodes_with(lab, "postgresql");
  if (nodes.empty()) return;
  cloud.database.kind = kPostgresql;
  cloud.database.host = nodes.front().data;
  cloud.database.port = kPostgresPort;
  cloud.database.unit = "postgresql.service";
  cloud.database.password_file = folder.password().string();
  for (const LabNode& node : nodes) cloud.database.replicas.push_back({node.name, node.data, kPostgresPort});
}

Cloud cloud_of(const LabFile& lab, const LabFolder& folder) {
  Cloud cloud;
  cloud.name = lab.name;
  cloud.simulated = true;
  cloud.sites = lab.sites;
  for (Site& site : cloud.sites) site.uplink = lab.link(site.name);
  cloud.vip = lab.vip;
  cloud.ssh = {"root", folder.key().string(), folder.known_hosts().string(), false};
  if (!nodes_with(lab, "mariadb").empty()) {
    cloud.database.host = lab.vip;
    cloud.database.password_file = folder.password().string();
  }
  if (const auto brokers = nodes_with(lab, "rabbitmq-server"); lab.has_openstack() && !brokers.empty()) {
    cloud.messaging.user = "openstack";
    cloud.messaging.password_file = folder.messaging_password().string();
    for (const LabNode& node : brokers) cloud.messaging.nodes.push_back(node.name);
  }
  if (lab.has_openstack()) cloud.openstack = {true, lab.name + "-admin", folder.clouds().string(), "", "", ""};
  for (const LabNode& node : lab.nodes) {
    Node known;
    known.name = node.name, known.site = node.site, known.address = node.address, known.data = node.data;
    known.roles = node.roles;
    known.port = lab.data_nic(node.name);
    known.libvirt = {node.hypervisor(), lab.domain(node.name)};
    known.bmc = lab_bmc(folder, node.address);
    cloud.nodes.push_back(known);
    if (runs(lab, node, "mariadb")) cloud.database.replicas.push_back({node.name, node.data});
  }
  add_postgres(lab, folder, cloud);
  return cloud;
}

// Beside the cloud file, unless somebody else's is there: that has credentials of theirs.
void write_clouds_yaml(const LabFile& lab, const LabFolder& folder, const fs::path& cloud_file, const Progress& progress) {
  const std::string text = clouds_yaml(lab, read_secrets(folder.secrets()));
  const fs::path file = fs::absolute(cloud_file).parent_path() / "clouds.yaml";
  write_file(folder.clouds(), text, 0600);
  if (fs::exists(file) && !yaml::slurp(file).starts_with(text.substr(0, text.find('\n'))))
    return progress(fmt::format("{} is not this lab's and stays; the lab's is {}", file.string(), folder.clouds().string()));
  write_file(file, text, 0600);
  progress(fmt::format("credentials in {}: clouds {} and {}-admin", file.string(), lab.name, lab.name));
}

void write_cloud_file(const Cloud& cloud, const LabFolder& folder, const fs::path& file) {
  write_file(folder.cloud_file(), write_cloud(cloud));
  write_file(fs::absolute(file), write_cloud(cloud));
  write_file(folder.cloud_copy(), fs::absolute(file).string() + "\n");
}

NodeStatus status_of(const LabFile& lab, const LabNode& node, const std::string& password, const Hypervisor& hypervisor) {
  NodeStatus status{node.name, node.site, "missing", node.address, false, "", ""};
  if (const auto domain = hypervisor.find(lab.domain(node.name))) status.domain = domain->running ? "running" : "stopped";
  status.ssh = TcpWatch::open(node.address, 22, Deadline(real_clock(), 1s)).has_value();
  status.bmc = name_of(bmc_mode(LabFolder(lab.name), node.name));
  status.galera = runs(lab, node, "mariadb") ? ask_galera(node.data, password, 1s).state : "-";
  return status;
}

struct Made {
  Cloud cloud;
  std::string password, birth;
};

// All that changes the host. Waiting for the nodes' health changes nothing, so it is done without the lock: other labs go up
// and down meanwhile, and `lab down` need not wait for a lab that never becomes whole.
Made make(const LabFile& lab, const LabFolder& folder, const Progress& progress) {
  const LabLock lock(progress);
  Hypervisors hypervisors = hypervisors_of(lab);
  refuse_conflicts(lab);
  make_folder(lab, folder);
  progress("networks");
  make_links(lab);
  make_nodes(lab, folder, hypervisors, progress);
  const Cloud cloud = cloud_of(lab, folder);
  for_each_at_once(lab.nodes, [&](const LabNode& node) {
    libvirt_order(*cloud.find(node.name), PowerOrder::resume, Deadline(real_clock(), kResumeLimit));
  });
  progress("BMCs");
  start_bmcs(cloud.nodes, folder);
  return {cloud, bank_password(folder), lab_birth(lab.name)};
}

}  // namespace

Cloud lab_up(const LabFile& lab, const fs::path& cloud_file, const Progress& progress) {
  require_root(fmt::format("bringing up the lab {}", lab.name));
  const LabFolder folder(lab.name);
  const Made made = make(lab, folder, progress);
  try {
    await_bmcs(made.cloud.nodes, folder);
    wait_for_lab(lab, made.password, progress);
  } catch (const Error&) {
    require_same(lab.name, made.birth);  // otherwise that is why
    throw;
  }
  const LabLock lock(progress);
  require_same(lab.name, made.birth);
  if (lab.has_openstack()) write_clouds_yaml(lab, folder, cloud_file, progress);
  write_cloud_file(made.cloud, folder, cloud_file);
  return made.cloud;
}

std::vector<NodeStatus> lab_status(const std::string& name) {
  check_lab_name(name);
  const LabFile lab = made_lab(name);
  const std::string password = bank_password(LabFolder(name));
  const Hypervisors hypervisors = hypervisors_of(lab);
  std::vector<NodeStatus> all;
  for (const LabNode& node : lab.nodes) all.push_back(status_of(lab, node, password, hypervisors.at(node.hypervisor())));
  return all;
}

void lab_set_bmc(const std::string& name, const std::string& node, const std::string& mode, const Progress& progress) {
  check_lab_name(name);
  const BmcMode wanted = bmc_mode_named(mode);
  const LabLock lock(progress);
  const LabFile lab = made_lab(name);
  const LabFolder folder(name);
  const Cloud cloud = cloud_of(lab, folder);
  const Node* found = cloud.find(node);
  if (!found) throw Error(ErrorKind::usage, "changing a BMC", fmt::format("the lab {} has no node '{}'", name, node));
  set_bmc_mode(*found, folder, wanted);
}

}  // namespace blackstart
