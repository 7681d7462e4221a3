#include "lab/lab.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <sstream>

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
#include "lab/overlay.h"
#include "lab/power_libvirt.h"
#include "lab/tcp.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kResumeLimit = 20s;  // of a domain that was suspended

Hypervisors connect(const LabFile& lab) {
  Hypervisors all;
  for (const LabNode& node : lab.nodes) all.try_emplace(node.hypervisor(), node.hypervisor());
  return all;
}

// Where domains of a lab may be. Without its file, those of QEMU's go only if libvirt on this host knows QEMU.
Hypervisors connect_to_remains(const std::string& name) {
  if (fs::exists(LabFolder(name).lab_file())) return connect(made_lab(name));
  Hypervisors all;
  all.try_emplace("lxc:///", "lxc:///");
  try {
    all.try_emplace("qemu:///system", "qemu:///system");
  } catch (const Error&) {
  }
  return all;
}

void require_root(const std::string& doing) {
  if (geteuid() != 0) throw Error(ErrorKind::unmet, doing, "only root may make networks and containers", "run it with sudo");
}

std::string bank_password(const LabFolder& folder) {
  const std::string text = yaml::slurp(folder.password());
  return text.substr(0, text.find('\n'));
}

Cloud cloud_of(const LabFile& lab, const LabFolder& folder) {
  Cloud cloud;
  cloud.name = lab.name;
  cloud.simulated = true;
  cloud.sites = lab.sites;
  for (Site& site : cloud.sites) site.uplink = lab.link(site.name);
  cloud.vip = lab.vip;
  cloud.ssh = {"root", folder.key().string(), folder.known_hosts().string(), false};
  if (!lab.with_role("database").empty()) {
    cloud.database.host = lab.vip;
    cloud.database.password_file = folder.password().string();
  }
  for (const LabNode& node : lab.nodes) {
    Node known;
    known.name = node.name, known.site = node.site, known.address = node.address, known.data = node.data;
    known.roles = node.roles;
    known.port = lab.data_nic(node.name);
    known.libvirt = {node.hypervisor(), lab.domain(node.name)};
    known.bmc = lab_bmc(folder, node.address);
    cloud.nodes.push_back(known);
    if (node.has_role("database")) cloud.database.replicas.push_back({node.name, node.data});
  }
  return cloud;
}

void write_cloud_file(const Cloud& cloud, const LabFolder& folder, const fs::path& file) {
  write_file(folder.cloud_file(), write_cloud(cloud));
  write_file(fs::absolute(file), write_cloud(cloud));
  write_file(folder.cloud_copy(), fs::absolute(file).string() + "\n");
}

// Only if it still is as `lab up` wrote it: what somebody has worked on is theirs.
void remove_cloud_copy(const LabFolder& folder) {
  if (!fs::exists(folder.cloud_copy()) || !fs::exists(folder.cloud_file())) return;
  std::string file = yaml::slurp(folder.cloud_copy());
  file.resize(file.find('\n'));
  if (fs::exists(file) && yaml::slurp(file) == yaml::slurp(folder.cloud_file())) fs::remove(file);
}

std::vector<Domain> domains_of(const std::string& lab, const Hypervisor& hypervisor) {
  std::vector<Domain> mine = hypervisor.domains();
  std::erase_if(mine, [&](const Domain& domain) { return domain.description != lab_mark(lab); });
  return mine;
}

void remove_domains(const std::string& lab, Hypervisor& hypervisor) {
  const auto mine = domains_of(lab, hypervisor);
  std::vector<std::future<void>> all;  // each takes two seconds
  for (const Domain& domain : mine) all.push_back(std::async(std::launch::async, [&] { hypervisor.destroy(domain.name); }));
  for (auto& each : all) each.get();
  for (const Domain& domain : mine) hypervisor.undefine(domain.name);
}

