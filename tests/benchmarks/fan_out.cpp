// Our side of the benchmark fan_out: one command on every node of a site, again and again, as the injector gives its orders.
//
//   fan_out_client CLOUD.yaml SITE ROUNDS
// prints a line for each round: its wall time in ms, this process's CPU time in ms, the start skew in ms by the nodes' own
// clocks (of use where they share one, as containers do). The first round opens the sessions. Exit code 1 when a node failed.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "lab/cloud.h"
#include "lab/ssh.h"
#include "runner/injector.h"

namespace {

using namespace blackstart;

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

Duration cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto of = [](const timeval& t) { return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec); };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::vector<std::string> nodes_of(const Cloud& cloud, const std::string& site) {
  std::vector<std::string> names;
  for (const Node& node : cloud.nodes)
    if (node.site == site) names.push_back(node.name);
  if (names.empty()) throw Error(ErrorKind::usage, "looking for nodes", "there are none of site '" + site + "'");
  return names;
}

// When the command began on each node, in nanoseconds of that node's clock.
std::vector<std::int64_t> start_times(Remote& remote, const std::vector<std::string>& nodes, const Deadline& deadline) {
  std::vector<std::int64_t> times(nodes.size());
  const auto problems = at_the_same_time(nodes.size(), [&](std::size_t i) {
    times[i] = std::stoll(remote.check("reading the clock of " + nodes[i], nodes[i], "date +%s%N", deadline));
  });
  for (const std::string& problem : problems)
    if (!problem.empty()) throw Error(ErrorKind::unmet, "running on all nodes", problem);
  return times;
}

void run(const std::string& cloud_file, const std::string& site, int rounds) {
  const Cloud cloud = read_cloud(cloud_file);
  const auto nodes = nodes_of(cloud, site);
  const auto remote = make_ssh(cloud);
  for (int round = 0; round < rounds; ++round) {
    const Time began = real_clock().now();
    const Duration used = cpu();
    const auto times = start_times(*remote, nodes, Deadline(real_clock(), 60s));
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    std::cout << fmt::format("{:.3f} {:.3f} {:.3f}\n", milliseconds(real_clock().now() - began), milliseconds(cpu() - used),
                             milliseconds(Duration(*last - *first)));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "fan_out_client CLOUD.yaml SITE ROUNDS\n";
    return kUsage;
  }
  try {
    run(words[1], words[2], std::stoi(words[3]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
