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
};

struct Node {
  std::string name;
  std::string site;
  std::string rack;
  std::vector<std::string> roles;
  std::string address;  // the management address: the runner's way in, never cut
  std::string data;     // the address its services speak on; empty: the same as address
  std::int64_t ssh_port = 22;
  bool has_role(const std::string& role) const;
};

struct SshSettings {
  std::string user = "root";
  std::string key;          // private key file
  std::string known_hosts;  // OpenSSH known_hosts file; a host that isn't in it is refused
  bool sudo = false;        // prefix commands with `sudo -n`
};

// The database that a bank would use: one endpoint to write to, and every replica for the audit.
struct Database {
  std::string host;  // of the endpoint, mostly the VIP
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

struct Cloud {
  std::string name;
  bool simulated = false;  // a lab: everything in it may be broken
  std::vector<Site> sites;
  std::vector<Node> nodes;
  SshSettings ssh;
  std::string vip;  // virtual IP of the API and database entry; may be empty
  Database database;

  void describe(Fields& f);
  const Node* find(const std::string& node) const;
};

// Strict reading; relative paths in it count from the file's folder. Throws Error(bad_file).
Cloud read_cloud(const std::filesystem::path& file);
// The file's text for a cloud; read_cloud reads it back.
std::string write_cloud(const Cloud& cloud);

}  // namespace blackstart
