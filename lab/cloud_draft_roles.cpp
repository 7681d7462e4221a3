#include <algorithm>

#include "lab/cloud_draft.h"

namespace blackstart {
namespace {

struct RoleGroups {
  const char* role;
  std::vector<std::string> groups;  // '_' stands for '-' too
};

// kolla-ansible's multinode, OpenStack-Ansible's openstack_user_config, TripleO's roles, and plain words.
const std::vector<RoleGroups>& table() {
  static const std::vector<RoleGroups> roles = {
      {"controller",
       {"control", "controller", "controllers", "control_nodes", "controller_nodes", "infra_hosts", "shared_infra_hosts",
        "os_infra_hosts", "overcloud_controller"}},
      {"database", {"mariadb", "galera", "galera_all", "galera_container", "mysql", "database", "databases", "db"}},
      {"messaging", {"rabbitmq", "rabbitmq_all", "rabbit_mq_container", "messaging", "amqp"}},
      {"network",
       {"network", "networks", "networker", "networkers", "network_nodes", "network_hosts", "neutron_l3_agent",
        "neutron_dhcp_agent", "overcloud_networker"}},
      {"compute",
       {"compute", "computes", "compute_nodes", "compute_hosts", "nova_compute", "hypervisors", "overcloud_compute",
        "overcloud_novacompute"}},
      {"storage",
       {"storage", "storage_nodes", "storage_hosts", "cinder_volume", "ceph_osd", "ceph_osds", "osds", "swift_object_server",
        "overcloud_cephstorage"}},
      {"loadbalancer", {"loadbalancer", "loadbalancers", "haproxy", "haproxy_all", "haproxy_hosts"}},
      {"cache", {"memcached", "memcached_all"}},
      {"monitoring", {"monitoring", "monitoring_hosts", "prometheus"}},
  };
  return roles;
}

std::string plain(std::string group) {
  std::transform(group.begin(), group.end(), group.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return group;
}

}  // namespace

std::vector<std::string> roles_of(const std::vector<std::string>& groups) {
  std::vector<std::string> roles;
  for (const RoleGroups& row : table())
    if (std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
          return std::find(row.groups.begin(), row.groups.end(), plain(group)) != row.groups.end();
        }))
      roles.push_back(row.role);
  return roles;
}

}  // namespace blackstart
