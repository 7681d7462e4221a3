// The making of a lab on its host: folder, keys, file systems, domains.
//
// Purpose: each step makes what is missing and leaves the rest alone. Ownership: none. Thread rule: one lab, one thread, under
// the LabLock.
#pragma once

#include "lab/lab.h"
#include "lab/lab_folder.h"
#include "lab/libvirt.h"

namespace blackstart {

// Connections to all that the lab's nodes run on. Throws Error(unmet).
Hypervisors hypervisors_of(const LabFile& lab);

// Its folder with lab.yaml, keys and passwords. Throws Error(unmet) without an image, or when the lab is up with another lab
// file.
void make_folder(const LabFile& lab, const LabFolder& folder);

// Every node's file system and domain, running at the end.
void make_nodes(const LabFile& lab, const LabFolder& folder, Hypervisors& hypervisors, const Progress& progress);

}  // namespace blackstart
