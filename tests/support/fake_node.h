// A node whose commands are answered by rules, and the way through a fault's stages; for unit tests of faults.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/fault_settings.h"
#include "tests/support/small_cloud.h"

namespace blackstart {

// A node with no open port at all.
struct DeafTcp final : Tcp {
  TcpAttempt connect(const std::string&, int, const Deadline&) override { return {nullptr, true, false, "Connection refused"}; }
};

struct FakeNode {
  static constexpr const char* kId = "20261121T071203Z-1-load-c1";
  FakeClock clock;
  FakeRemote remote, local;
  DeafTcp tcp;
  const Cloud cloud = small_cloud({"c1"});

  FakeNode() {
    remote.before_each([this] { clock.advance(5ms); });
    local.before_each([this] { clock.advance(5ms); });
  }
  FaultContext context() { return {remote, clock, cloud, tcp, real_power(), local, kId}; }
  Deadline in(Duration length) { return {clock, length}; }

  static std::unique_ptr<FaultSettings> settings(const std::string& name, const std::string& yaml) { return parse(name, yaml); }
  static std::string problem(const std::string& name, const std::string& yaml) { return wrong(name, yaml); }
  std::unique_ptr<TargetFault> make(const std::string& name, const std::string& yaml) {
    return settings(name, yaml)->make(cloud.nodes.at(0), context());
  }
  std::unique_ptr<TargetFault> staged(const std::string& name, const std::string& yaml) {
    auto fault = make(name, yaml);
    fault->preflight(in(10s));
    fault->stage(in(10s));
    return fault;
  }
  std::vector<Evidence> inject(const std::string& name, const std::string& yaml, Duration limit = 10s) {
    const auto fault = staged(name, yaml);
    fault->fire(in(10s));
    return fault->confirm(in(limit));
  }
  Error preflight_error(const std::string& name, const std::string& yaml) {
    return error_of([&] { make(name, yaml)->preflight(in(10s)); });
  }
  std::vector<Evidence> undo(const UndoRecord& record, Duration limit = 10s) {
    return undo_kind(record.kind).undo(record, context(), in(limit));
  }
};

}  // namespace blackstart
