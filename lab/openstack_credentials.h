// The credentials for an OpenStack API, found as every OpenStack client finds them.
//
// Purpose: clouds.yaml with secure.yaml (./, ~/.config/openstack, /etc/openstack, OS_CLIENT_CONFIG_FILE), or the OS_*
// variables. They stay in memory: nothing writes them, shows them, or puts them into an error. Ownership: plain values. Thread
// rule: as the environment.
#pragma once

#include <functional>
#include <string>

#include "lab/cloud.h"

namespace blackstart {

struct OpenStackCredentials {
  std::string source;  // "cloud 'north' in /etc/openstack/clouds.yaml", "the OS_* variables"
  std::string auth_url;
  std::string user, user_id, user_domain, user_domain_id, password;
  std::string project, project_id, project_domain, project_domain_id;
  std::string application_id, application, application_secret;
  std::string region;  // empty: the only one of the catalogue
  std::string interface = "public";
  std::string cacert;  // empty: what this machine trusts
  bool by_application() const { return !application_secret.empty(); }
};

// The value of a variable, or "".
using Environment = std::function<std::string(const std::string& name)>;
std::string variable(const std::string& name);

// Throws Error(bad_file) for files that can't be read or are wrong, Error(unmet) when something is missing or not supported.
OpenStackCredentials read_credentials(const OpenStackAccess& access, const Environment& environment = variable);

}  // namespace blackstart
