#include "lab/lab_vm.h"

#include "base/process.h"
#include "base/yaml.h"

namespace blackstart {

namespace fs = std::filesystem;

void make_disk(const fs::path& image, const fs::path& folder) {
  const fs::path disk = folder / "disk.qcow2", fresh = folder / "disk.new";
  fs::create_directories(folder);
  if (fs::exists(disk)) return;
  run_checked("making the disk " + disk.string(),
              {"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", (image / "disk.qcow2").string(), fresh.string()},
              20s);
  fs::rename(fresh, disk);
}

void write_initrd(const fs::path& image, const fs::path& folder, const std::string& own) {
  write_file(folder / "initrd", yaml::slurp((image / "initrd").string()) + own, 0600);  // holds the node's private key
}

std::string accel_of(const LabFile& lab, const fs::path& image) {
  if (lab.accel != "auto") return lab.accel;
  return yaml::slurp((image / "accel").string()).substr(0, 3);
}

}  // namespace blackstart
