#include "tests/rehearsal/injected.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "lab/ssh.h"
#include "runner/injector.h"
#include "tests/support/fault_settings.h"

namespace blackstart::rehearsal {
namespace {

constexpr Duration kPatience = 60s;  // for each step, on a host that is busy

// Unique on the node for ever: a dead-man's name can't be used twice.
std::string new_id(const std::string& node) {
  static std::atomic<int> count = 0;
  return "test-" + std::to_string(real_clock().wall()) + "-" + std::to_string(::getpid()) + "-" + std::to_string(++count) +
         "-" + node;
}

void require_none(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems)
    if (!problem.empty()) throw std::runtime_error(problem);
}

}  // namespace

Injected::Injected(const std::string& fault, const std::string& yaml, const std::vector<std::string>& on,
                   const std::vector<std::string>& beside)
    : Injected(cloud(), fault, yaml, on, beside) {}

Injected::Injected(const Cloud& cloud, const std::string& fault, const std::string& yaml, const std::vector<std::string>& on,
                   const std::vector<std::string>& beside)
    : cloud_(cloud), remote_(make_ssh(cloud_)), settings_(parse(fault, yaml.empty() ? "{}" : yaml)), targets_(on) {
  if (settings_->names_targets()) targets_ = settings_->targets(cloud_);
  if (targets_.empty()) throw std::logic_error(fault + " has no target");
  for (const std::string& target : targets_) {
    ids_.push_back(new_id(target));
    FaultContext each = context();
    each.id = ids_.back();
    each.together = targets_;
    each.together.insert(each.together.end(), beside.begin(), beside.end());
    faults_.push_back(settings_->make(*cloud_.find(target), each));
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
  const Deadline deadline(real_clock(), kPatience);
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { faults_[i]->preflight(deadline); }));
}

std::string Injected::refusal() {
  try {
    preflight();
    return "";
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
}

Deadline Injected::confirm_deadline(const TargetFault& fault, Duration limit) const {
  return Deadline(real_clock(), limit > Duration{0} ? limit : std::max(kPatience, fault.confirm_limit()));
}

std::vector<Evidence> Injected::inject(Duration dead_man, Duration limit) {
  preflight();
  const Deadline deadline(real_clock(), kPatience);
  for (const auto& fault : faults_) records_.push_back(fault->undo_record());
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) {
    if (undo_kind(records_[i].kind).command) arm_dead_man(ids_[i], records_[i], dead_man, context(), deadline);
  }));
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) { faults_[i]->stage(deadline); }));
  require_none(at_the_same_time(faults_.size(), [&](std::size_t i) {
    faults_[i]->fire(Deadline(real_clock(), std::max(kPatience, faults_[i]->fire_limit())));
  }));
  std::vector<std::vector<Evidence>> evidence(faults_.size());
  require_none(at_the_same_time(
      faults_.size(), [&](std::size_t i) { evidence[i] = faults_[i]->confirm(confirm_deadline(*faults_[i], limit)); }));
  faults_.clear();  // their witnesses end
  std::vector<Evidence> all;
  for (const auto& each : evidence) append(all, each);
  return all;
}

std::vector<Evidence> Injected::undo() {
  std::vector<Undone> undone(records_.size());
  require_none(at_the_same_time(records_.size(), [&](std::size_t i) {
    const Deadline deadline(real_clock(), std::max<Duration>(90s, undo_kind(records_[i].kind).limit));
    undone[i] = undo_injection(ids_[i], records_[i], context(), deadline);
    if (!undone[i].problem.empty()) throw std::runtime_error(undone[i].problem);
  }));
  records_.clear();
  std::vector<Evidence> all;
  for (const Undone& each : undone) append(all, each.evidence);
  return all;
}

void require_all(const std::vector<Evidence>& evidence, std::size_t least) {
  INFO(words(evidence));
  REQUIRE(evidence.size() >= least);
  REQUIRE(all_confirmed(evidence));
}

std::string words(const std::vector<Evidence>& evidence) {
  std::string all;
  for (const Evidence& each : evidence)
    all += (each.confirmed ? "seen " : "NOT SEEN ") + each.observer + ": " + each.expected + ": " + each.observed + "\n";
  return all;
}

}  // namespace blackstart::rehearsal
