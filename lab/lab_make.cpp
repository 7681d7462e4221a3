#include "lab/lab_make.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/process.h"
#include "base/yaml.h"
#include "lab/each_node.h"
#include "lab/lab_vm.h"
#include "lab/links.h"
#include "lab/node_files.h"
#include "lab/openstack_secrets.h"
#include "lab/overlay.h"
#include "lab/service.h"
#include "lab/vm_files.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

// Where links are to the newest images that lab/image/build made.
const fs::path kImages = "/var/cache/blackstart";
constexpr std::size_t kPasswordLength = 24;

std::string first_line(const fs::path& file) {
  const std::string text = yaml::slurp(file);
  return text.substr(0, text.find('\n'));
}

void make_key(const fs::path& file, const std::string& comment) {
  if (fs::exists(file) && fs::exists(file.string() + ".pub")) return;
  fs::remove(file);
  run_checked("making the key " + file.string(),
              {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file.string()}, 20s);
}

void make_keys(const LabFile& lab, const LabFolder& folder) {
  make_key(folder.key(), lab_mark(lab.name));
  std::string known;
  for (const LabNode& node : lab.nodes) {
    make_key(folder.host_key(node.name), node.name);
    known += node.address + " " + first_line(folder.host_key(node.name).string() + ".pub") + "\n";
  }
  write_file(folder.known_hosts(), known);
  if (lab.has_openstack() && !fs::exists(folder.secrets()))
    write_file(folder.secrets(), write_secrets(new_openstack_secrets()), 0600);
  if (lab.has_openstack() && !fs::exists(folder.messaging_password()))
    write_file(folder.messaging_password(), read_secrets(folder.secrets()).at("service_password") + "\n", 0600);
  if (!fs::exists(folder.password())) write_file(folder.password(), random_word(kPasswordLength) + "\n", 0600);
}

// A lab keeps the image it was made with: `file` has its path. Otherwise the newest, which `newest` points to.
void choose_image(const fs::path& file, const fs::path& newest, const std::string& build) {
  const fs::path wanted = fs::exists(file) ? fs::path(first_line(file)) : newest;
  std::error_code missing;
  const fs::path image = fs::canonical(wanted, missing);
  if (missing)
    throw Error(ErrorKind::unmet, "looking for the nodes' image", wanted.string() + " is not there",
                wanted == newest ? "build it: " + build : "the lab's image was removed: take the lab down and up again");
  write_file(file, image.string() + "\n");
}

void choose_images(const LabFile& lab, const LabFolder& folder) {
  const bool containers = std::any_of(lab.nodes.begin(), lab.nodes.end(), [](const LabNode& n) { return !n.is_vm(); });
  if (containers && lab.has_openstack())
    choose_image(folder.image_file(), kImages / "openstack", "lab/image/build openstack");
  else if (containers)
    choose_image(folder.image_file(), kImages / "root", "lab/image/build");
  if (lab.has_vms()) choose_image(folder.vm_image_file(), kImages / "vm", "lab/prepare-host vm && lab/image/build vm");
}

void refuse_other_lab_file(const LabFile& lab, const LabFolder& folder) {
  if (fs::exists(folder.lab_file()) && yaml::slurp(folder.lab_file()) != write_lab_file(lab))
    throw Error(ErrorKind::unmet, fmt::format("bringing up the lab {}", lab.name),
                "it is up already, made from another lab file", "take it down first: blackstart lab down " + lab.name);
}

std::vector<NodeFile> own_files(const LabFile& lab, const LabFolder& folder, const LabNode& node, bool first_of_new_cluster) {
  const NodeKeys keys{yaml::slurp(folder.key().string() + ".pub"), yaml::slurp(folder.host_key(node.name)),
                      random_word(32, "0123456789abcdef"), lab.has_openstack() ? read_secrets(folder.secrets()) : Values()};
  auto files = node_files(lab, node, keys);
  if (first_of_new_cluster) files.push_back(bootstrap_file());
  return files;
}

