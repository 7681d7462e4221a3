#include "lab/lab_make.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "base/yaml.h"
#include "lab/links.h"
#include "lab/node_files.h"
#include "lab/overlay.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

// Points to the newest image that lab/image/build made.
const fs::path kImage = "/var/cache/blackstart/root";
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
  if (!fs::exists(folder.password())) write_file(folder.password(), random_word(kPasswordLength) + "\n", 0600);
}

// A lab keeps the image it was made with.
void choose_image(const LabFolder& folder) {
  const fs::path wanted = fs::exists(folder.image_file()) ? fs::path(first_line(folder.image_file())) : kImage;
  std::error_code missing;
  const fs::path image = fs::canonical(wanted, missing);
  if (missing)
    throw Error(ErrorKind::unmet, "looking for the nodes' image", wanted.string() + " is not there",
                wanted == kImage ? "build it: lab/image/build" : "the lab's image was removed: take the lab down and up again");
  write_file(folder.image_file(), image.string() + "\n");
}

void refuse_other_lab_file(const LabFile& lab, const LabFolder& folder) {
  if (fs::exists(folder.lab_file()) && yaml::slurp(folder.lab_file()) != write_lab_file(lab))
    throw Error(ErrorKind::unmet, fmt::format("bringing up the lab {}", lab.name),
                "it is up already, made from another lab file", "take it down first: blackstart lab down " + lab.name);
}

void write_node_files(const LabFile& lab, const LabFolder& folder, const LabNode& node, bool first_of_new_cluster) {
  const NodeKeys keys{yaml::slurp(folder.key().string() + ".pub"), yaml::slurp(folder.host_key(node.name)),
                      random_word(32, "0123456789abcdef")};
  auto files = node_files(lab, node, keys);
  if (first_of_new_cluster) files.push_back(bootstrap_file());
  const fs::path root = folder.node(node.name) / "root";
  for (const NodeFile& file : files) write_file(root.string() + file.path, file.text, file.mode);
  write_file(folder.written(node.name), "");
}

void define_domain(const LabFile& lab, const LabFolder& folder, const LabNode& node, Hypervisor& hypervisor) {
  const std::string name = lab.domain(node.name);
  const auto domain = hypervisor.find(name);
  if (domain && domain->description != lab_mark(lab.name))
    throw Error(ErrorKind::unmet, fmt::format("defining the domain {}", name),
                "libvirt has one of that name that is not the lab's",
                fmt::format("remove it if it may go: virsh -c lxc:/// undefine {}", name));
  if (!domain) hypervisor.define(domain_xml(lab, node, folder.node(node.name) / "root"));
}

}  // namespace

void make_folder(const LabFile& lab, const LabFolder& folder) {
  refuse_other_lab_file(lab, folder);
  fs::create_directories(folder.path);
  fs::permissions(folder.path, fs::perms::owner_all);
  choose_image(folder);
  write_file(folder.lab_file(), write_lab_file(lab));
  make_keys(lab, folder);
}

void make_nodes(const LabFile& lab, const LabFolder& folder, Hypervisor& hypervisor, const Progress& progress) {
  const std::string image = first_line(folder.image_file());
  const bool all_new =
      std::none_of(lab.nodes.begin(), lab.nodes.end(), [&](const LabNode& n) { return fs::exists(folder.written(n.name)); });
  for (const LabNode& node : lab.nodes) {
    const auto domain = hypervisor.find(lab.domain(node.name));
    if (domain && domain->running) continue;
    progress(fmt::format("{}: starting", node.name));
    mount_overlay(image, folder.node(node.name));
    if (!fs::exists(folder.written(node.name))) write_node_files(lab, folder, node, all_new && &node == &lab.nodes.front());
    define_domain(lab, folder, node, hypervisor);
    hypervisor.start(lab.domain(node.name));
  }
}

}  // namespace blackstart
