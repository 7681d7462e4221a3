// The faults of the crash walk: every family, in sets whose members leave each other alone.
#include <fmt/format.h>

#include "tests/rehearsal/crash_walk.h"

namespace blackstart::rehearsal {
namespace {

// Of a node that has to start again: systemd, and the database that joins its cluster.
constexpr Duration kStart = 45s;
// Of one that was suspended: the fault's own undo waits until it has answered for a second.
constexpr Duration kThaw = 5s;

std::string data_address(const std::string& node) { return cloud().find(node)->data_address(); }

Walked by_ping(const std::string& fault, const std::string& parameters, const std::string& node, const std::string& from) {
  return {fault,  parameters, node, from, fmt::format("ping -c1 -W1 {} >/dev/null && echo up || echo down", data_address(node)),
          "up\n", "down\n"};
}

Walked by_port(const std::string& fault, const std::string& parameters, const std::string& node, const std::string& from) {
  return {fault,
          parameters,
          node,
          from,
          fmt::format("timeout 1 bash -c 'echo >/dev/tcp/{}/11211' 2>/dev/null && echo up || echo down", data_address(node)),
          "up\n",
          "down\n"};
}

Walked by_mark(const std::string& fault, const std::string& parameters, const std::string& node, const std::string& from,
               const std::string& look) {
  return {fault, parameters, node, from, look + " >/dev/null && echo there || echo absent", "absent\n", "there\n"};
}

Walked command(const std::string& where, const std::string& node, const std::string& file) {
  return by_mark("command", fmt::format("where: {1}\ninject: touch {0}\nundo: rm -f {0}\nevidence: test -e {0}\n", file, where),
                 node, where == "local" ? "" : node, "test -e " + file);
}

Walked healing(Walked walked, Duration heals) {
  walked.heals = heals;
  return walked;
}

// Frozen processes accept connections (the kernel does) and say nothing.
Walked by_banner(const std::string& fault, const std::string& node, const std::string& from) {
  return {fault,
          "",
          node,
          from,
          fmt::format("timeout 2 bash -c 'head -c 3 </dev/tcp/{}/22' 2>/dev/null; echo .", data_address(node)),
          "SSH.\n",
          ".\n"};
}

}  // namespace

std::vector<std::vector<Walked>> walked_families(const std::string& echo) {
  const std::string memcached = "unit: memcached.service\nport: 11211\n";
  const std::string load = "systemctl list-units --plain --no-legend 'blackstart-*-load.service' | grep .";
  return {
      {healing(by_ping("power.off", "", "c3", "c1"), kStart),
       by_port("service.stop", memcached, "c1", "c2"),
       by_mark("resource.cpu", "workers: 1\n", "c2", "c2", load),
       {"container.pause", "container: echo\nport: 8099\n", "c2", "c1", echo, "up\n", "mute\n"}},
      {healing(by_banner("node.freeze", "c3", "c2"), kThaw), command("node", "c2", "/run/walked"),
       command("local", "c1", "/run/blackstart-walked"),
       by_port("link.cut", "towards: {nodes: [c1], ports: [11211]}\nport: 11211\n", "c2", "c1"),
       by_mark("resource.memory", "size: 64MiB\n", "c1", "c1", load)},
      // Each pair of nodes cut by one of them.
      {by_ping("site.isolate", "site: dc1\nfrom: [dc2]\n", "c1", "c2"),
       by_ping("rack.isolate", "rack: rack-c3\nfrom: [c1]\n", "c3", "c1"),
       by_ping("group.isolate", "members: [c2]\nfrom: [c3]\n", "c2", "c3")},
  };
}

}  // namespace blackstart::rehearsal
