// A real RabbitMQ broker of a test's own: on free ports of the loopback, in a folder that goes when it goes.
//
// Ownership: the process dies with the object, and with the test's process. Thread rule: one thread.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/cloud.h"
#include "probes/amqp_connection.h"
#include "tests/support/daemon.h"
#include "tests/support/folder.h"
#include "tests/support/loopback.h"

namespace blackstart::test {

class RabbitmqServer {
 public:
  RabbitmqServer() : port_(free_port()), epmd_port_(free_port()), distribution_port_(free_port()) {
    write("rabbitmq.conf", fmt::format("listeners.tcp.1 = 127.0.0.1:{}\ndefault_user = bank\ndefault_pass = secret\n"
                                       "disk_free_limit.absolute = 1MB\nqueue_index_embed_msgs_below = 4096\n",
                                       port_));
    write("plugins", "[].\n");
    write("password", "secret\n");
    start();
  }

  // Returns when it answers. Its own name server comes first: without one, the broker would leave one behind.
  void start() {
    if (!named_)
      names_.start({"/usr/bin/epmd", "-port", std::to_string(epmd_port_), "-address", "127.0.0.1"}, path("epmd.log"));
    named_ = true;
    std::vector<std::string> words{"/usr/bin/env"};
    for (const std::string& variable : environment()) words.push_back(variable);
    words.push_back("/usr/lib/rabbitmq/bin/rabbitmq-server");
    server_.start(words, path("log"));
    std::string last;
    const auto answers = [&] {
      try {
        AmqpConnection connection(broker(), 2s, 10s);
        return true;
      } catch (const Error& error) {
        last = error.what();
        return false;
      }
    };
    if (!wait_until(answers, Deadline(real_clock(), 90s), 100ms)) throw Error(ErrorKind::internal, "starting RabbitMQ", last);
  }
  void signal(int number) const { server_.signal(number); }
  void kill() { server_.end(); }

  int port() const { return port_; }
  AmqpBroker broker() const { return {"c1", "127.0.0.1", port_, "bank", "secret", "/"}; }
  // A cloud with this broker on `nodes`, all of them the same.
  Cloud cloud(const std::vector<std::string>& nodes = {"c1"}) const {
    Cloud cloud;
    cloud.name = "here";
    for (const std::string& name : nodes) {
      Node node;
      node.name = name;
      node.roles = {"messaging"};
      node.address = "127.0.0.1";
      cloud.nodes.push_back(node);
    }
    cloud.messaging.user = "bank";
    cloud.messaging.password_file = path("password").string();
    cloud.messaging.port = port_;
    return cloud;
  }

 private:
  std::filesystem::path path(const std::string& name) const { return folder_.path / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  // One scheduler that sleeps when idle, and nothing heard from outside of this machine.
  std::vector<std::string> environment() const {
    const std::string home = folder_.path.string();
    return {
        "HOME=" + home,
        "RABBITMQ_NODENAME=test@localhost",
        "RABBITMQ_MNESIA_BASE=" + home + "/db",
        "RABBITMQ_LOG_BASE=" + home + "/log.d",
        "RABBITMQ_LOGS=-",
        "RUNNING_UNDER_SYSTEMD=yes",  // one process, not a shell that waits for it
        "RABBITMQ_CONF_ENV_FILE=/dev/null",
        "RABBITMQ_CONFIG_FILE=" + home + "/rabbitmq",
        "RABBITMQ_ENABLED_PLUGINS_FILE=" + home + "/plugins",
        "RABBITMQ_PID_FILE=" + home + "/pid",
        fmt::format("ERL_EPMD_PORT={}", epmd_port_),
        fmt::format("RABBITMQ_DIST_PORT={}", distribution_port_),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface "
        "{127,0,0,1}"};
  }

  Folder folder_;
  int port_, epmd_port_, distribution_port_;
  Daemon names_, server_;
  bool named_ = false;
};

}  // namespace blackstart::test
