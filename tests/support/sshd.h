// A real sshd of the test's own on loopback, with keys of its own; ended with its object.
#pragma once

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "base/process.h"
#include "base/yaml.h"
#include "lab/cloud.h"
#include "lab/tcp_socket.h"
#include "tests/support/daemon.h"
#include "tests/support/loopback.h"
#include "tests/support/text_folder.h"

namespace blackstart {

class Sshd {
 public:
  Sshd() {
    INFO("the tests of SSH need Debian's openssh-server");
    REQUIRE(::access("/usr/sbin/sshd", X_OK) == 0);
    for (const char* key : {"host_key", "client_key"})
      run_checked("making a key", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key)}, 10s);
    std::filesystem::copy_file(path("client_key.pub"), path("authorized_keys"));
    file("known_hosts", known_hosts_line("host_key.pub"));
    make_sudo();
    start();
  }
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;
  ~Sshd() { daemon_.end(SIGTERM); }

  std::string path(const std::string& name) const { return (folder_.path / name).string(); }
  std::string file(const std::string& name, const std::string& text) const { return folder_.write(name, text).string(); }
  std::string known_hosts_line(const std::string& public_key) const {
    return fmt::format("[127.0.0.1]:{} {}", port_, yaml::slurp(path(public_key)));
  }

  // Nodes n1 to n5, all of them this server.
  Cloud cloud() const {
    Cloud cloud;
    cloud.name = "loopback";
    for (int number = 1; number <= 5; ++number) {
      Node node;
      node.name = fmt::format("n{}", number);
      node.address = "127.0.0.1";
      node.ssh_port = port_;
      cloud.nodes.push_back(node);
    }
    cloud.ssh = {::getpwuid(::getuid())->pw_name, path("client_key"), path("known_hosts"), false};
    return cloud;
  }

 private:
  // A stand-in that shows how it was called.
  void make_sudo() const {
    file("sudo", "#!/bin/sh\nprintf '%s %s %s %s: ' sudo \"$1\" \"$2\" \"$3\"\nshift\nexec \"$@\"\n");
    std::filesystem::permissions(path("sudo"), std::filesystem::perms::owner_all);
  }

  void write_configuration() const {
    file("config",
         fmt::format("ListenAddress 127.0.0.1\nPort {0}\nHostKey {1}/host_key\nAuthorizedKeysFile {1}/authorized_keys\n"
                     "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
                     "KbdInteractiveAuthentication no\nUseDNS no\nMaxStartups 500\n"
                     "SetEnv HOME={1} PATH={1}:/usr/sbin:/usr/bin:/sbin:/bin\n",
                     port_, folder_.path.string()));
  }

  void start() {
    write_configuration();
    std::filesystem::create_directories("/run/sshd");
    daemon_.start({"/usr/sbin/sshd", "-D", "-f", path("config"), "-E", path("log")}, path("log"));
    const Deadline deadline(real_clock(), 10s);
    const bool up = wait_until([&] { return connect_socket("127.0.0.1", port_, deadline).descriptor.open(); }, deadline, 10ms);
    INFO(yaml::slurp(path("log")));
    REQUIRE(up);
  }

  TextFolder folder_;
  int port_ = free_port();
  Daemon daemon_;
};

}  // namespace blackstart
