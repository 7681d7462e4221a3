// After a clean stop of all nodes no one may begin alone, and Galera waits for ever: somebody must say who was last. This is
// the step of the runbook for that.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "lab/lab_recover.h"
#include "lab/lab_wait.h"
#include "lab/node_files.h"
#include "lab/service.h"

namespace blackstart {
namespace {

// None of them belongs to a part that may write, so nothing is lost by ending them at once.
constexpr const char* kStopAndTell = "systemctl kill -s KILL mariadb 2>/dev/null; systemctl stop mariadb && galera_recovery";

void bootstrap(const LabFile& lab, const std::string& node) {
  const NodeFile file = bootstrap_file();
  const auto result = run_on_node(lab, node,
                                  fmt::format("cat > {} && sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' "
                                              "/var/lib/mysql/grastate.dat && systemctl start mariadb",
                                              file.path),
                                  60s, file.text);
  if (!result.ok()) throw Error(ErrorKind::unreachable, "making a new cluster from " + node, result.trouble());
}

}  // namespace

long long parse_position(const std::string& text) {
  const std::size_t colon = text.find_last_of(':');
  if (colon == std::string::npos) return -1;
  const std::size_t end = text.find_first_not_of("0123456789", colon + 1);  // a GTID may follow
  return parse_integer(text.substr(colon + 1, end - colon - 1)).value_or(-1);
}

std::string most_advanced(const std::vector<GaleraPosition>& positions) {
  const auto best =
      std::max_element(positions.begin(), positions.end(), [](const auto& a, const auto& b) { return a.seqno < b.seqno; });
  if (best == positions.end() || best->seqno < 0)
    throw Error(ErrorKind::unreachable, "choosing the node to make a new cluster from",
                "no node knows its position in the cluster's history", "take the lab down and up again");
  return best->node;
}

std::string recover_cluster(const LabFile& lab) {
  const auto databases = nodes_with(lab, "mariadb");
  std::vector<GaleraPosition> positions;
  for (const LabNode& node : databases)
    positions.push_back({node.name, parse_position(run_on_node(lab, node.name, kStopAndTell, 60s).out)});
  const std::string first = most_advanced(positions);
  bootstrap(lab, first);
  for (const LabNode& node : databases)
    if (node.name != first) run_on_node(lab, node.name, "systemctl start --no-block mariadb", 20s);
  return first;
}

}  // namespace blackstart
