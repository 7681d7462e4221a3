// The same work on many nodes of a lab, side by side.
//
// Purpose: what waits (for SSH, for libvirt, for SQL) is not done one node after the other. Ownership: none; returns when all
// threads have ended. Thread rule: any thread; `work` is called on several at once.
#pragma once

#include <functional>
#include <vector>

#include "lab/lab_file.h"

namespace blackstart {

// Throws what `work` threw, of the first node in order that it failed for.
void for_each_node(const std::vector<LabNode>& nodes, const std::function<void(const LabNode&)>& work);

}  // namespace blackstart
