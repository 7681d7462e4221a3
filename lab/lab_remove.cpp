// `lab down`: everything that bears the lab's mark goes, however little of it is there.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/each_node.h"
#include "lab/lab.h"
#include "lab/lab_bmc.h"
#include "lab/lab_folder.h"
#include "lab/lab_make.h"
#include "lab/libvirt.h"
#include "lab/links.h"
#include "lab/overlay.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

// Where domains of a lab may be. Without its file, those of QEMU's go only if libvirt on this host knows QEMU.
Hypervisors connect_to_remains(const std::string& name) {
  if (fs::exists(LabFolder(name).lab_file())) return hypervisors_of(made_lab(name));
  Hypervisors all;
  all.try_emplace("lxc:///", "lxc:///");
  try {
    all.try_emplace("qemu:///system", "qemu:///system");
  } catch (const Error&) {
  }
  return all;
}

std::vector<Domain> domains_of(const std::string& lab, const Hypervisor& hypervisor) {
  std::vector<Domain> mine = hypervisor.domains();
  std::erase_if(mine, [&](const Domain& domain) { return domain.description != lab_mark(lab); });
  return mine;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// libvirt asks a container's processes to end and waits 1.6 s before it kills them, for five containers at a time. Nothing of a
// lab that goes has to be kept, so the first process, the only child of libvirt's controller, is killed before; the others go
// with it.
void kill_container(const Domain& domain) {
  const fs::path controller = fs::path("/proc") / std::to_string(domain.pid);
  if (domain.pid < 2 || first_line(controller / "comm") != "libvirt_lxc") return;
  std::istringstream children(first_line(controller / "task" / std::to_string(domain.pid) / "children"));
  for (pid_t first = 0; children >> first;) kill(first, SIGKILL);
}

void remove_domains(const std::string& lab, Hypervisor& hypervisor) {
  const auto mine = domains_of(lab, hypervisor);
  for (const Domain& domain : mine) kill_container(domain);
  for_each_at_once(mine, [&](const Domain& domain) { hypervisor.destroy(domain.name); });
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

// Only if it still is as `lab up` wrote it: what somebody has worked on is theirs.
void remove_cloud_copy(const LabFolder& folder) {
  if (!fs::exists(folder.cloud_copy()) || !fs::exists(folder.cloud_file())) return;
  const fs::path file = first_line(folder.cloud_copy()), clouds = file.parent_path() / "clouds.yaml";
  if (fs::exists(file) && yaml::slurp(file) == yaml::slurp(folder.cloud_file())) fs::remove(file);
  if (fs::exists(clouds) && fs::exists(folder.clouds()) && yaml::slurp(clouds) == yaml::slurp(folder.clouds()))
    fs::remove(clouds);
}

}  // namespace

void lab_down(const std::string& name, const Progress& progress) {
  check_lab_name(name);
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

}  // namespace blackstart
