#include "lab/ssh.h"

#include <signal.h>

#include <map>

#include "base/error.h"
#include "base/fields.h"
#include "lab/ssh_line.h"

namespace blackstart {
namespace {

class Ssh final : public Remote {
 public:
  explicit Ssh(const Cloud& cloud) {
    ::signal(SIGPIPE, SIG_IGN);  // libssh writes to sockets whose peer may be gone
    const std::string key = yaml::slurp(cloud.ssh.key);
    check_private_key(cloud.ssh.key, key);
    yaml::slurp(cloud.ssh.known_hosts);  // throws when it can't be read
    for (const Node& node : cloud.nodes)
      lines_.try_emplace(node.name,
                         SshTarget{node.name, node.address, static_cast<int>(node.ssh_port), cloud.ssh.user, cloud.ssh.key, key,
                                   cloud.ssh.known_hosts},
                         cloud.ssh.sudo);
  }

  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    return line(node).run(command, deadline);
  }
  CommandResult run_with_input(const std::string& node, const std::string& command, const std::string& input,
                               const Deadline& deadline) override {
    return line(node).run(command, deadline, input);
  }
  CommandResult run_shared(const std::string& node, const std::string& command, const Deadline& deadline) override {
    return line(node).run_shared(command, deadline);
  }

 private:
  SshLine& line(const std::string& node) {
    const auto line = lines_.find(node);
    if (line == lines_.end())
      throw Error(ErrorKind::usage, "running a command on " + node, "the cloud has no such node", known(node));
    return line->second;
  }
  std::string known(const std::string& node) const {
    std::vector<std::string> names;
    for (const auto& [name, line] : lines_) names.push_back(name);
    return suggestion(node, names);
  }

  std::map<std::string, SshLine> lines_;
};

}  // namespace

std::unique_ptr<Remote> make_ssh(const Cloud& cloud) { return std::make_unique<Ssh>(cloud); }

}  // namespace blackstart
