// The lab model: what a lab file says, and the names of the things that a lab makes on its host.
//
// Purpose: sites, nodes and networks of a simulated cloud; nothing here touches the host.
// Ownership: plain values. Thread rule: plain data.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/fields.h"
#include "lab/cloud.h"

namespace blackstart {

struct LabNetwork {
  std::string network;  // "198.18.10.0/24"
  std::string host;     // the host's own address in it
  int prefix() const;   // 24
};

struct LabNode {
  std::string name;
  std::string site;
  std::int64_t memory = 1 << 30;  // bytes
  std::string address;            // in the management network
  std::string data;               // in the data network
  // What it serves as. Roles bring services with them (lab/service.h), more of them with OpenStack's image.
  std::vector<std::string> roles = {"controller", "database"};
  std::optional<std::vector<std::string>> services = std::nullopt;  // instead of those that the roles bring
  std::string driver = "lxc";  // "lxc": a container; "qemu": a virtual machine with a kernel of its own
  bool is_vm() const { return driver == "qemu"; }
  // Where libvirt keeps its domain.
  std::string hypervisor() const { return is_vm() ? "qemu:///system" : "lxc:///"; }
};

struct LabFile {
  std::string name;
  std::string prefix = "bs";   // of all interface names on the host
  std::string vip;             // empty when there is no controller to hold it
  std::string image = "base";  // what the nodes' root has: "base", or "openstack" on top
  std::string accel = "auto";  // of virtual machines: "kvm", "tcg" (no help of the processor's), "auto": what works here
  LabNetwork management;
  LabNetwork data;
  std::vector<Site> sites;
  std::vector<LabNode> nodes;

  void describe(Fields& f);
  bool has_vms() const;
  bool has_openstack() const { return image == "openstack"; }
  const LabNode* find(const std::string& node) const;

  // Interfaces on the host; at most 15 characters each, all different.
  std::string management_bridge() const { return prefix + "-mgmt"; }
  std::string backbone() const { return prefix + "-core"; }
  std::string site_bridge(const std::string& site) const { return prefix + "-" + site; }
  // The link of a site: the end on the backbone (taking it down cuts the site off), and the end on the site's bridge.
  std::string link(const std::string& site) const { return prefix + "-l-" + site; }
  std::string link_peer(const std::string& site) const { return prefix + "-p-" + site; }
  // The host's ends of a node's two interfaces.
  std::string management_nic(const std::string& node) const { return prefix + "-m-" + node; }
  std::string data_nic(const std::string& node) const { return prefix + "-d-" + node; }
  std::string domain(const std::string& node) const { return name + "." + node; }
};

// Strict reading; throws Error(bad_file).
LabFile read_lab_file(const std::filesystem::path& file);
// The file's text for a lab; read_lab_file reads it back.
std::string write_lab_file(const LabFile& lab);

}  // namespace blackstart
