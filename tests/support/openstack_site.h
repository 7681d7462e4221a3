// The probe `openstack` in a test: a scenario's settings, a cloud whose API is the fake's, one run of it.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "probes/openstack_settings.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_openstack.h"
#include "tests/support/folder.h"
#include "tests/support/recorder.h"

namespace blackstart::test {

constexpr const char* kPassword = "s3cret-pass";

inline OpenStackSettings settings_of(const std::string& operations, const std::string& more = "") {
  OpenStackSettings settings;
  read_text("operations: " + operations + "\nflavor: m1.nano\nimage: cirros\nnetwork: private\npoll: 50ms\nhold: 2s\n" + more,
            "s.yaml", [&](Fields& f) { settings.describe(f); });
  return settings;
}

inline std::string trouble_with(const std::string& operations, const std::string& more = "") {
  return error_of([&] { settings_of(operations, more); }).what();
}

// A cloud whose clouds.yaml leads to the fake.
struct ApiSite {
  explicit ApiSite(const std::string& auth_url, const std::string& password = kPassword, const std::string& more = "") {
    std::ofstream(folder.path / "clouds.yaml") << "clouds:\n  lab:\n    auth: {auth_url: '" << auth_url
                                               << "', username: demo, password: '" << password << "', project_name: demo}\n"
                                               << more;
    cloud.name = "lab";
    cloud.openstack.present = true;
    cloud.openstack.cloud = "lab";
    cloud.openstack.clouds_file = (folder.path / "clouds.yaml").string();
    add_controller("c1", "127.0.0.1");
  }
  explicit ApiSite(const FakeOpenStack& fake) : ApiSite(fake.url() + "/identity") {}
  std::unique_ptr<Probe> probe(const OpenStackSettings& settings) const { return settings.make("api", cloud); }
  void add_controller(const std::string& name, const std::string& address) {
    Node node;
    node.name = name, node.address = address, node.roles = {"controller"};
    cloud.nodes.push_back(node);
  }
  Folder folder;
  Cloud cloud;
};

inline Deadline within(Duration length) { return Deadline(real_clock(), length); }

inline Error preflight_error(const ApiSite& site, const OpenStackSettings& settings) {
  auto probe = site.probe(settings);
  Error error = error_of([&] { probe->preflight(within(5s)); });
  CHECK_THAT(error.what(), !Catch::Contains(kPassword));
  return error;
}

// Prepares, runs for a while, stops, and cleans up.
inline std::vector<Operation> run(
    Probe& probe, Duration length, const std::function<void()>& meanwhile = [] {}) {
  Recorder sink;
  probe.preflight(within(5s));
  probe.prepare(within(10s));
  probe.start(real_clock(), real_clock().now(), sink);
  meanwhile();
  real_clock().pause(length);
  auto stopped = probe.stop();
  std::uint64_t planned = 0;
  for (auto count : stopped.planned) planned += count;
  CHECK(sink.operations.size() == planned);
  probe.clean_up(within(10s));
  return sink.operations;
}

inline std::map<std::pair<Outcome, int>, int> outcomes(const std::vector<Operation>& operations) {
  std::map<std::pair<Outcome, int>, int> counts;
  for (const auto& o : operations) ++counts[{o.outcome, static_cast<int>(o.error)}];
  return counts;
}

inline bool all_ok(const std::vector<Operation>& operations) {
  const auto counts = outcomes(operations);
  return counts.size() == 1 && counts.begin()->first == std::pair(Outcome::ok, 0);
}

}  // namespace blackstart::test
