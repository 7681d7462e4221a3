#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lab/cloud_draft.h"

namespace blackstart {
namespace {

std::string sites_text(const std::vector<Site>& sites) {
  if (sites.empty())
    return "sites:\n"
           "  # fill in: the data centres, one a line, and the region each belongs to\n"
           "  # - {name: dc1, region: RegionOne}\n";
  std::string text = "# fill in: check that these are your data centres; a site is what fails as one\nsites:\n";
  for (const Site& site : sites)
    text += fmt::format("  - {{name: {}{}}}\n", site.name, site.region.empty() ? "" : ", region: " + site.region);
  return text;
}

std::string node_text(const Node& node, const std::vector<std::string>& missing, const std::string& remark) {
  std::string text = fmt::format("  - {{name: {}", node.name);
  if (!node.site.empty()) text += ", site: " + node.site;
  if (!node.rack.empty()) text += ", rack: " + node.rack;
  if (!node.roles.empty()) text += fmt::format(", roles: [{}]", fmt::join(node.roles, ", "));
  if (!node.address.empty()) text += fmt::format(", address: \"{}\"", node.address);
  if (node.ssh_port != 22) text += fmt::format(", ssh-port: {}", node.ssh_port);
  return text + fmt::format("}}  # fill in: {}{}\n", fmt::join(missing, ", "), remark.empty() ? "" : "; " + remark);
}

std::string nodes_text(const CloudDraft& draft) {
  std::string text =
      "nodes:\n"
      "  # fill in, behind each node's address:\n"
      "  #   site: dc1, rack: r1              where it stands\n"
      "  #   data: 10.20.0.11                 where its services speak, when that is not its management address\n"
      "  #   bmc: {address: 10.30.0.11, user: admin, password-file: keys/bmc.password}   how its power is switched\n";
  for (std::size_t i = 0; i < draft.cloud.nodes.size(); ++i)
    text += node_text(draft.cloud.nodes[i], draft.missing[i], draft.remarks[i]);
  return text;
}

std::string ssh_text(const SshSettings& ssh) {
  std::string text = "ssh:\n";
  text += ssh.user.empty() ? "  # fill in: user: root\n" : fmt::format("  user: \"{}\"\n", ssh.user);
  if (ssh.sudo) text += "  sudo: true\n";
  text += ssh.key.empty() ? "  # fill in: key: keys/blackstart\n" : fmt::format("  key: \"{}\"\n", ssh.key);
  return text + "  # fill in: known-hosts: keys/known_hosts      from ssh-keyscan; compare the fingerprints once\n";
}

std::string database_text(const Cloud& cloud) {
  const std::string text = fmt::format(
      "# fill in, for rehearsals with the bank of the probe 'ledger' (its schema and user are yours to make):\n"
      "# database:\n#   host: {}\n#   user: bank\n#   name: bank\n#   password-file: keys/bank.password\n#   replicas:\n",
      cloud.vip.empty() ? "10.20.0.10" : cloud.vip);
  std::string replicas;
  for (const Node& node : cloud.nodes)
    if (node.has_role("database")) replicas += fmt::format("#     - {{node: {}, host: its data address}}\n", node.name);
  return text + (replicas.empty() ? "#     - {node: c1, host: its data address}\n" : replicas);
}

std::string openstack_text(const CloudDraft& draft) {
  const OpenStackAccess& access = draft.cloud.openstack;
  if (!access.present)
    return "# fill in, for the probe 'openstack': where the credentials are (clouds.yaml or OS_*), never what they are\n"
           "# openstack: {cloud: north}\n";
  std::string text = access.cloud.empty() ? "openstack: {}  # the OS_* variables or OS_CLOUD\n"
                                          : fmt::format("openstack: {{cloud: \"{}\"}}\n", access.cloud);
  if (draft.endpoints.empty()) return text;
  text += "# Its catalogue, for probes 'http':\n";
  for (const auto& endpoint : draft.endpoints)
    text += fmt::format("#   {:<16} {:<9} {}\n", endpoint.type, endpoint.interface, endpoint.url);
  return text;
}

}  // namespace

std::string write_draft(const CloudDraft& draft) {
  const Cloud& cloud = draft.cloud;
  return fmt::format(
             "# A draft: 'blackstart check' refuses it until what must be there is filled in. docs/cloud.md explains each "
             "part.\n"
             "cloud: {}\nsimulated: false\n{}\n",
             cloud.name,
             cloud.vip.empty() ? "# fill in: vip: 10.20.0.10      the virtual IP, for pick: vip-holder"
                               : fmt::format("vip: \"{}\"", cloud.vip)) +
         sites_text(cloud.sites) + nodes_text(draft) + ssh_text(cloud.ssh) + database_text(cloud) + openstack_text(draft);
}

}  // namespace blackstart
