#include "lab/vm_files.h"

#include <catch2/catch.hpp>
#include <map>

#include "base/process.h"
#include "base/yaml.h"
#include "lab/lab_vm.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

LabFile two_vms() { return read_lab_file(BLACKSTART_SOURCE_DIR "/lab/two-vms.yaml"); }

std::string xml(const std::string& accel) {
  const LabFile lab = two_vms();
  return vm_xml(lab, *lab.find("c2"), "/cache/vm-1", "/labs/two-vms/nodes/c2", accel);
}

struct Entry {
  unsigned mode = 0;
  std::string text;
};

unsigned number(const std::string& archive, std::size_t at) {
  return static_cast<unsigned>(std::stoul(archive.substr(at, 8), nullptr, 16));
}
std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

// As the kernel reads it: header of 110 characters, name, text, the latter two filled up to multiples of four.
std::map<std::string, Entry> entries_of(const std::string& archive) {
  std::map<std::string, Entry> entries;
  for (std::size_t at = 0;;) {
    REQUIRE(archive.substr(at, 6) == "070701");
    const std::size_t size = number(archive, at + 54), name_size = number(archive, at + 94);
    const std::string name = archive.substr(at + 110, name_size - 1);
    if (name == "TRAILER!!!") return entries;
    const std::size_t text = padded(at + 110 + name_size);
    entries[name] = {number(archive, at + 14), archive.substr(text, size)};
    at = padded(text + size);
  }
}

}  // namespace

TEST_CASE("MAC addresses are local ones and follow from the address") {
  CHECK(mac_of("198.18.10.11") == "52:54:c6:12:0a:0b");
  CHECK(mac_of("198.19.255.254") == "52:54:c6:13:ff:fe");
}

TEST_CASE("a machine's own part of its initrd: folders before files, modes kept, interfaces by MAC") {
  const LabFile lab = two_vms();
  const auto archive =
      own_initrd(lab, *lab.find("c1"), {{"/etc/hostname", "c1\n"}, {"/etc/ssh/key", "secret", 0600}, {"/e", ""}});
  CHECK(archive.size() % 4 == 0);
  const auto entries = entries_of(archive);
  CHECK(entries.at("node/files/etc/hostname").text == "c1\n");
  CHECK(entries.at("node/files/etc/hostname").mode == 0100644);
  CHECK(entries.at("node/files/etc/ssh/key").mode == 0100600);
  CHECK(entries.at("node/files/e").text.empty());
  for (const char* folder : {"node", "node/files", "node/files/etc", "node/files/etc/ssh"})
    CHECK(entries.at(folder).mode == 0040755);
  CHECK(archive.find("node/files/etc/ssh") < archive.find("node/files/etc/ssh/key"));
  CHECK(entries.at("node/interfaces").text ==
        "52:54:c6:12:0d:0b mgmt0 198.18.13.11/24\n52:54:c6:12:17:0b data0 198.18.23.11/24\n");
}

TEST_CASE("cpio itself reads a machine's own part of its initrd") {
  const LabFile lab = two_vms();
  ProcessOptions options;
  options.input = own_initrd(lab, *lab.find("c1"), {{"/etc/hostname", "c1\n"}});
  CHECK(run_checked("reading the archive", {"cpio", "--quiet", "-i", "--to-stdout", "node/files/etc/hostname"}, 20s, options) ==
        "c1\n");
}

TEST_CASE("a machine's domain: its files, its two networks by name and MAC, the lab's mark") {
  const std::string text = xml("tcg");
  CHECK_THAT(text, Contains("<name>two-vms.c2</name>") && Contains("<description>blackstart lab two-vms</description>"));
  CHECK_THAT(text, Contains("<memory unit='b'>805306368</memory>") && Contains("<kernel>/cache/vm-1/vmlinuz</kernel>"));
  CHECK_THAT(text, Contains("<initrd>/labs/two-vms/nodes/c2/initrd</initrd>") &&
                       Contains("<source file='/labs/two-vms/nodes/c2/disk.qcow2'/>"));
  CHECK_THAT(text, Contains("<target dev='tv-m-c2'/>") && Contains("<target dev='tv-d-c2'/>"));
  CHECK_THAT(text, Contains("<source bridge='tv-mgmt'/>") && Contains("<source bridge='tv-dc2'/>"));
  CHECK_THAT(text, Contains("<mac address='" + mac_of("198.18.13.12") + "'/>") &&
                       Contains("<mac address='" + mac_of("198.18.23.12") + "'/>"));
  CHECK(text.find("{{") == std::string::npos);
}

TEST_CASE("a machine's domain says how it runs: with KVM, or all by QEMU with its buffer bounded") {
  CHECK_THAT(xml("kvm"), Contains("<domain type='kvm'>") && Contains("<cpu mode='host-passthrough'/>"));
  CHECK(xml("kvm").find("tb-cache") == std::string::npos);
  CHECK_THAT(xml("tcg"),
             Contains("<domain type='qemu'>") && Contains("<cpu mode='maximum'/>") && Contains("<tb-cache unit='MiB'>"));
}

TEST_CASE("how machines run: what the lab file says, else what the image's build found to work") {
  const TextFolder image;
  LabFile lab = two_vms();
  for (const std::string found : {"kvm", "tcg"}) {
    image.write("accel", found + "\n");
    lab.accel = "auto";
    CHECK(accel_of(lab, image.path) == found);
    for (const char* wanted : {"kvm", "tcg"}) {
      lab.accel = wanted;
      CHECK(accel_of(lab, image.path) == wanted);
    }
  }
}

TEST_CASE("a machine's initrd is the image's with its own part behind, and not for others to read") {
  const TextFolder image, node;
  image.write("initrd", "shared");
  write_initrd(image.path, node.path, "own");
  CHECK(yaml::slurp(node.path / "initrd") == "sharedown");
  CHECK(std::filesystem::status(node.path / "initrd").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("labs with emulated machines have longer patience: in Galera, keepalived and HAProxy") {
  LabFile lab = two_vms();
  const auto text_of = [&](const std::string& path) {
    for (const NodeFile& each : node_files(lab, lab.nodes[0], {}))
      if (each.path == path) return each.text;
    return std::string();
  };
  const std::string galera = "/etc/mysql/mariadb.conf.d/99-galera.cnf", keepalived = "/etc/keepalived/keepalived.conf",
                    haproxy = "/etc/haproxy/haproxy.cfg";
  CHECK_THAT(text_of(galera), Contains("evs.suspect_timeout=PT10S;evs.inactive_timeout=PT20S;"));
  CHECK_THAT(text_of(keepalived), Contains("advert_int 3\n"));
  CHECK_THAT(text_of(haproxy), Contains("inter 3s "));
  for (LabNode& node : lab.nodes) node.driver = "lxc";
  CHECK_THAT(text_of(galera), Contains("evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S;"));
  CHECK_THAT(text_of(keepalived), Contains("advert_int 1\n"));
  CHECK_THAT(text_of(haproxy), Contains("inter 1s "));
}
