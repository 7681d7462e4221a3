// recover, status, halt, resume: what is left, and how it is stopped or taken away.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "reports/reports.h"
#include "runner/commands.h"
#include "runner/journal.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kUndo = 60s;

void say(const std::string& text) {
  std::puts(text.c_str());
  std::fflush(stdout);
}

// What is undone only now belongs into the run's record: it is then no longer undo-pending, but it proves nothing either.
void note_in_record(const OpenJournal& journal) {
  if (!fs::exists(journal.run_folder / "events.jsonl")) return;
  const Record record = read_record(journal.run_folder);
  const Time now{real_clock().wall() - record.run.zero_wall};
  RecordWriter writer(journal.run_folder);
  for (Injection injection : record.injections) {
    if (injection.undone.count() >= 0) continue;
    injection.undone = now;
    injection.undo_problem.clear();
    writer.injection(injection);
    writer.problem(
        fmt::format("{} was undone by 'blackstart recover' only, at {}", injection.id, format_utc(real_clock().wall())));
  }
  judge_folder(journal.run_folder);
  say(fmt::format("  its report was written anew: {}", (journal.run_folder / "report.html").string()));
}

bool recover_entry(const OpenJournal& journal, const JournalEntry& entry, Remote& remote) {
  say(fmt::format("{} on {}: undoing ({})", entry.injection, entry.undo.node, undo_kind(entry.undo.kind).doc));
  Clock& clock = real_clock();
  const Undone undone = undo_injection(entry.id, entry.undo, {remote, clock, journal.cloud}, Deadline(clock, kUndo));
  if (!undone.dead_man.empty()) say("  " + undone.dead_man);
  for (const Evidence& evidence : undone.evidence)
    say(fmt::format("  {} {}: {}", evidence.confirmed ? "seen:" : "NOT SEEN:", evidence.expected, evidence.observed));
  if (!undone.problem.empty()) return say("  still pending: " + undone.problem), false;
  mark_undone(journal, entry.id);
  say("  undone");
  return true;
}

// One entry that can't be undone never keeps another from being undone.
bool recover_entries(const OpenJournal& journal) {
  bool all = true;
  auto remote = make_ssh(journal.cloud);
  for (const JournalEntry& entry : journal.entries) {
    if (entry.undone) continue;
    try {
      all = recover_entry(journal, entry, *remote) && all;
    } catch (const std::exception& error) {
      say(fmt::format("  still pending: {}", error.what()));
      all = false;
    }
  }
  return all;
}

// True when nothing of this journal is left. What stands in it counts as read under the lease: until then its run may be alive,
// and about to inject.
bool recover_journal(const fs::path& file, const std::string& cloud) {
  const std::string name = read_journal(file).cloud.name;
  if (!cloud.empty() && name != cloud && !name.empty()) return true;
  std::optional<Lease> lease;
  if (!name.empty()) lease.emplace(name, "blackstart recover");
  if (!fs::exists(file)) return true;  // its run has ended in order meanwhile
  const OpenJournal journal = read_journal(file);
  if (journal.cloud.name != name) return recover_journal(file, cloud);  // its run was just writing the first line
  say(fmt::format("run {} on cloud {}:", journal.run, journal.cloud.name.empty() ? "?" : journal.cloud.name));
  if (journal.torn_lines > 0)
    say(fmt::format("  {} of its lines were cut off while they were written: what they were about was not injected",
                    journal.torn_lines));
  if (!journal.entries.empty() && !recover_entries(journal)) return false;
  note_in_record(journal);
  retire_journal(journal);
  say("  nothing is left to undo");
  return true;
}

}  // namespace

int recover_command(const std::string& cloud) {
  const auto files = journal_files();
  if (files.empty()) return say("nothing to recover: no journal is open"), kPassed;
  bool all = true;
  for (const fs::path& file : files) {
    try {
      all = recover_journal(file, cloud) && all;
    } catch (const std::exception& error) {
      say(fmt::format("{}: still pending: {}", file.filename().string(), error.what()));
      all = false;
    }
  }
  return all ? kPassed : kUndoPending;
}

int status_command() {
  bool anything = false;
  for (const char* kind : {"lease", "halt"}) {
    const fs::path folder = state_folder() / kind;
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string cloud = entry.path().filename().string();
      const auto text = kind == std::string("lease") ? lease_holder(cloud) : halt_reason(cloud);
      if (text)
        say(fmt::format("cloud {}: {} {}", cloud, kind == std::string("lease") ? "in use by" : "halted:", *text)),
            anything = true;
    }
  }
  for (const OpenJournal& journal : open_journals()) {
    say(fmt::format("cloud {}: the journal of run {} is open; 'blackstart recover' once that run has ended", journal.cloud.name,
                    journal.run));
    anything = true;
  }
  if (!anything) say("nothing runs, nothing is halted, nothing is left to undo");
  return kPassed;
}

int halt_command(const std::string& cloud, const std::string& reason) {
  halt_cloud(cloud, reason);
  say(fmt::format("cloud {} is halted: a running rehearsal stops and undoes, new ones are refused until 'blackstart resume {}'",
                  cloud, cloud));
  return kPassed;
}

int resume_command(const std::string& cloud) {
  say(lift_halt(cloud) ? fmt::format("the halt of cloud {} is lifted", cloud) : fmt::format("cloud {} was not halted", cloud));
  return kPassed;
}

}  // namespace blackstart
