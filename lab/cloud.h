// The cloud model: what cloud.yaml says, the same for a live cloud and for a lab.
//
// Purpose: names, failure domains, addresses and the ways in; nothing here talks to anybody.
// Ownership: plain values. Thread rule: plain data.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/fields.h"

namespace blackstart {

struct Site {
  std::string name;
  std::string region;
  std::string uplink =
      {};  // labs only: the simulated switch's interface on the runner's machine that joins the site to the others
};

// A board management controller that speaks IPMI 2.0.
struct Bmc {
  std::string address;
  std::int64_t port = 623;
  std::string user;
  std::string password_file;  // its first line
  std::int64_t cipher = 3;    // cipher suite; 3: HMAC-SHA1, AES-CBC-128, the one that all IPMI 2.0 BMCs have
  bool present() const { return !address.empty(); }
};

// The domain behind a node that is a virtual machine or container.
struct LibvirtDomain {
  std::string uri;     // qemu:///system, lxc:///, qemu+ssh://…
  std::string domain;  // its name there
  bool present() const { return !domain.empty(); }
};

struct Node {
  std::string name;
  std::string site;
  std::string rack;
  std::vector<std::string> roles;
  std::string address;  // the management address: the runner's way in, never cut
  std::string data;     // the address its services speak on; empty: the same as address
  std::int64_t ssh_port = 22;
  Bmc bmc;                // how its power is switched; without one, through `libvirt`
  LibvirtDomain libvirt;  // the domain it runs in, if it is one
  std::string port;       // labs only: the simulated switch's port on the runner's machine, at its data interface
  const std::string& data_address() const { return data.empty() ? address : data; }
  bool has_role(const std::string& role) const;
};

struct SshSettings {
  std::string user = "root";
  std::string key;          // private key file
  std::string known_hosts;  // OpenSSH known_hosts file; a host that isn't in it is refused
  bool sudo = false;        // prefix commands with `sudo -n`
};

inline constexpr const char* kMariadb = "mariadb";
inline constexpr const char* kPostgresql = "postgresql";

// The database that a bank would use: one endpoint to write to, and every replica for the audit.
struct Database {
  std::string host;             // of the endpoint, mostly the VIP
  std::string kind = kMariadb;  // or kPostgresql
  std::int64_t port = 3306;
  std::string user = "bank";
  std::string name = "bank";  // the schema whose tables are ours to make and drop
  std::string password_file;  // its first line
  std::string unit = "mariadb.service";
  struct Replica {
    std::string node;
    std::string host;
    std::int64_t port = 3306;
  };
  std::vector<Replica> replicas;
  bool present() const { return !host.empty(); }
};

// The message broker (RabbitMQ) that a probe sends payments through: a cluster, and clients that know all of its members.
struct Messaging {
  std::string user;
  std::string password_file;  // its first line
  std::int64_t port = 5672;
  std::string vhost = "/";
  std::vector<std::string> nodes;  // as clients list them; empty: all with the role `messaging`
  bool present() const { return !user.empty(); }
};

// Where the credentials for its OpenStack API are: never the credentials themselves (lab/openstack_credentials.h).
struct OpenStackAccess {
  bool present = false;
  std::string cloud;        // its name in clouds.yaml; empty: OS_CLOUD, else the OS_* variables
  std::string clouds_file;  // empty: looked for where every OpenStack client looks
  std::string region;       // these three override what stands there
  std::string interface;
  std::string cacert;
};

struct Cloud {
  std::string name;
  bool simulated = false;  // a lab: everything in it may be broken
  std::vector<Site> sites;
  std::vector<Node> nodes;
  SshSettings ssh;
  std::string vip;  // virtual IP of the API and database entry; may be empty
  Database database;
  Messaging messaging;
  OpenStackAccess openstack;

  void describe(Fields& f);
  const Node* find(const std::string& node) const;
};

// Strict reading; relative paths in it count from the file's folder. Throws Error(bad_file).
Cloud read_cloud(const std::filesystem::path& file);
// The file's text for a cloud; read_cloud reads it back.
std::string write_cloud(const Cloud& cloud);

}  // namespace blackstart
