// What OpenStack's services need of a lab: settings that many of them share, keys, and the client's file.
//
// Purpose: pure text from the lab file and the lab's secrets; the templates are lab/services/openstack/. Ownership: plain
// values. Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

#include "lab/node_files.h"

namespace blackstart {

// What the templates ask for beside node_values().
Values openstack_values(const LabFile& lab, const Values& secrets);
// The files that every node of such a lab has, and Keystone's keys.
std::vector<NodeFile> openstack_files(const LabFile& lab, const LabNode& node, const Values& secrets);
// HAProxy's sections for the APIs; empty when nobody runs one.
std::string balanced_apis(const LabFile& lab);
// clouds.yaml with two clouds: the lab's name is that of the user demo in the project demo, with "-admin" behind it the
// administrator's.
std::string clouds_yaml(const LabFile& lab, const Values& secrets);
// SQL that puts the lab's address and passwords into the image's databases, on any replica, as often as one likes.
std::string secret_statements(const LabFile& lab, const Values& secrets);

}  // namespace blackstart
