#include "lab/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string_view>

#include "lab/node_files.h"

namespace blackstart {
namespace embedded {
std::string_view lab_health_sh();
}  // namespace embedded
namespace {

const std::vector<Service> kServices = {
    {.name = "mariadb", .roles = "database", .image = "base", .files = "mariadb"},
    {.name = "galera-check", .roles = "database", .image = "base", .files = ""},
    {.name = "postgresql", .roles = "", .image = "base", .files = "postgresql", .check = "postgres", .limit = 60s},
    {.name = "haproxy", .roles = "controller", .image = "base", .files = "haproxy", .check = "balanced"},
    {.name = "keepalived", .roles = "controller", .image = "base", .files = "keepalived"},
    {.name = "memcached", .roles = "controller", .image = "base", .files = "memcached"},
    {.name = "rabbitmq-server", .roles = "messaging", .image = "openstack", .files = "rabbitmq", .check = "rabbit"},
    {.name = "keystone",
     .roles = "controller",
     .image = "openstack",
     .files = "keystone",
     .stage = 1,
     .port = 5000,
     .path = "/v3"},
    {.name = "glance-api",
     .roles = "controller",
     .image = "openstack",
     .files = "glance",
     .stage = 2,
     .port = 9292,
     .path = "/healthcheck"},
    {.name = "placement-api",
     .roles = "controller",
     .image = "openstack",
     .files = "placement",
     .stage = 2,
     .port = 8778,
     .path = "/"},
    {.name = "nova-api", .roles = "controller", .image = "openstack", .files = "nova", .stage = 2, .port = 8774, .path = "/"},
    {.name = "nova-conductor", .roles = "controller", .image = "openstack", .files = "nova", .stage = 2, .check = "nova"},
    {.name = "nova-scheduler", .roles = "controller", .image = "openstack", .files = "nova", .stage = 2, .check = "nova"},
    {.name = "neutron-api",
     .roles = "controller",
     .image = "openstack",
     .files = "neutron",
     .stage = 2,
     .port = 9696,
     .path = "/"},
    {.name = "neutron-rpc-server",
     .roles = "controller",
     .image = "openstack",
     .files = "neutron",
     .stage = 2,
     .check = "broker"},
    {.name = "cinder-api",
     .roles = "controller",
     .image = "openstack",
     .files = "cinder",
     .stage = 2,
     .port = 8776,
     .path = "/healthcheck"},
    {.name = "cinder-scheduler", .roles = "controller", .image = "openstack", .files = "cinder", .stage = 2, .check = "cinder"},
    {.name = "cinder-volume", .roles = "storage", .image = "openstack", .files = "cinder", .stage = 2, .check = "broker"},
    {.name = "nova-compute", .roles = "compute", .image = "openstack", .files = "nova", .stage = 3, .check = "compute"},
    {.name = "neutron-linuxbridge-agent",
     .roles = "compute network",
     .image = "openstack",
     .files = "neutron",
     .stage = 3,
     .check = "neutron"},
    {.name = "neutron-dhcp-agent",
     .roles = "network",
     .image = "openstack",
     .files = "neutron",
     .stage = 3,
     .check = "neutron"},
};

bool brings(const std::string& role, const Service& service) {
  std::istringstream words(service.roles);
  for (std::string word; words >> word;)
    if (word == role) return true;
  return false;
}

}  // namespace

const std::vector<Service>& all_services() { return kServices; }

const Service* find_service(const std::string& name) {
  const auto found = std::find_if(kServices.begin(), kServices.end(), [&](const Service& each) { return each.name == name; });
  return found == kServices.end() ? nullptr : &*found;
}

bool in_image(const Service& service, const std::string& image) {
  return service.image == image || service.image == std::string_view("base");
}

std::vector<Service> services_of(const LabFile& lab, const LabNode& node) {
  const auto here = [&](const Service& service) {
    if (node.services) return std::count(node.services->begin(), node.services->end(), service.name) > 0;
    return in_image(service, lab.image) &&
           std::any_of(node.roles.begin(), node.roles.end(), [&](const std::string& role) { return brings(role, service); });
  };
  std::vector<Service> found;
  std::copy_if(kServices.begin(), kServices.end(), std::back_inserter(found), here);
  return found;
}

bool runs(const LabFile& lab, const LabNode& node, const std::string& service) {
  const auto all = services_of(lab, node);
  return std::any_of(all.begin(), all.end(), [&](const Service& each) { return each.name == service; });
}

std::vector<LabNode> nodes_with(const LabFile& lab, const std::string& service) {
  std::vector<LabNode> found;
  std::copy_if(lab.nodes.begin(), lab.nodes.end(), std::back_inserter(found),
               [&](const LabNode& node) { return runs(lab, node, service); });
  return found;
}

std::string health_script(const LabFile& lab, const LabNode& node, const std::vector<Service>& services) {
  std::string script = fill_template(embedded::lab_health_sh(), node_values(lab, node));
  for (const Service& service : services)
    script += fmt::format("check {} {}\n", service.name,
                          service.port ? fmt::format("http {} {}", service.port, service.path) : service.check);
  return script;
}

}  // namespace blackstart
