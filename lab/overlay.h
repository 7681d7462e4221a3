// Overlay mounts of a lab's nodes: the image below, what the node changed above.
//
// Purpose: mount, find and remove them; also after a crash in the middle. Ownership: none; state is the kernel's.
// Thread rule: one lab, one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace blackstart {

// Mount points in `mountinfo` (the text of /proc/self/mountinfo) at or below `folder`, deepest first.
std::vector<std::string> mounts_below(const std::string& mountinfo, const std::string& folder);

// Mounts node/root over `lower` with node/upper and node/work, made when missing; returns true if it was not mounted yet.
// Throws Error(internal).
bool mount_overlay(const std::filesystem::path& lower, const std::filesystem::path& node);

// Unmounts everything below `folder`; throws Error(internal) if anything stays. Nothing there is fine.
void unmount_below(const std::filesystem::path& folder);

}  // namespace blackstart
