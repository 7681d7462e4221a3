// The services that a lab's nodes can run, one table: who brings each, when it starts, and how it is seen to work.
//
// Purpose: the one place that knows the services; a new one is a row here, its settings in node_files.cpp and
// lab/services/. Ownership: static data. Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/lab_file.h"

namespace blackstart {

struct Service {
  const char* name;   // in lab files; also its systemd unit
  const char* roles;  // that bring it, with blanks between; "": only nodes that name it run it
  const char* image;  // the first that has it: "base" (in every other too) or "openstack"
  const char* files;  // whose settings it reads: "nova"
  // 0: the image starts it with its node. The others are started by `lab up`, one stage after the other, and start with their
  // node from then on.
  int stage = 0;
  const char* check = "true";  // how it is seen to work: a function of lab/services/health.sh; its unit is active anyhow
  int port = 0;                // of its HTTP API on the data network, balanced by HAProxy
  const char* path = "";       // that the API answers without a token
  Duration limit = 300s;       // from the beginning of its stage; hosts are busy with other things too
};

const std::vector<Service>& all_services();
// nullptr when there is none of that name.
const Service* find_service(const std::string& name);
bool in_image(const Service& service, const std::string& image);
// Of what the roles bring, or of what the file names instead; in the table's order.
std::vector<Service> services_of(const LabFile& lab, const LabNode& node);
bool runs(const LabFile& lab, const LabNode& node, const std::string& service);
// In the file's order.
std::vector<LabNode> nodes_with(const LabFile& lab, const std::string& service);
// A script for a shell on the node that prints a line for each of these that does not work: "keystone: curl: (7) Failed to
// connect". It never waits longer than some seconds for any.
std::string health_script(const LabFile& lab, const LabNode& node, const std::vector<Service>& services);

}  // namespace blackstart
