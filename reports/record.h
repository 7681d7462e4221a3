// The record: everything one rehearsal produced. Verdicts and reports are computed from it alone.
//
// Purpose: the schema, as plain values. On disk it is a run folder: events.jsonl (append-only, one JSON object a line, written
// by RecordWriter), ops/<probe>.ops (OperationFile), audit/<probe>/<replica>.rows (ReplicaSnapshot), audit/<probe>.resources
// and audit/<probe>/<controller>.resources (ResourceEvidence), scenario.yaml, cloud.yaml. Ownership: plain values. Thread rule:
// a RecordWriter may be called from any thread; Record is plain data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "reports/certificate.h"
#include "reports/live_setting.h"
#include "reports/operations.h"
#include "reports/resources.h"
#include "reports/snapshot.h"

namespace blackstart {

// When something happened, as narrow as it was observed: not before `from`, not after `to`.
struct Bracket {
  Time from{-1}, to{-1};
  bool known() const { return from.count() >= 0 && to.count() >= from.count(); }
  Time middle() const { return from + (to - from) / 2; }
  Duration half() const { return (to - from) / 2; }
  bool operator==(const Bracket&) const = default;
};

struct RunInfo {
  std::string id;  // "<UTC time>-<scenario>"
  std::string scenario, claim, source;
  std::string cloud;       // its name
  bool simulated = false;  // a lab
  std::uint64_t seed = 0;
  int repetition = 0, repetitions = 1;  // repetition counts from 1 in a series; 0: a run of its own
  std::int64_t zero_wall = 0;           // wall clock (ns since 1970 UTC) at the run's zero
  std::string version;                  // of Blackstart
};

// A series of a probe's operations with a schedule of its own: number k is due at start + k/rate.
struct SeriesInfo {
  std::string name;         // "transfer"
  double rate = 0;          // a second
  Duration deadline{0};     // after the scheduled time; then the operation is given up
  Duration good_within{0};  // the SLO's latency L: good means ok and done - scheduled <= L
  bool posts = false;       // its ok operations must be found by the audit
  bool reads_back = false;  // each of its operations reads what it has just written: ok with kStale when it did not see it
};

struct ProbeInfo {
  std::string name, kind, description;
  std::vector<SeriesInfo> series;
  double slo = 0.999;  // availability objective, share of good operations
  Duration slo_window{30 * 24h};
  Duration hold{30s};  // H: how long it must stay up to count as recovered
  bool audited = false;
  std::int64_t initial_sum = 0;               // of all balances, cents
  std::vector<std::string> replicas;          // the audit must read all of these
  std::vector<std::string> controllers = {};  // the control plane's audit must read all of these; empty: there is none
  bool at_least_once = false;                 // what it posts may come twice: that is told, and is no violation
  Duration two_holders{-1};  // for how long in all more than one may hold what it watches; -1: it watches no holders
  // Whose redundancy it watches: the record must tell of each what became of it. Such a probe has no series.
  std::vector<std::string> components = {};
  // The bank whose planned_transfer() it posts has so many accounts; 0: it posts none. Said to its OperationFile alone.
  std::uint64_t accounts = 0;
  std::string vantage = {};  // the node that it sends from; empty: the runner's machine
};

// How the clock of a vantage point stood to the runner's, as far as pings over the control channel could tell.
struct VantageClock {
  std::string probe;
  // The runner's run time of what the node's clock (time since its start) calls `at` is at + offset; it runs fast by -drift.
  Time at{0};
  Duration offset{0};
  double drift = 0;          // seconds a second
  Duration bound{-1};        // what the map may be wrong by, at most, while the probe ran; -1: not known
  std::uint64_t pings = 0;   // that were answered
  Duration longest_gap{0};   // without any
  Duration best_trip{0};     // the shortest round trip
  std::string trouble = {};  // why its times can't be trusted; empty: they can
};

// Who holds a probe's virtual IP, whenever that is another than before.
struct Holders {
  std::string probe;
  std::vector<std::string> names;  // sorted; empty: nobody, more than one: a conflict
  Bracket since;                   // from the last look that saw others to the first that saw these
};

// The parameter that every injection has beside its fault's own: "2s", up to which a random delay was waited before it; "0s":
// none. Older records don't tell.
constexpr const char* kJitter = "jitter";

// `observer` is who saw it: "c1" (the target itself), "runner" (a third party). Stage: "effect", "hold" (seen again just before
// the undo) or "undo".
struct Evidence {
  std::string injection, target, stage;
  std::string expected;  // "MainPID of mariadb.service on c1 changes"
  std::string observed;  // "1287 → 1533 after 2.1 s"
  std::string observer;
  bool confirmed = false;
  Time at{-1};
};

struct Injection {
  std::string id, fault;  // "kill-writer", "service.kill"
  std::string summary;    // "SIGKILL to mariadb.service"
  std::vector<std::string> targets;
  std::vector<std::pair<std::string, std::string>> parameters;
  Bracket effect;       // from the first command sent to the last effect observed
  Duration skew{0};     // between the first and the last target's firing
  std::string problem;  // why it could not be injected; empty when it was
  Time undo_asked{-1};
  Time undone{-1};  // -1: not confirmed
  std::string undo_problem;
  std::vector<Evidence> evidence;
};

// Each planned step stands here, done or skipped with its reason.
struct Step {
  int number = 0;     // from 1; steps inside `parallel` count on
  std::string text;   // "inject kill-writer: service.kill on c1"
  std::string state;  // "planned", "done", "skipped", "failed"
  std::string reason;
  Time began{-1}, ended{-1};
};

struct Phase {
  std::string name;  // preflight, steady, rehearse, undo, redundancy, audit
  Time began{-1}, ended{-1};
};

struct SteadyCheck {
  std::string probe, series;
  Duration length{0};
  double required = 0.999;  // share of good operations
  double observed = 0;
  std::uint64_t operations = 0;
  bool steady = false;
};

struct ObjectiveSpec {
  enum class Kind {
    rto,
    rpo,
    downtime,
    error_budget,
    first_success,
    refuses,
    redundancy,
    stale_reads,
    split_brain
  } kind = Kind::rto;
  // Whose doing the recovery must be: the cloud's own, or anybody's, our undo included.
  enum class Recovery { itself, any };
  std::string probe;
  std::string series;  // for redundancy: the component; empty: the worst of all
  // For rto, first_success and redundancy: counted from this one; for refuses: while this one is in force; empty: each, and the
  // worst counts.
  std::string injection;
  // Seconds for rto, downtime, first_success, redundancy; transfers for rpo; share (0.01 = 1 %) for error_budget; acknowledged
  // operations for refuses; reads that were behind for stale_reads.
  double limit = 0;
  Recovery recovery = Recovery::itself;  // for rto, first_success and redundancy
  // For these, too: what the cloud's own settings let expect, and the stage that takes the time. What lies outside has missed
  // nothing, but people should know.
  struct Expected {
    Duration from{0}, to{-1};
    std::string stage;
    bool known() const { return to >= from; }
  } expected = {};
  bool impact_required = false;                      // for rto and redundancy: a fault that met nothing of it proves nothing
  std::vector<std::vector<std::string>> sides = {};  // for split_brain: the probes on each side of the cut
};

// A bound that stopped the rehearsal.
struct GuardTrip {
  std::string guard;  // "probe bank down longer than 60 s"
  std::string observed;
  Time at{-1};
};

// What must be whole again after the undo. Seen once, or by a probe that watched it all the time.
struct Redundancy {
  std::string what;  // "every replica of Galera is whole"; of a watched one, the component: "Galera"
  bool restored = false;
  std::string observed;  // when it was looked at last
  Time at{-1};
  // Of a watched one only:
  std::string probe = {};  // who watched
  Duration every{0};       // the longest time between two looks
  struct Loss {
    Bracket lost;         // (last seen whole, first seen not to be]
    Bracket back;         // (last seen not to be, first seen whole again]; not known: it never was
    std::string what;     // what was missing at the worst moment
    bool unread = false;  // each look of it got no answer: perhaps nothing was missing
  };
  std::vector<Loss> losses = {};
  std::string single = {};  // what has no second even when all is well; empty: nothing
  // What a part of it said of itself, whenever that was something else than before.
  struct Saying {
    std::string part;  // "c2", "sql/c1 on c2"
    bool good = false;
    std::string says;  // "Synced, Primary, ready ON, size 2"
    Bracket since;     // (last look that heard something else, first that heard this]; from -1: it was so at the first look
  };
  std::vector<Saying> sayings = {};  // in time
};

struct ProbeRecord {
  ProbeInfo info;
  Time started{-1};                    // the schedule's zero
  Time stopped{-1};                    // operations are scheduled in [started, stopped)
  std::vector<std::uint64_t> planned;  // for each series: how many operations were due; -1 (all ones) while it runs
  Operations operations;
  std::uint64_t damaged_bytes = 0;
  bool snapshots_taken = false;
  std::vector<ReplicaSnapshot> snapshots;
  std::optional<ResourceEvidence> resources = {};
};

// What the runner found of its own calibration when the run began, and where that was.
struct Calibration {
  std::optional<Certificate> certificate = {};  // none: it was never made, or there is `damage`
  std::string damage = {};                      // why the certificate that is there can't be read
  MachineInfo machine = {};                     // that the run is made from
};

struct Record {
  RunInfo run;
  std::optional<Calibration> calibration;  // nullopt: a record of before there was any
  std::vector<Phase> phases;
  std::vector<Step> steps;
  std::vector<ProbeRecord> probes;
  std::vector<Holders> holders;           // in time, of each probe that watches some
  std::vector<VantageClock> clocks = {};  // of each probe that sends from another node
  std::vector<SteadyCheck> steady;
  std::vector<Injection> injections;
  std::vector<ObjectiveSpec> objectives;
  std::vector<GuardTrip> guards;
  std::vector<Redundancy> redundancy;
  std::vector<LiveSettings> live_settings = {};  // none: a record of before there were any, or nothing to be read
  std::vector<std::string> problems;             // what else makes the rehearsal prove nothing: "interrupted by SIGINT"
  bool finished = false;                         // the runner came to its end; false after a crash
  Time ended{-1};
  std::uint64_t torn_events = 0;  // lines of events.jsonl that could not be read
};

// Appends to RUN/events.jsonl; each call is one line, written with one write(2) before it returns; injections and undo are
// fsynced. Re-recording a step, injection or phase with the same number, id or name replaces what stood before; so does
// evidence of the same injection, target, stage, expectation and observer (the undo is asked again), a redundancy of the same
// thing, and live settings of the same component on the same node.
class RecordWriter {
 public:
  explicit RecordWriter(std::filesystem::path run_folder);  // creates the folder; Error(internal) if it can't
  ~RecordWriter();
  const std::filesystem::path& folder() const;

