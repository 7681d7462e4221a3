// From the record to numbers and a verdict: pure functions, so that `blackstart judge RUN` gives bit for bit the same again.
//
// Purpose: outages, RTO, RPO, downtime, budget spend, verdict (docs/measurement.md has the rules and their sources).
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"
#include "reports/recovery_stage.h"

namespace blackstart {

enum class Verdict { passed, failed, inconclusive, undo_pending };
const char* name_of(Verdict verdict);  // "passed", "failed", "inconclusive", "undo-pending"

// A value with the half-width of the interval that certainly holds it.
struct Measured {
  Duration value{0};
  Duration plus_minus{0};
};

// A maximal interval out of UP (the state machine of docs/measurement.md).
struct Outage {
  Bracket onset;          // (last good scheduled before, first bad scheduled]
  Bracket recovery;       // (last bad scheduled, first good done after]; unknown when censored
  bool censored = false;  // not seen to recover by the end of the record
  bool down = false;      // the good share fell below 0.5; false: a brown-out
  int flaps = 0;          // returns to UP shorter than the hold, merged in
  std::uint64_t operations = 0, bad = 0;
  Time known{-1};  // from here on it was certain: when its first bad operations failed, or could be good no more
  std::optional<Time> first_success;  // done time of the first good operation after onset
  Time first_success_after{-1};       // when the last bad operation before that one was scheduled
};

struct BlindInterval {
  Time from{0}, to{0};
  std::string why;  // "the generator sent 1.2 s late", "operations 400 to 460 are not in the record"
};

// When a burn-rate alert would have gone off, and come to rest again.
struct Alarm {
  Time fired{0};
  Time cleared{-1};        // -1: not known, the service was not seen to recover
  bool after_end = false;  // it was still on at the end of the record; `cleared` takes what came then for good
};

// One alert of the usual table: it is on while the burn rate over both windows is greater than the factor. A burn rate of 1
// spends the budget exactly by the end of the SLO's window.
struct BurnAlert {
  std::string severity;  // "page", "ticket"
  Duration long_window{0}, short_window{0};
  double factor = 0;
  double highest = 0;  // of the lesser of both windows' burn rates, over the record
  Time highest_at{-1};
  std::vector<Alarm> alarms;  // in time
};

struct Budget {
  double spent = 0;             // share of the SLO's error budget over its window that this rehearsal used
  Duration whole{0};            // window · (1 − SLO)
  double whole_operations = 0;  // the same at the series' rate
  std::uint64_t bad = 0;        // operations that it was spent on
  std::vector<BurnAlert> alerts;
};

struct SeriesMeasures {
  std::string name;
  std::uint64_t operations = 0, good = 0, ok = 0, failed = 0, indeterminate = 0, unsent = 0, late = 0;
  std::vector<Outage> outages;
  std::vector<BlindInterval> blind;
  Duration downtime{0};           // ∫(1 - good share) dt = bad operations / rate
  Duration degraded{0}, down{0};  // time in each state
  Budget budget;
  Duration baseline_p50{0}, baseline_p99{0};  // latency from the scheduled time before the first injection
  Duration baseline_max{0};                   // likewise, of the slowest good operation
  Duration send_lag_p999{0};
  std::string problem;     // what makes the series' record unfit to be judged: "operation 17 was recorded twice"
  bool recovered() const;  // every outage was seen to end
};

// Our own undo, when something came only after it.
struct AfterUndo {
  Time asked{-1};      // when the undo was asked
  Duration alone{0};   // how long the service had been left to itself by then, from the fault or from the outage's onset
  bool there = false;  // it was there by then, but it had come and gone before, and its hold was not over
  // The service had stood the fault, or recovered from it, for a whole hold, and went while the undo was asked: the first
  // operation that was lost was under way then. The undo may have been what disturbed it.
  bool perhaps = false;
};

// RTO of one series for one injection.
struct Rto {
  std::string probe, series, injection;
  bool impact = false;    // false: no outage followed; value is 0 with the schedule's resolution as ±
  bool censored = false;  // value is then the time that was watched: RTO > value
  Measured rto;           // from the fault to the start of the stable recovery
  Measured perceived;     // the outage's own length
  std::optional<Measured> first_success;
  // Set when the recovery of any of its outages, or that first success, came only after our undo.
  std::optional<AfterUndo> after_undo{}, first_success_after_undo{};
  bool struck = false;  // an outage was on before the next injection and our undo began, so it is not their doing
  bool shared = false;  // one began after that, so it may be that one's
  // One began after our undo, which came sooner than the fault must have shown: it may be either's doing, and what ended it
  // too.
  bool undo_soon = false;
};

// How long a watched component was not whole after one injection.
struct Restoration {
  std::string probe, component, injection;
  bool impact = false;    // false: it was seen whole all the time; value is 0 with the time between two looks as ±
  bool censored = false;  // not seen whole again; value is then the time that was watched
  Measured time;          // from the fault until it was whole again
  std::optional<AfterUndo> after_undo{};  // set when it was whole again only after our undo
  std::string single{};                   // what has no second even when all is well; empty: nothing
  bool struck = false;     // something of it was seen to be lost between the fault and our undo, and before the next injection
  bool shared = false;     // something was lost after that, so it may be that one's doing
  bool undo_soon = false;  // as of an Rto
};

// What became of the posting operations of one series while one injection was in force: those that were sent after all of its
// effect was seen, and ended before its undo was asked.
struct Refusal {
  std::string probe, series, injection;
  Bracket window;              // from the end of the effect's bracket to the undo
  std::uint64_t sent = 0;      // and ended
  std::uint64_t answered = 0;  // by the service itself, in whatever way
  std::uint64_t acknowledged = 0;
  Time first_acknowledged{-1};  // when the first of them was sent
  Time last_acknowledged{-1};   // when the last of them was done
  bool blind = false;           // a part of the window was not seen
};

// How often an acknowledged write was not seen by the read that followed it, over the whole record of one series.
struct StaleReads {
  std::string probe, series;
  std::uint64_t reads = 0, stale = 0;  // that were answered; of these, behind what had been acknowledged before
  Time first{-1}, last{-1};            // when the first and the last of the stale were sent
  Time fault{-1};                      // the middle of the first fault's effect
};

struct AuditResult {
  std::string probe;
  bool complete = false;  // every replica was read to its end
  std::string problem;
  std::uint64_t acknowledged = 0, indeterminate = 0, indeterminate_present = 0, failed = 0;
  struct Replica {
    std::string name;
    bool complete = false;
    std::string problem;
    std::uint64_t rows = 0;
    std::uint64_t lost = 0, phantom = 0, duplicate = 0, altered = 0, partial = 0;  // partial: history rows missing or wrong
    std::uint64_t unbalanced = 0;  // accounts whose balance is not what the transfers add up to
    std::int64_t lost_amount = 0;  // cents
    std::int64_t sum = 0;          // of balances, cents
    bool sum_right = false;
    std::vector<std::string> examples;  // the first few of each finding, in words
  };
  std::vector<Replica> replicas;
  bool at_least_once = false;  // a duplicate is told, and is no violation
  bool replicas_equal = false;
  std::vector<std::string> differences;  // the first few, in words
  // RPO, of the worst replica
  std::uint64_t lost = 0;
  std::int64_t lost_amount = 0;  // cents
  Duration rpo_time{0};          // fault time - newest moment up to which everything acknowledged is there
  Duration rpo_resolution{0};    // 1 / write rate
  bool intact() const;  // no phantom, duplicate (unless at least once), altered, partial, unbalanced; equal; sums right
};

// What one controller's API says that can't be true, or that the others deny.
struct ResourceFinding {
  enum class Kind { lost, resurrected, phantom, stuck, orphaned, differs } kind = Kind::lost;
  std::string controller;  // who says so; empty for `differs`
  std::string what;        // "server 'blackstart-server-boot-7' (0a1b…)"
  std::string why;         // "its creation was acknowledged at 12.3 s, nobody deleted it, and it is not there"
};
const char* name_of(ResourceFinding::Kind kind);  // "lost", …

// The control plane's audit of one probe.
struct ResourceAudit {
  std::string probe;
  bool complete = false;  // every controller was read to its end
  std::string problem;
  std::uint64_t created = 0, deleted = 0;  // acknowledged
  std::uint64_t unclear = 0;               // may be there or not: an answer never came
  std::uint64_t in_error = 0;              // there in a state of error, on any controller: said, but no finding
  struct Controller {
    std::string name;
    bool complete = false;
    std::string problem;
    std::uint64_t listed = 0;
  };
  std::vector<Controller> controllers;
  std::vector<ResourceFinding> findings;
  std::string not_looked_at = {};  // "allocations: it answers 403"; empty: all was looked at
};

// Who held what only one may hold, over the whole record.
struct Holding {
  struct Handover {
    std::string from, to;
    Bracket when;  // from the last look that saw the old holder to the first that saw the new one
  };
  struct Conflict {
    std::vector<std::string> names;
    Bracket when;  // at most: from the last look that saw others to the first that did, or to the end of the record
  };
  std::vector<Handover> handovers;
  std::vector<Conflict> conflicts;
  Duration conflicted{0};  // in all, at most
  Duration unknown{0};     // in all: between looks at which everybody who was asked said whether he has it
  Duration allowed{0};
  std::string first, last;  // holders at the beginning and the end; empty: nobody, or more than one
  bool looked = false;      // false: the record says nothing of any holder
  bool conflict() const { return !conflicts.empty() && (allowed.count() == 0 || conflicted > allowed); }
  // Unknown time may all have been a conflict.
  bool known() const { return looked && (unknown.count() == 0 || conflicted + unknown <= allowed); }
  bool sound() const { return known() && !conflict(); }
};

struct ObjectiveResult {
  ObjectiveSpec spec;
  enum class State { met, missed, not_measured } state = State::not_measured;
  std::string text;      // "RTO of bank ≤ 15 s"
  std::string measured;  // "4.417 s ± 0.021 s (transfer)"
  std::string why;       // why it was missed or not measured
  // Beside what was expected, where anything was: only what certainly lies outside is said to.
  enum class Beside { unknown, below, within, above } beside = Beside::unknown;
};

struct ProbeMeasures {
  std::string probe;
  std::vector<SeriesMeasures> series;
  std::optional<AuditResult> audit;
  std::optional<ResourceAudit> resources = {};
  std::optional<Holding> holding = {};
};

struct Judgement {
  Verdict verdict = Verdict::inconclusive;
  bool proves = false;               // nothing makes it inconclusive, though an undo may be pending: what was measured counts
  std::vector<std::string> reasons;  // one sentence each; for passed too
  std::vector<ProbeMeasures> probes;
  std::vector<Rto> rtos;
  std::vector<Refusal> refusals;          // of each series that posts, for each injection whose effect is known
  std::vector<StaleReads> stale_reads;    // of each series that reads back what it wrote
  std::vector<Restoration> restorations;  // of each watched component, for each injection whose effect is known
  std::vector<ObjectiveResult> objectives;
  std::vector<Waterfall> waterfalls;  // of each injection whose effect is known; they decide nothing
};

Judgement judge(const Record& record);

}  // namespace blackstart
