#include "lab/postgres_up.h"

#include <fmt/format.h>

#include "lab/each_node.h"
#include "lab/lab_wait.h"
#include "lab/openstack_up.h"
#include "lab/service.h"

namespace blackstart {
namespace {

constexpr auto kStatementLimit = 20s;
constexpr const char* kPsql = "cd / && runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -d postgres";

// The image has the user, without a password.
void let_bank_in(const LabFile& lab, const LabNode& primary, const std::string& password) {
  const auto result =
      run_on_node(lab, primary.name, kPsql, kStatementLimit, fmt::format("ALTER ROLE bank PASSWORD '{}';\n", password));
  if (!result.ok()) give_up(lab, primary.name, "postgresql", "the bank's password could not be set: " + result.trouble());
}

}  // namespace

void wait_for_postgres(const LabFile& lab, const std::string& password, const Progress& progress) {
  const auto nodes = nodes_with(lab, "postgresql");
  progress("waiting for PostgreSQL's primary and standbys");
  for_each_at_once(nodes, [&](const LabNode& node) { wait_for_services(lab, node, {*find_service("postgresql")}); });
  let_bank_in(lab, nodes.front(), password);
}

}  // namespace blackstart
