// The virtual machines of a lab: their files on the host.
//
// Purpose: a disk over the image's and an initrd with the node's own files, in the node's folder. Ownership: none; the folder
// goes with the lab. Thread rule: different nodes on different threads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/lab_folder.h"
#include "lab/node_files.h"

namespace blackstart {

// Makes what is missing of `folder`/disk.qcow2 over the disk in `image`. Throws Error(internal).
void make_disk(const std::filesystem::path& image, const std::filesystem::path& folder);
// Writes `folder`/initrd: the image's, and behind it the node's own part.
void write_initrd(const std::filesystem::path& image, const std::filesystem::path& folder, const std::string& own);
// "kvm" or "tcg": what the lab file says, or with "auto" what the image's build found to work on this host.
std::string accel_of(const LabFile& lab, const std::filesystem::path& image);

}  // namespace blackstart
