// recover: how what a run has left is taken away.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "reports/reports.h"
#include "runner/commands.h"
#include "runner/dead_man_process.h"
#include "runner/journal.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

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
    // First: a full disk may keep us from the second, and a run that was whole only so proves nothing.
    writer.problem(
        fmt::format("{} was undone by 'blackstart recover' only, at {}", injection.id, format_utc(real_clock().wall())));
    writer.injection(injection);
  }
  if (record.finished) writer.finished(record.ended);  // its checksum covers these lines as well
  judge_folder(journal.run_folder);
  say(fmt::format("  its report was written anew: {}", (journal.run_folder / "report.html").string()));
}

// The cloud is whole by now, and a record that is damaged or can't be written must not keep the next run from starting.
bool told_in_record(const OpenJournal& journal) {
  try {
    note_in_record(journal);
    return true;
  } catch (const std::exception& error) {
    say(fmt::format("  the run's record could not be told, and says what it said before: {}", error.what()));
    return false;
  }
}

bool put_away(const OpenJournal& journal) {
  const std::string problem = copy_journal(journal);
  if (!problem.empty()) say(fmt::format("  the journal goes away without a copy in the run folder: {}", problem));
  remove_journal(journal);
  return problem.empty();
}

bool recover_entry(const OpenJournal& journal, const JournalEntry& entry, Remote& remote) {
  say(fmt::format("{} on {}: undoing ({})", entry.injection, entry.undo.node, undo_kind(entry.undo.kind).doc));
  Clock& clock = real_clock();
  const Undone undone =
      undo_entry(journal.file, entry, {remote, clock, journal.cloud}, Deadline(clock, undo_kind(entry.undo.kind).limit));
  if (!undone.dead_man.empty()) say("  " + undone.dead_man);
  for (const Evidence& evidence : undone.evidence)
    say(fmt::format("  {} {}: {}", evidence.confirmed ? "seen:" : "NOT SEEN:", evidence.expected, evidence.observed));
  if (!undone.problem.empty()) return say("  still pending: " + undone.problem), false;
  mark_undone(journal, entry.id);
  settle_dead_man(entry, clock);
  say("  undone");
  return true;
}

// Whoever undid it has seen that it is gone; what is left of its dead-man goes.
bool tell_of_undone(const JournalEntry& entry) {
  try {
    if (!entry.fired.empty())
      say(fmt::format("{} on {}: the dead-man undid it at {}", entry.injection, entry.undo.node, entry.fired));
    settle_dead_man(entry, real_clock());
    return true;
  } catch (const std::exception& error) {
    return say(fmt::format("  still pending: {}", error.what())), false;
  }
}

bool try_entry(const OpenJournal& journal, const JournalEntry& entry, std::unique_ptr<Remote>& remote) {
  try {
    if (!remote) remote = make_ssh(journal.cloud);
    return recover_entry(journal, entry, *remote);
  } catch (const std::exception& error) {
    return say(fmt::format("  still pending: {}", error.what())), false;
  }
}

// The last one first, as the run itself does. One that can't be undone never keeps another from being undone; what that one
// brought back, a node's power, may be what it lacked: then it is tried once more.
bool recover_entries(const OpenJournal& journal) {
  std::unique_ptr<Remote> remote;  // made only when there is something to undo: the key may be gone
  std::vector<const JournalEntry*> open;
  bool told = true;
  for (auto entry = journal.entries.rbegin(); entry != journal.entries.rend(); ++entry)
    entry->undone ? void(told = tell_of_undone(*entry) && told) : open.push_back(&*entry);
  for (bool again = true; again && !open.empty();) {
    const std::size_t before = open.size();
    const auto undone = [&](const JournalEntry* entry) { return try_entry(journal, *entry, remote); };
    open.erase(std::remove_if(open.begin(), open.end(), undone), open.end());
    again = open.size() < before;
  }
  return told && open.empty();
}

// Nobody knows what they armed.
bool tell_of_damage(const OpenJournal& journal) {
  if (journal.damaged_lines.empty()) return false;
  say(fmt::format(
      "  still pending: line {} of {} can't be read, and may be of something that is not undone: see what it names, "
      "undo that by hand, then remove the line and recover again",
      fmt::join(journal.damaged_lines, ", "), journal.file.string()));
  return true;
}

// kPassed, kInconclusive (nothing is left to undo, but the run's folder does not tell), or kUndoPending. What stands in it
// counts as read under the lease: until then its run may be alive, and about to inject.
ExitCode recover_journal(const fs::path& file, const std::string& cloud) {
  const std::string name = read_journal(file).cloud.name;
  if (!cloud.empty() && name != cloud && !name.empty()) return kPassed;
  std::optional<Lease> lease;
  if (!name.empty()) lease.emplace(name, "blackstart recover");
  if (!fs::exists(file)) return kPassed;  // its run has ended in order meanwhile
  const OpenJournal journal = read_journal(file);
  if (journal.cloud.name != name) return recover_journal(file, cloud);  // its run was just writing the first line
  say(fmt::format("run {} on cloud {}:", journal.run, journal.cloud.name.empty() ? "?" : journal.cloud.name));
  if (journal.torn_lines > 0)
    say(fmt::format("  {} of its lines were cut off while they were written: what they were about was not injected",
                    journal.torn_lines));
  const bool undone = recover_entries(journal);
  if (tell_of_damage(journal) || !undone) return kUndoPending;
  const bool told = told_in_record(journal), kept = put_away(journal);
  say("  nothing is left to undo");
  return told && kept ? kPassed : kInconclusive;
}

// "run r1 of cloud north" when this journal is of another cloud or run than these; empty when it is meant, or may be.
std::string not_asked_for(const fs::path& file, const std::string& cloud, const std::string& run) {
  if (!run.empty() && file.stem() != run) return fmt::format("run {}", file.stem().string());
  const std::string name = read_journal(file).cloud.name;
  if (cloud.empty() || name.empty() || name == cloud) return "";
  return fmt::format("run {} of cloud {}", file.stem().string(), name);
}

std::string cloud_and_run(const std::string& cloud, const std::string& run) {
  return run.empty() ? "cloud " + cloud : cloud.empty() ? "run " + run : fmt::format("run {} of cloud {}", run, cloud);
}

}  // namespace

int recover_command(const std::string& cloud, const std::string& run) {
  std::vector<std::string> others;
  bool any = false;
  int worst = kPassed;
  for (const fs::path& file : journal_files()) {
    try {
      if (const std::string other = not_asked_for(file, cloud, run); !other.empty()) {
        others.push_back(other);
        continue;
      }
      any = true;
      worst = std::max<int>(worst, recover_journal(file, cloud));
    } catch (const std::exception& error) {
      say(fmt::format("{}: still pending: {}", file.filename().string(), error.what()));
      any = true, worst = kUndoPending;
    }
  }
  if (!any)
    say("nothing to recover: no journal is open" + (others.empty() ? "" : fmt::format(" of {}", cloud_and_run(cloud, run))));
  if (!others.empty()) say(fmt::format("left alone: {}", fmt::join(others, ", ")));
  return worst;
}

}  // namespace blackstart
