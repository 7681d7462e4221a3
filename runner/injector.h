// Causes injections with evidence, and takes their effect away again.
//
// Purpose: the order of the fault contract (preflight, journal, dead-man, stage, fire, confirm, undo) for any number of
// targets. Ownership: refers to the context, which outlives it. Thread rule: one thread; it starts threads of its own per
// target.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "runner/journal.h"
#include "runner/scenario.h"

namespace blackstart {

// An injection with its targets, ready to be caused.
struct PlannedInjection {
  const InjectStep* step = nullptr;
  std::vector<std::string> targets;
  Duration dead_man{0};
};

class Injector {
 public:
  struct Context {
    const Cloud& cloud;
    Remote& remote;
    Clock& clock;
    Time zero;        // of the run
    std::string run;  // its id: dead-men are named after it
    Journal& journal;
    RecordWriter& record;
    std::function<void(const std::string&)> say;           // a line for the user
    std::function<void(const std::string&)> not_recorded;  // what could not be written: the record is not whole then
    std::stop_token stop = {};                             // ends an injection early; an undo never
    // Whom to start as the dead-man of what a node can't undo alone: this very program.
    std::filesystem::path program = "/proc/self/exe";
    Power& power = real_power();
    Remote& local = local_shell();
  };
  explicit Injector(Context context) : context_(std::move(context)) {}

  // All of them at the same moment. Throws Error when it could not be done: before the journal nothing was touched, after it
  // undo_all() takes away whatever there may be. What was seen stands in the record either way.
  void inject(const std::vector<PlannedInjection>& together);
  // Idempotent. False: not confirmed within `limit` (or what one attempt of its kind may take and a minute, if that is longer),
  // it stands in the record and in the journal.
  bool undo(const std::string& injection, Duration limit);
  bool undo_all(Duration limit);
  // What is in force is to be undone at once: nobody looks first whether it is still there.
  void hurry();
  // When the effect of the latest injection began, as run time; -1 before the first.
  Time latest_effect() const { return latest_effect_; }

 private:
  struct Target {
    std::size_t injection;  // index into active_
    std::unique_ptr<TargetFault> fault;
    JournalEntry entry;
    Duration dead_man{0};
    Time fired{-1};
    std::vector<Evidence> evidence;
  };
  struct Active {
    Injection record;
    std::vector<JournalEntry> entries;
    std::vector<Target> lasting;  // those that are looked at again before the undo
  };

  using Targets = std::vector<Target>;
  void prepare(const std::vector<PlannedInjection>& together, Targets& targets);
  void journal_and_arm(Targets& targets);
  void fire(Targets& targets);
  void confirm(Targets& targets);
  // The evidence of a target's confirm(), written down and said.
  void tell(Target& target, const char* stage);
  void keep_lasting(Targets& targets);
  void look_again(Active& active);
  void settle_bracket(Active& active, const Targets& targets, std::size_t index);
  bool undo_once(Active& active, const Deadline& deadline, std::vector<Evidence>& evidence);
  // A record that can't be written must not keep an undo from being done.
  void note(const std::function<void()>& write);
  void arm(const Target& target, const Deadline& deadline);
  // Each stage ends early when the rehearsal is to stop; then what it threw is of no matter.
  Deadline within(Duration length) const { return Deadline(context_.clock, length, context_.stop); }
  void check_stop() const;
  FaultContext fault_context() {
    return {context_.remote, context_.clock, context_.cloud, real_tcp(), context_.power, context_.local};
  }
  Time run_time() const { return context_.clock.now() - context_.zero; }

  Context context_;
  std::vector<Active> active_;
  Time latest_effect_{-1};
  int numbered_ = 0;  // targets so far: names alone don't make ids unique ("a-b" on "c", "a" on "b-c")
};

// What each further target adds to a time limit: many of them share a few witnesses, each with one line to the runner.
constexpr Duration kPerTarget = 500ms;

// Runs `work(i)` for i in [0, count) at the same time, each on a thread of its own, and returns what each threw ("" if
// nothing).
std::vector<std::string> at_the_same_time(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace blackstart