// The nodes' groups in the version 2 tree of a host that has both: nobody else removes them (see lab-init).
void remove_cgroups(const std::string& lab) {
  std::istringstream mounts(yaml::slurp("/proc/mounts"));
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, point, type;
    words >> device >> point >> type;
    const fs::path mine = fs::path(point) / "blackstart";
    std::error_code none;
    if (type != "cgroup2") continue;
    for (const auto& group : fs::directory_iterator(mine, none)) {
      if (!group.path().filename().string().starts_with(lab + ".")) continue;
      std::vector<fs::path> folders{group.path()};
      for (const auto& inner : fs::recursive_directory_iterator(group.path(), none))
        if (inner.is_directory(none)) folders.push_back(inner.path());
      std::for_each(folders.rbegin(), folders.rend(), [](const fs::path& folder) { rmdir(folder.c_str()); });
    }
    rmdir(mine.c_str());  // stays while another lab uses it
  }
}

void check_name(const std::string& name) {
  const bool plain = !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
  if (!plain) throw Error(ErrorKind::usage, "looking for a lab", fmt::format("'{}' is no name of a lab", name));
}

NodeStatus status_of(const LabFile& lab, const LabNode& node, const std::string& password, const Hypervisor& hypervisor) {
  NodeStatus status{node.name, node.site, "missing", node.address, false, "", ""};
  if (const auto domain = hypervisor.find(lab.domain(node.name))) status.domain = domain->running ? "running" : "stopped";
  status.ssh = TcpWatch::open(node.address, 22, Deadline(real_clock(), 1s)).has_value();
  status.bmc = name_of(bmc_mode(LabFolder(lab.name), node.name));
  status.galera = node.has_role("database") ? ask_galera(node.data, password, 1s).state : "-";
  return status;
}

}  // namespace

Cloud lab_up(const LabFile& lab, const fs::path& cloud_file, const Progress& progress) {
  require_root(fmt::format("bringing up the lab {}", lab.name));
  const LabLock lock(progress);
  const LabFolder folder(lab.name);
  Hypervisors hypervisors = connect(lab);
  refuse_conflicts(lab);
  make_folder(lab, folder);
  progress("networks");
  make_links(lab);
  make_nodes(lab, folder, hypervisors, progress);
  const Cloud cloud = cloud_of(lab, folder);
  for_each_node(lab.nodes, [&](const LabNode& node) {
    libvirt_order(*cloud.find(node.name), PowerOrder::resume, Deadline(real_clock(), kResumeLimit));
  });
  progress("BMCs");
  make_bmcs(cloud.nodes, folder);
  wait_for_lab(lab, bank_password(folder), progress);
  write_cloud_file(cloud, folder, cloud_file);
  return cloud;
}

void lab_down(const std::string& name, const Progress& progress) {
  check_name(name);
  require_root(fmt::format("taking down the lab {}", name));
  const LabLock lock(progress);
  const LabFolder folder(name);
  Hypervisors hypervisors = connect_to_remains(name);
  progress("stopping BMCs and nodes");
  stop_bmcs(folder);
  for (auto& [uri, hypervisor] : hypervisors) remove_domains(name, hypervisor);
  progress("removing networks and files");
  remove_links(name);
  unmount_below(folder.path);
  remove_cloud_copy(folder);
  fs::remove_all(folder.path);
  remove_cgroups(name);
}

std::vector<NodeStatus> lab_status(const std::string& name) {
  check_name(name);
  const LabFile lab = made_lab(name);
  const std::string password = bank_password(LabFolder(name));
  const Hypervisors hypervisors = connect(lab);
  std::vector<NodeStatus> all;
  for (const LabNode& node : lab.nodes) all.push_back(status_of(lab, node, password, hypervisors.at(node.hypervisor())));
  return all;
}

void lab_set_bmc(const std::string& name, const std::string& node, const std::string& mode) {
  check_name(name);
  const BmcMode wanted = bmc_mode_named(mode);
  const LabFile lab = made_lab(name);
  const LabFolder folder(name);
  const Cloud cloud = cloud_of(lab, folder);
  const Node* found = cloud.find(node);
  if (!found) throw Error(ErrorKind::usage, "changing a BMC", fmt::format("the lab {} has no node '{}'", name, node));
  set_bmc_mode(*found, folder, wanted);
}

}  // namespace blackstart
