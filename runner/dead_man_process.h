// The dead-man on the runner's own machine, for what a node can't undo alone: its power, a switch's port, a local command.
//
// Purpose: a process of this program that outlives the runner, reads the journal, and undoes an entry that nobody has undone in
// time. It has a session of its own and no terminal, and ends within a second once its entry is marked as undone or the journal
// is gone. Its words go to STATE/dead-man/<id>.log, which it keeps locked while it lives.
// Ownership: a process owns nothing of the runner's. Thread rule: any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "faults/fault.h"
#include "runner/journal.h"

namespace blackstart {

// Starts `program` (ours) as the dead-man of an entry of this journal, and returns once it says that it waits, which it does
// after it has read the journal and found a way to undo. Throws Error(unmet) with what it said otherwise.
void start_dead_man_process(const std::filesystem::path& program, const std::filesystem::path& journal, const std::string& id,
                            Duration after, const Deadline& deadline);
// Its process id; nullopt: none is alive.
std::optional<int> dead_man_process(const std::string& id);
// Waits for its end, once its entry is marked as undone, and ends it by force at the deadline. Takes its file away.
void end_dead_man_process(const std::string& id, const Deadline& deadline);

// What that process does: waits for `after` (suspended time counts) or a request to hurry, then undoes, again and again for ten
// minutes at most, and writes down in the journal that it did. Returns kPassed when nothing is left to undo and kUndoPending
// otherwise. `say` gets what happens.
int keep_watch(const std::filesystem::path& journal, const std::string& id, Duration after, FaultContext context,
               const std::stop_token& hurry, const std::function<void(const std::string&)>& say);
// What it says on standard output once it waits.
constexpr const char* kDeadManWaits = "waiting\n";
// The hidden command `blackstart dead-man`: keep_watch() of this machine.
int dead_man_command(const std::filesystem::path& journal, const std::string& id, Duration after);

// undo_injection() of an entry, whichever dead-man it has; call settle_dead_man() once it is marked as undone.
Undone undo_entry(const std::filesystem::path& journal, const JournalEntry& entry, FaultContext context,
                  const Deadline& deadline);
void settle_dead_man(const JournalEntry& entry, Clock& clock);

}  // namespace blackstart
