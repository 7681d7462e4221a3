#include "lab/ssh.h"

#include <signal.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/fields.h"
#include "base/process.h"
#include "lab/ssh_session.h"

namespace blackstart {
namespace {

// How long a session that was used before may take to open a channel before it is taken for dead.
constexpr Duration kStale = 3s;

// A node's session and the queue in front of it.
class Line {
 public:
  explicit Line(SshTarget target) : target_(std::move(target)) {}

  CommandResult run(const std::string& command, const Deadline& deadline) {
    const Turn turn(*this, deadline);
    if (session_ && !session_->open_channel(deadline.sooner(kStale))) session_.reset();
    if (!session_) connect(deadline);
    try {
      return session_->exec(command, deadline);
    } catch (const Error&) {
      session_.reset();
      throw;
    }
  }

 private:
  class Turn {
   public:
    Turn(Line& line, const Deadline& deadline) : line_(line) {
      std::unique_lock lock(line_.mutex_);
      if (!line_.free_.wait_for(lock, deadline.left(), [&] { return !line_.busy_; }))
        throw Error(ErrorKind::unreachable, "running a command on " + line_.target_.name(),
                    "another command was still running there at the deadline");
      line_.busy_ = true;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      const std::lock_guard lock(line_.mutex_);
      line_.busy_ = false;
      line_.free_.notify_one();
    }

   private:
    Line& line_;
  };

  void connect(const Deadline& deadline) {
    auto session = std::make_unique<SshSession>(target_, deadline);
    if (!session->open_channel(deadline))
      throw Error(ErrorKind::unreachable, "opening an SSH channel to " + target_.name(),
                  deadline.passed() ? "no answer in time" : session->last_error());
    session_ = std::move(session);
  }

  const SshTarget target_;
  std::mutex mutex_;
  std::condition_variable free_;
  bool busy_ = false;                    // under mutex_
  std::unique_ptr<SshSession> session_;  // belongs to whoever made the line busy
};

class Ssh final : public Remote {
 public:
  explicit Ssh(const Cloud& cloud) : sudo_(cloud.ssh.sudo) {
    ::signal(SIGPIPE, SIG_IGN);  // libssh writes to sockets whose peer may be gone
    const std::string key = yaml::slurp(cloud.ssh.key);
    check_private_key(cloud.ssh.key, key);
    yaml::slurp(cloud.ssh.known_hosts);  // throws when it can't be read
    for (const Node& node : cloud.nodes)
      lines_.try_emplace(node.name, SshTarget{node.name, node.address, static_cast<int>(node.ssh_port), cloud.ssh.user,
                                              cloud.ssh.key, key, cloud.ssh.known_hosts});
  }

  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    const auto line = lines_.find(node);
    if (line == lines_.end())
      throw Error(ErrorKind::usage, "running a command on " + node, "the cloud has no such node", known(node));
    return line->second.run(sudo_ ? "sudo -n sh -c " + shell_quote(command) : command, deadline);
  }

 private:
  std::string known(const std::string& node) const {
    std::vector<std::string> names;
    for (const auto& [name, line] : lines_) names.push_back(name);
    return suggestion(node, names);
  }

  const bool sudo_;
  std::map<std::string, Line> lines_;
};

}  // namespace

std::unique_ptr<Remote> make_ssh(const Cloud& cloud) { return std::make_unique<Ssh>(cloud); }

}  // namespace blackstart
