// `messaging` in a cloud file: read strictly, written back, its password left where it is.
#include <catch2/catch.hpp>

#include "lab/cloud.h"
#include "tests/support/error_of.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

// A cloud file with this line in it.
Cloud read(const TextFolder& folder, const std::string& messaging) {
  return read_cloud(folder.write("cloud.yaml",
                                 "cloud: north\nsites: [{name: dc1}]\n"
                                 "nodes:\n"
                                 "  - {name: c1, site: dc1, roles: [messaging], address: 127.0.0.1}\n"
                                 "  - {name: c2, site: dc1, roles: [messaging], address: 127.0.0.2}\n"
                                 "ssh: {key: k, known-hosts: h}\n" +
                                     messaging + "\n"));
}

}  // namespace

TEST_CASE("the broker's account is read, counted from the file's folder, and written back", "[cloud]") {
  const TextFolder folder;
  const Cloud cloud = read(folder, "messaging: {user: bank, password-file: broker, port: 5673, vhost: probes, nodes: [c2]}");
  CHECK(cloud.messaging.password_file == (folder.path / "broker").string());
  const Messaging again = read_cloud(folder.write("copy.yaml", write_cloud(cloud))).messaging;
  CHECK(again.user == "bank");
  CHECK(again.password_file == cloud.messaging.password_file);
  CHECK(again.port == 5673);
  CHECK(again.vhost == "probes");
  CHECK(again.nodes == std::vector<std::string>{"c2"});
}

TEST_CASE("a cloud without messaging has none, and writes none", "[cloud]") {
  const TextFolder folder;
  const Cloud cloud = read(folder, "");
  CHECK_FALSE(cloud.messaging.present());
  CHECK_THAT(write_cloud(cloud), !Contains("messaging:"));
}

TEST_CASE("a broker on a node that is not there is refused", "[cloud]") {
  const TextFolder folder;
  CHECK_THAT(error_of([&] { read(folder, "messaging: {user: bank, password-file: broker, nodes: [c3]}"); }).what(),
             Contains("there is no node 'c3'"));
  CHECK_THAT(error_of([&] { read(folder, "messaging: {user: bank}"); }).what(), Contains("'password-file' is missing"));
}