  void run(const RunInfo& info);
  void calibration(const Calibration& calibration);
  void phase(const Phase& phase);
  void step(const Step& step);
  void objectives(const std::vector<ObjectiveSpec>& objectives);
  void probe_started(const ProbeInfo& info, Time started);
  void probe_stopped(const std::string& probe, Time stopped, const std::vector<std::uint64_t>& planned);
  void holders(const Holders& holders);
  void clock(const VantageClock& clock);
  void steady(const SteadyCheck& check);
  void injection(const Injection& injection);  // without its evidence
  void evidence(const Evidence& evidence);
  void guard(const GuardTrip& trip);
  void redundancy(const Redundancy& redundancy);
  void live_settings(const LiveSettings& settings);
  // Writes the .rows files of those that are not in theirs already.
  void snapshots(const std::string& probe, const std::vector<ReplicaSnapshot>& snapshots);
  // Where these are; makes their folder.
  std::filesystem::path rows_file(const std::string& probe, const std::string& replica);
  void resources(const std::string& probe, const ResourceEvidence& evidence);  // writes the .resources files too
  void problem(const std::string& problem);
  void finished(Time ended);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads a run folder as far as it goes: a torn last line, missing operations and missing files are said in the record, not
// thrown. Throws Error(bad_file) when the folder holds no record at all.
Record read_record(const std::filesystem::path& run_folder);

// What the probe's OperationFile need not write: one for each series.
std::vector<SeriesPlan> plans_of(const ProbeInfo& probe);
// Where a probe's operations are: RUN/ops/<probe>.ops
std::filesystem::path operations_path(const std::filesystem::path& run_folder, const std::string& probe);
// Where what the audit read from a replica is: RUN/audit/<probe>/<replica>.rows
std::filesystem::path rows_path(const std::filesystem::path& run_folder, const std::string& probe, const std::string& replica);
// What the probe believes of its resources: RUN/audit/<probe>.resources; a controller's:
// RUN/audit/<probe>/<controller>.resources
std::filesystem::path book_path(const std::filesystem::path& run_folder, const std::string& probe);
std::filesystem::path listing_path(const std::filesystem::path& run_folder, const std::string& probe,
                                   const std::string& controller);

}  // namespace blackstart
