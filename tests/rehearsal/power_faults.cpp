#include "tests/rehearsal/power_faults.h"

#include <catch2/catch.hpp>

#include "base/error.h"

namespace blackstart::rehearsal {
namespace {

std::unique_ptr<FaultSettings> settings_of(const std::string& fault, const std::string& parameters) {
  for (const FaultKind& kind : fault_kinds())
    if (fault == kind.name) {
      auto settings = kind.settings();
      read_text(parameters.empty() ? "{}" : parameters, "parameters", [&](Fields& f) { settings->describe(f); });
      return settings;
    }
  throw std::logic_error("no such fault: " + fault);
}

}  // namespace

OnNode::OnNode(const std::string& fault, const std::string& parameters, const std::string& node)
    : OnNode(fault, parameters, cloud(), node) {}

OnNode::OnNode(const std::string& fault, const std::string& parameters, const Cloud& cloud, const std::string& node)
    : cloud_(cloud), remote_(make_ssh(cloud_)), settings_(settings_of(fault, parameters)) {
  fault_ = settings_->make(*cloud_.find(node), context());
}

OnNode::~OnNode() {
  if (open_) undo();
}

std::string OnNode::refusal() {
  try {
    fault_->preflight(Deadline(real_clock(), 20s));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<Evidence> OnNode::inject(Duration limit) {
  fault_->preflight(Deadline(real_clock(), 20s));
  record_ = fault_->undo_record();
  open_ = true;
  fault_->stage(Deadline(real_clock(), 15s));
  fault_->fire(Deadline(real_clock(), fault_->fire_limit()));
  return fault_->confirm(Deadline(real_clock(), std::min(fault_->confirm_limit(), limit)));
}

std::vector<Evidence> OnNode::undo() {
  open_ = false;
  return undo_kind(record_.kind).undo(record_, context(), Deadline(real_clock(), 90s));
}

bool all_confirmed(const std::vector<Evidence>& evidence) {
  return !evidence.empty() && std::all_of(evidence.begin(), evidence.end(), [](const Evidence& e) { return e.confirmed; });
}

std::string words(const std::vector<Evidence>& evidence) {
  std::string all;
  for (const Evidence& each : evidence)
    all += (each.confirmed ? "seen " : "NOT SEEN ") + each.observer + ": " + each.expected + ": " + each.observed + "\n";
  return all;
}

std::string domain_state(const std::string& node) {
  const LibvirtDomain domain = cloud().find(node)->libvirt;
  const auto ask = [&](const std::string& what) {
    const std::string out = run_checked("asking libvirt", {"virsh", "-q", "-c", domain.uri, what, domain.domain}, 10s);
    return out.substr(0, out.find('\n'));
  };
  return ask("domstate") + " " + ask("domid");
}

bool pings(const std::string& from, const std::string& node) {
  const std::string command = "ping -n -c1 -W1 " + cloud().find(node)->data_address() + " >/dev/null && echo yes || echo no";
  return on_node(from, command) == "yes\n";
}

void SpoiltBmc::set(const std::string& mode) const {
  run_checked("setting a BMC", {BLACKSTART_BINARY, "lab", "bmc", node, mode, "--lab", cloud().name}, 30s);
}

}  // namespace blackstart::rehearsal
