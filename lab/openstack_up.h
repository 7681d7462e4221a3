// Starting OpenStack in a lab whose databases serve, and waiting for it.
//
// Purpose: the last part of `lab up` with OpenStack's image. Ownership: none. Thread rule: one lab, one thread; works on the
// nodes side by side inside.
#pragma once

#include <vector>

#include "lab/lab.h"
#include "lab/service.h"

namespace blackstart {

// Gives the databases the lab's passwords, starts the services stage by stage, waits until each works, makes what every lab
// offers (flavors, an image, a network, availability zones), and tells the nodes' memory. All of it as often as one likes: what
// is there stays. Throws Error(unreachable) with the service, its node and the end of its log.
void wait_for_openstack(const LabFile& lab, const Progress& progress);

// Returns when all of them work on the node. Throws Error(unreachable) for the first that has had its time (Service::limit).
void wait_for_services(const LabFile& lab, const LabNode& node, const std::vector<Service>& services);

}  // namespace blackstart
