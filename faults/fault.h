// The fault contract, and the table of faults.
//
// Purpose: cause one kind of disturbance on one node, prove it from two sides, and describe as data how it is undone.
// Ownership: the runner owns faults; a fault refers to its FaultContext, which outlives it. Thread rule: members of one
// TargetFault are called one after the other; those of several targets at the same time from threads of their own.
//
// Order of calls: preflight · (journal, dead-man) · stage · fire · confirm · undo. Many targets: each call is made on all of
// them before the next begins. Undo needs no TargetFault: it works from the UndoRecord alone, from any machine that has it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fields.h"
#include "lab/cloud.h"
#include "lab/local_shell.h"
#include "lab/power.h"
#include "lab/remote.h"
#include "lab/tcp.h"
#include "reports/record.h"

namespace blackstart {

struct FaultContext {
  Remote& remote;
  Clock& clock;
  const Cloud& cloud;
  Tcp& tcp = real_tcp();
  Power& power = real_power();
  Remote& local = local_shell();  // the runner's own machine; the node's name is only a word in messages
  // The dead-man's, see arm_dead_man(). A fault needs it from undo_record() on; for a preflight alone it may be empty.
  std::string id = {};
  std::vector<std::string> together = {};  // all targets of the injection: none of them is a witness of another's end
};

// How to make an injection's effect absent on one node: declarative data that goes into the journal before anything is done.
struct UndoRecord {
  std::string kind;  // an entry of undo_kinds(): "service.running"
  std::string node;
  std::map<std::string, std::string> facts;  // {"unit": "mariadb.service", "port": "3306", "host": "198.18.20.11"}
  bool operator==(const UndoRecord&) const = default;
};

// A fault on one node. Evidence comes with expected, observed, observer, confirmed and `at` (on context.clock, not yet run
// time); injection, target and stage are filled in by the caller.
class TargetFault {
 public:
  virtual ~TargetFault() = default;
  // Reads only: can it be injected here and undone, what is there already? Throws Error(unmet or unreachable).
  virtual void preflight(const Deadline& deadline) = 0;
  // Valid after preflight.
  virtual UndoRecord undo_record() const = 0;
  // Everything that can be done before the moment: notes the state before, opens the connections that should break.
  virtual void stage(const Deadline& deadline) = 0;
  // Causes it, by a guarded_order(). Returns once the order was given; its success is not evidence. Throws Error(unmet) when
  // the node refused the order and Error(unreachable) when it may or may not have been carried out, now or later.
  virtual void fire(const Deadline& deadline) = 0;
  // Waits until each piece of evidence is seen or the deadline passes: one from the target itself, one from the runner's side
  // where the service has a port. Never throws for something that was not seen: that is evidence with confirmed = false.
  virtual std::vector<Evidence> confirm(const Deadline& deadline) = 0;
  // Whether look_again() is to be called just before the undo: for an effect that only lasts as long as something of ours is
  // there or does its work. One that had ended by then was not what the rehearsal went through.
  virtual bool looks_again() const { return false; }
  // After confirm(), and as that: is it still there?
  virtual std::vector<Evidence> look_again(const Deadline& deadline) { return confirm(deadline); }
  // How long fire() and confirm() may take: a node that must start first needs minutes. Valid after preflight.
  virtual Duration fire_limit() const { return 15s; }
  virtual Duration confirm_limit() const { return 20s; }
};

// A fault's parameters as the scenario gives them, and the way to make it.
class FaultSettings {
 public:
  virtual ~FaultSettings() = default;
  virtual void describe(Fields& f) = 0;
  virtual std::string summary() const = 0;                                          // "SIGKILL to mariadb.service"
  virtual std::vector<std::pair<std::string, std::string>> parameters() const = 0;  // for the record
  virtual std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const = 0;
  // A fault whose parameters say whom it hits (a site, a partition into groups) names its targets here, in the cloud's order;
  // the scenario then says no `on`. Throws Error(unmet) for names that the cloud doesn't have.
  virtual bool names_targets() const { return false; }
  virtual std::vector<std::string> targets(const Cloud&) const { return {}; }
};

// What a user must know of a fault beyond its parameters; one or two sentences each. `blackstart faults NAME` and
// docs/fault-catalogue.md say it.
struct FaultAbout {
  const char* established;  // what connections that are open already see
  const char* evidence;     // what is looked at, on the target and by whom else, to call it effective
  const char* undo;         // how it is taken away, and by whom when the runner is gone
  const char* needs;        // what must be there: packages, rights, a BMC, a virtual machine
};

struct FaultKind {
  const char* name;  // "service.kill"
  const char* doc;   // one sentence
  std::unique_ptr<FaultSettings> (*settings)();
  FaultAbout about;
};
// The one table: to add a fault is one file, its test, and a line here (faults/registry.cpp).
const std::vector<FaultKind>& fault_kinds();

// Undo by kind, state-based: legal from any state, idempotent, "make it absent".
struct UndoKind {
  const char* name;
  const char* doc;  // "mariadb.service runs and is not stopped"
  // The POSIX shell command by which the node undoes it alone; run by the dead-man. Without '$' and '%', which systemd expands.
  // Throws Error(bad_file) when the facts don't make sense. Null: the node can't (it has no power, or the effect is not on it);
  // then the dead-man is a process on the runner's machine that calls `undo` (runner/dead_man_process.h).
  std::string (*command)(const UndoRecord& record);
  // Undoes and waits for evidence that it is gone; unreachable or not gone by the deadline: confirmed = false. Never throws
  // Error.
  std::vector<Evidence> (*undo)(const UndoRecord& record, FaultContext context, const Deadline& deadline);
  // How long one attempt may take until the evidence is there: a node that must start first needs minutes.
  Duration limit = 45s;
};
const std::vector<UndoKind>& undo_kinds();
// Throws Error(bad_file) for a kind that this version doesn't know.
const UndoKind& undo_kind(const std::string& name);

// Undo, and what was found out on the way.
struct Undone {
  std::vector<Evidence> evidence;
  // "the dead-man undid it at 2026-11-21T07:12:03Z", or that it was not armed when the undo began; else empty. It may be told
  // together with a problem, and is then not told again.
  std::string dead_man;
  std::string problem;  // why it is not confirmed; empty when it is
};

// The dead-man of an undo that has a command: a transient systemd timer on the target, named blackstart-<id>, that runs the
// undo's command when nobody disarmed it. `id` is unique to run, injection and node: letters, digits, '-', '_', '.', at most
// 230. A dead-man that fired leaves /run/blackstart/<id>.fired with the time in it, one that was disarmed
// /run/blackstart-disarmed/<id>. Throws Error(unmet) when it can't be armed, was armed under this id
// before, or is not seen to be armed afterwards.
void arm_dead_man(const std::string& id, const UndoRecord& record, Duration after, FaultContext context,
                  const Deadline& deadline);
// The fault's order as a shell command that is carried out only while the dead-man is armed: one that comes late does nothing
// once its injection is undone. It leaves the mark order_mark(id) before it looks and acts: where there is none there was no
// order yet. It locks it until it ends, whoever waits for it. Throws Error(internal) for an id that is not fit.
std::string guarded_order(const std::string& id, const std::string& order);
std::string order_mark(const std::string& id);
// Undoes by kind, and when that is confirmed disarms the dead-man on the target, if it has one, and takes the marks away. A
// dead-man whose command runs is waited for, and so is an order that runs; one that came or ended meanwhile is undone once
// more. Never throws Error: what went wrong is in `problem`.
Undone undo_injection(const std::string& id, const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
