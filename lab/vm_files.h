// What a virtual machine has that a container has not: disk, kernel and initrd on the host, MAC addresses, a domain of QEMU's.
//
// Purpose: pure text from the lab file; the template is lab/services/vm.xml, what boots is lab/image/vm/.
// Ownership: plain values. Thread rule: any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/lab_file.h"
#include "lab/node_files.h"

namespace blackstart {

// Of the interface with this IPv4 address: locally administered, different wherever the addresses are. "52:54:c6:12:0a:0b"
std::string mac_of(const std::string& address);

// The files as an archive that the kernel unpacks on top of the initrd that it is put behind ("newc" of cpio(5), uncompressed):
// below /node/files, and next to it /node/interfaces, by which the first stage of booting names the interfaces.
std::string own_initrd(const LabFile& lab, const LabNode& node, const std::vector<NodeFile>& files);

// `image`: the folder that lab/image/build vm made; `folder`: the node's; `accel`: "kvm" or "tcg".
std::string vm_xml(const LabFile& lab, const LabNode& node, const std::filesystem::path& image,
                   const std::filesystem::path& folder, const std::string& accel);

}  // namespace blackstart
