// A real sshd of the test's own on loopback, with keys of its own; ended with its object.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "base/process.h"
#include "base/yaml.h"
#include "lab/cloud.h"
#include "lab/tcp_socket.h"
#include "tests/support/text_folder.h"

namespace blackstart {

// Binds to a free port of 127.0.0.1 and returns it.
inline int bind_loopback(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

class Sshd {
 public:
  Sshd() {
    INFO("the tests of SSH need Debian's openssh-server");
    REQUIRE(::access("/usr/sbin/sshd", X_OK) == 0);
    for (const char* key : {"host_key", "client_key"})
      run_checked("making a key", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key)}, 10s);
    std::filesystem::copy_file(path("client_key.pub"), path("authorized_keys"));
    port_ = bind_loopback(Descriptor(::socket(AF_INET, SOCK_STREAM, 0)).get());
    file("known_hosts", known_hosts_line("host_key.pub"));
    make_sudo();
    start();
  }
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;
  ~Sshd() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

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
    const std::string config = path("config"), log = path("log");
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", config.c_str(), "-E", log.c_str(), nullptr);
      ::_exit(127);
    }
    const Deadline deadline(real_clock(), 10s);
    const bool up = wait_until([&] { return connect_socket("127.0.0.1", port_, deadline).descriptor.open(); }, deadline, 10ms);
    INFO(yaml::slurp(log));
    REQUIRE(up);
  }

  TextFolder folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace blackstart
