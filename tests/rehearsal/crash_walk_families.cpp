// The faults of the crash walk: every family, in sets whose members leave each other alone and let the database keep its
// majority.
#include <fmt/format.h>

#include "tests/rehearsal/crash_walk.h"

namespace blackstart::rehearsal {
namespace {

// Of a node that has to start again: systemd, and the database that joins its cluster.
constexpr Duration kStart = 45s;

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

Walked starting(Walked walked) {
  walked.heals = kStart;
  return walked;
}

}  // namespace

std::vector<std::vector<Walked>> walked_families() {
  const std::string memcached = "unit: memcached.service\nport: 11211\n";
  Walked site = by_ping("site.isolate", "site: dc1\n", "c1", "c3");
  return {
      {starting(by_ping("power.off", "", "c3", "c1")), by_port("service.stop", memcached, "c1", "c2"),
       by_mark("resource.cpu", "workers: 1\n", "c2", "c2",
               "systemctl list-units --plain --no-legend 'blackstart-*-load.service' | grep .")},
      {starting(by_ping("node.shutdown", "", "c3", "c2")), command("node", "c2", "/run/walked"),
       command("local", "c1", "/run/blackstart-walked")},
      {site, by_port("link.cut", "towards: {ports: [11211]}\nport: 11211\n", "c2", "c3"),
       by_mark("resource.memory", "size: 64MiB\n", "c3", "c3",
               "systemctl list-units --plain --no-legend 'blackstart-*-load.service' | grep .")},
  };
}

}  // namespace blackstart::rehearsal
