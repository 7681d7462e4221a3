#include "tests/rehearsal/injected.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "lab/ssh.h"
#include "runner/injector.h"

namespace blackstart::rehearsal {
namespace {

std::unique_ptr<FaultSettings> parse(const std::string& fault, const std::string& yaml) {
  for (const FaultKind& kind : fault_kinds())
    if (kind.name == fault) {
      auto settings = kind.settings();
      read_text(yaml, "test.yaml", [&](Fields& f) { settings->describe(f); });
      return settings;
    }
  throw std::logic_error("no fault " + fault);
}

// Unique on the node for ever: a dead-man's name can't be used twice.
std::string new_id(const std::string& node) {
  static int count = 0;
  return "test-" + std::to_string(real_clock().wall()) + "-" + std::to_string(::getpid()) + "-" + std::to_string(++count) +
         "-" + node;
}

void require_none(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems)
    if (!problem.empty()) throw std::runtime_error(problem);
}

}  // namespace

Injected::Injected(const std::string& fault, const std::string& yaml, const std::vector<std::string>& on)
    : cloud_(cloud()), remote_(make_ssh(cloud_)), settings_(parse(fault, yaml)), targets_(on) {
  if (settings_->names_targets()) targets_ = settings_->targets(cloud_);
  REQUIRE_FALSE(targets_.empty());
  for (const std::string& target : targets_) {
    ids_.push_back(new_id(target));
    FaultContext context{*remote_, real_clock(), cloud_};
    context.id = ids_.back();
    faults_.push_back(settings_->make(*cloud_.find(target), context));
  }
}

Injected::~Injected() {
  try {
    undo();
  } catch (const std::exception& error) {
    WARN("undoing at the end of the test: " << error.what());
  }
}

void Injected::preflight() {
  const Deadline deadline(real_clock(), 60s);
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { faults_[i]->preflight(deadline); }));
}

std::vector<Evidence> Injected::inject(Duration dead_man) {
  preflight();
  const Deadline deadline(real_clock(), 60s);
  for (const auto& fault : faults_) records_.push_back(fault->undo_record());
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) {
    if (undo_kind(records_[i].kind).command)
      arm_dead_man(ids_[i], records_[i], dead_man, {*remote_, real_clock(), cloud_}, deadline);
  }));
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { faults_[i]->stage(deadline); }));
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { faults_[i]->fire(deadline); }));
  std::vector<std::vector<Evidence>> evidence(faults_.size());
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { evidence[i] = faults_[i]->confirm(deadline); }));
  faults_.clear();  // their witnesses end
  std::vector<Evidence> all;
  for (const auto& each : evidence) all.insert(all.end(), each.begin(), each.end());
  return all;
}

std::vector<Evidence> Injected::undo() {
  std::vector<Undone> undone(records_.size());
  require_none(at_the_same_time(records_.size(), [&](std::size_t i) {
    undone[i] = undo_injection(ids_[i], records_[i], {*remote_, real_clock(), cloud_}, Deadline(real_clock(), 90s));
  }));
  records_.clear();
  std::vector<Evidence> all;
  for (const Undone& each : undone) {
    CHECK(each.problem == "");
    all.insert(all.end(), each.evidence.begin(), each.evidence.end());
  }
  return all;
}

void require_all(const std::vector<Evidence>& evidence, std::size_t least) {
  CHECK(evidence.size() >= least);
  for (const Evidence& each : evidence) {
    INFO(each.observer << ": " << each.expected << ": " << each.observed);
    CHECK(each.confirmed);
  }
}

}  // namespace blackstart::rehearsal
