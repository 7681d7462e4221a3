// What a node has of its own on top of the image: names, addresses, keys and the settings of its services.
//
// Purpose: pure text from the lab file; the templates are lab/services/. Ownership: plain values. Thread rule: any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/lab_file.h"
#include "lab/template.h"

namespace blackstart {

struct NodeKeys {
  std::string authorized;  // public key that may log in as root
  std::string host_key;    // the node's private host key, OpenSSH form
  std::string machine_id;  // 32 hexadecimal digits
  Values secrets = {};     // with OpenStack: lab/openstack_secrets.h
};

struct NodeFile {
  std::string path;  // absolute, in the node
  std::string text;
  int mode = 0644;
};

std::vector<NodeFile> node_files(const LabFile& lab, const LabNode& node, const NodeKeys& keys);
// The systemd units that start with it by its image; the others of the image are masked there.
std::vector<std::string> units_of(const LabFile& lab, const LabNode& node);
// Its presence lets the next start of MariaDB make a new cluster; that start removes it.
NodeFile bootstrap_file();
// What templates may ask for about a node.
Values node_values(const LabFile& lab, const LabNode& node);
// libvirt's description of a container, whose file system stands at `root`.
std::string domain_xml(const LabFile& lab, const LabNode& node, const std::filesystem::path& root);

}  // namespace blackstart
