// Where a lab keeps what it needs on the host: keys, passwords, the nodes' file systems.
//
// Purpose: the layout of /var/lib/blackstart/labs/NAME, and careful writing of files there.
// Ownership: a path. Thread rule: plain data; one lab is made and unmade by one thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lab/lab_file.h"

namespace blackstart {

struct LabFolder {
  explicit LabFolder(const std::string& lab);

  std::filesystem::path path;
  std::filesystem::path lab_file() const { return path / "lab.yaml"; }  // what it was made from
  std::filesystem::path birth() const { return path / "birth"; }        // no two labs have the same word in it
  std::filesystem::path cloud_file() const { return path / "cloud.yaml"; }
  std::filesystem::path cloud_copy() const { return path / "cloud_copy"; }   // where `lab up` wrote it for the user
  std::filesystem::path image_file() const { return path / "image"; }        // the image's path, under all nodes
  std::filesystem::path vm_image_file() const { return path / "vm-image"; }  // the same for virtual machines
  std::filesystem::path key() const { return path / "id_ed25519"; }
  std::filesystem::path known_hosts() const { return path / "known_hosts"; }
  std::filesystem::path password() const { return path / "bank.password"; }
  std::filesystem::path messaging_password() const { return path / "messaging.password"; }
  std::filesystem::path secrets() const { return path / "openstack.secrets"; }
  std::filesystem::path clouds() const { return path / "clouds.yaml"; }  // OpenStack's credentials, as its clients read them
  std::filesystem::path images() const { return path / "images"; }       // those of OpenStack, shared by all that serve them
  std::filesystem::path host_key(const std::string& node) const { return path / (node + ".host_key"); }
  std::filesystem::path defect() const { return path / "defect.yaml"; }  // what is planted (lab/defect.h)
  std::filesystem::path bmc() const { return path / "bmc"; }             // settings, process IDs and scripts of the nodes' BMCs
  std::filesystem::path bmc_password() const { return path / "bmc.password"; }
  std::filesystem::path node(const std::string& name) const { return path / "nodes" / name; }
  // Exists once a node's own files are all written.
  std::filesystem::path written(const std::string& name) const { return node(name) / "written"; }
};

// The labs that there is a folder of, up or half-built.
std::vector<std::string> lab_names();
// The lab as it was made; throws Error(usage) when there is none of that name.
LabFile made_lab(const std::string& name);
// The word by which a lab is told from one of the same name that was made later; empty without a lab.
std::string lab_birth(const std::string& name);
// Throws Error(unmet) when that lab was taken down, or made anew, since.
void require_same(const std::string& name, const std::string& birth);
// Throws Error(usage) for what is no name, but a path.
void check_lab_name(const std::string& name);
// Throws Error(unmet) unless we are root.
void require_root(const std::string& doing);

// What can be read of it now; empty when it isn't there. For files that go while they are read, too.
std::string slurp_if_there(const std::filesystem::path& file);
// Replaces the file at once (never half of it), with these permissions. Throws Error(internal).
void write_file(const std::filesystem::path& file, const std::string& text, int mode = 0644);
// Letters and digits from the kernel's random numbers.
std::string random_word(std::size_t length,
                        const std::string& letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789");

// Holds the right to make or unmake labs on this host, until destroyed.
class LabLock {
 public:
  // Tells `progress` when another process has it, and waits for its end; throws Error(unmet) if that takes over ten minutes.
  explicit LabLock(const std::function<void(const std::string&)>& progress);
  ~LabLock();
  LabLock(const LabLock&) = delete;
  LabLock& operator=(const LabLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace blackstart
