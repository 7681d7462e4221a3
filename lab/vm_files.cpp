#include "lab/vm_files.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "lab/ipv4.h"

namespace blackstart {
namespace embedded {
std::string_view lab_vm_xml();
}  // namespace embedded
namespace {

constexpr unsigned kDirectory = 0040755, kFile = 0100000;

void pad(std::string& archive) { archive.resize((archive.size() + 3) / 4 * 4, '\0'); }

// One entry; `number` has to differ within the archive: equal ones would be links to one file.
void add_entry(std::string& archive, std::size_t number, const std::string& name, unsigned mode, const std::string& text) {
  const unsigned fields[] = {static_cast<unsigned>(number),
                             mode,
                             0,  // user root
                             0,  // group root
                             1,  // links
                             0,  // changed in 1970
                             static_cast<unsigned>(text.size()),
                             0,
                             0,
                             0,
                             0,  // devices
                             static_cast<unsigned>(name.size() + 1),
                             0};  // no checksum
  archive += "070701";
  for (const unsigned field : fields) archive += fmt::format("{:08x}", field);
  archive += name;
  archive += '\0';
  pad(archive);
  archive += text;
  pad(archive);
}

// "a" and "a/b" of "a/b/c": the kernel makes no folder by itself.
std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> folders;
  for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
    folders.push_back(path.substr(0, at));
  return folders;
}

std::string interfaces(const LabFile& lab, const LabNode& node) {
  return fmt::format("{} mgmt0 {}/{}\n{} data0 {}/{}\n", mac_of(node.address), node.address, lab.management.prefix(),
                     mac_of(node.data), node.data, lab.data.prefix());
}

}  // namespace

std::string mac_of(const std::string& address) {
  const std::uint32_t bits = parse_ipv4(address).value_or(0);
  return fmt::format("52:54:{:02x}:{:02x}:{:02x}:{:02x}", bits >> 24, bits >> 16 & 0xff, bits >> 8 & 0xff, bits & 0xff);
}

std::string own_initrd(const LabFile& lab, const LabNode& node, const std::vector<NodeFile>& files) {
  std::vector<NodeFile> all{{"node/interfaces", interfaces(lab, node)}};
  for (const NodeFile& file : files) all.push_back({"node/files" + file.path, file.text, file.mode});
  std::string archive;
  std::set<std::string> made;
  std::size_t number = 1;
  for (const NodeFile& file : all) {
    for (const std::string& folder : folders_of(file.path))
      if (made.insert(folder).second) add_entry(archive, number++, folder, kDirectory, "");
    add_entry(archive, number++, file.path, kFile | static_cast<unsigned>(file.mode), file.text);
  }
  add_entry(archive, number, "TRAILER!!!", 0, "");
  return archive;
}

std::string vm_xml(const LabFile& lab, const LabNode& node, const std::filesystem::path& image,
                   const std::filesystem::path& folder, const std::string& accel) {
  const bool kvm = accel == "kvm";
  Values values = node_values(lab, node);
  values["image"] = image.string();
  values["folder"] = folder.string();
  values["type"] = kvm ? "kvm" : "qemu";
  values["cpu"] = kvm ? "host-passthrough" : "maximum";
  // Without a bound, the buffer of translated code takes as much memory as the machine has.
  values["features"] = kvm ? "" : "\n    <tcg>\n      <tb-cache unit='MiB'>128</tb-cache>\n    </tcg>";
  values["management_mac"] = mac_of(node.address);
  values["data_mac"] = mac_of(node.data);
  return fill_template(embedded::lab_vm_xml(), values);
}

}  // namespace blackstart
