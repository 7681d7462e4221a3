// `database` in a cloud file: which kind of server it is, and what follows from that.
#include <catch2/catch.hpp>

#include "lab/cloud.h"
#include "tests/support/error_of.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

// A cloud file with these lines under `database`.
Cloud read(const TextFolder& folder, const std::string& lines) {
  return read_cloud(folder.write("cloud.yaml",
                                 "cloud: north\nsites: [{name: dc1}]\n"
                                 "nodes:\n  - {name: c1, site: dc1, address: 127.0.0.1}\n"
                                 "ssh: {key: k, known-hosts: h}\n"
                                 "database:\n  host: 10.0.0.9\n  password-file: p\n" +
                                     lines));
}

}  // namespace

TEST_CASE("a database without a kind is MariaDB", "[cloud]") {
  const TextFolder folder;
  const Database database = read(folder, "  replicas: [{node: c1, host: 10.0.0.1}]\n").database;
  CHECK(database.kind == kMariadb);
  CHECK((database.port == 3306 && database.replicas.at(0).port == 3306 && database.unit == "mariadb.service"));
}

TEST_CASE("PostgreSQL has ports and a unit of its own, wherever its kind stands, and is written back", "[cloud]") {
  const TextFolder folder;
  const Cloud cloud = read(folder, "  replicas: [{node: c1, host: 10.0.0.1}]\n  kind: postgresql\n");
  const auto require_same = [](const Database& database) {
    CHECK(database.kind == kPostgresql);
    CHECK((database.port == 5432 && database.replicas.at(0).port == 5432 && database.unit == "postgresql.service"));
  };
  require_same(cloud.database);
  require_same(read_cloud(folder.write("copy.yaml", write_cloud(cloud))).database);
  const Database own = read(folder,
                            "  kind: postgresql\n  port: 6432\n  unit: patroni.service\n"
                            "  replicas: [{node: c1, host: 10.0.0.1, port: 5433}]\n")
                           .database;
  CHECK((own.port == 6432 && own.replicas.at(0).port == 5433 && own.unit == "patroni.service"));
}

TEST_CASE("a kind that nobody knows is refused, with those that there are", "[cloud]") {
  const TextFolder folder;
  CHECK_THAT(error_of([&] { read(folder, "  kind: postgres\n  replicas: [{node: c1, host: 10.0.0.1}]\n"); }).what(),
             Contains("'postgres'") && Contains("postgresql"));
}