// The node's file system, with its own files in it.
void make_container(const LabFile& lab, const LabFolder& folder, const LabNode& node, bool first_of_new_cluster) {
  mount_overlay(first_line(folder.image_file()), folder.node(node.name));
  if (fs::exists(folder.written(node.name))) return;
  const fs::path root = folder.node(node.name) / "root";
  for (const NodeFile& file : own_files(lab, folder, node, first_of_new_cluster)) {
    fs::create_directories(fs::path(root.string() + file.path).parent_path());
    write_file(root.string() + file.path, file.text, file.mode);
  }
  write_file(folder.written(node.name), "");
}

// The node's disk, and its own files, which it puts there itself at its first start.
void make_vm(const LabFile& lab, const LabFolder& folder, const LabNode& node, bool first_of_new_cluster) {
  const std::string image = first_line(folder.vm_image_file());
  make_disk(image, folder.node(node.name));
  if (fs::exists(folder.written(node.name))) return;
  write_initrd(image, folder.node(node.name), own_initrd(lab, node, own_files(lab, folder, node, first_of_new_cluster)));
  write_file(folder.written(node.name), "");
}

std::string xml_of(const LabFile& lab, const LabFolder& folder, const LabNode& node) {
  if (!node.is_vm()) return domain_xml(lab, node, folder.node(node.name) / "root");
  const std::string image = first_line(folder.vm_image_file());
  return vm_xml(lab, node, image, folder.node(node.name), accel_of(lab, image));
}

void define_domain(const LabFile& lab, const LabFolder& folder, const LabNode& node, Hypervisor& hypervisor) {
  const std::string name = lab.domain(node.name);
  const auto domain = hypervisor.find(name);
  if (domain && domain->description != lab_mark(lab.name))
    throw Error(ErrorKind::unmet, fmt::format("defining the domain {}", name),
                "libvirt has one of that name that is not the lab's",
                fmt::format("remove it if it may go: virsh -c {} undefine {}", node.hypervisor(), name));
  if (!domain) hypervisor.define(xml_of(lab, folder, node));
}

}  // namespace

Hypervisors hypervisors_of(const LabFile& lab) {
  Hypervisors all;
  for (const LabNode& node : lab.nodes) all.try_emplace(node.hypervisor(), node.hypervisor());
  return all;
}

void make_folder(const LabFile& lab, const LabFolder& folder) {
  refuse_other_lab_file(lab, folder);
  fs::create_directories(folder.path);
  fs::permissions(folder.path, fs::perms::owner_all);
  choose_images(lab, folder);
  if (!fs::exists(folder.birth())) write_file(folder.birth(), random_word(16));
  write_file(folder.lab_file(), write_lab_file(lab));
  if (lab.has_openstack()) fs::create_directories(folder.images());
  make_keys(lab, folder);
}

void make_nodes(const LabFile& lab, const LabFolder& folder, Hypervisors& hypervisors, const Progress& progress) {
  const bool all_new =
      std::none_of(lab.nodes.begin(), lab.nodes.end(), [&](const LabNode& n) { return fs::exists(folder.written(n.name)); });
  const auto databases = nodes_with(lab, "mariadb");
  std::mutex one_at_a_time;
  for_each_at_once(lab.nodes, [&](const LabNode& node) {
    Hypervisor& hypervisor = hypervisors.at(node.hypervisor());
    const auto domain = hypervisor.find(lab.domain(node.name));
    if (domain && domain->running) return;
    {
      const std::lock_guard lock(one_at_a_time);
      progress(fmt::format("{}: starting", node.name));
    }
    const bool first_of_new_cluster = all_new && !databases.empty() && node.name == databases.front().name;
    (node.is_vm() ? make_vm : make_container)(lab, folder, node, first_of_new_cluster);
    define_domain(lab, folder, node, hypervisor);
    hypervisor.start(lab.domain(node.name));
  });
}

}  // namespace blackstart
