// The journal: what must be undone, on disk before it is done.
//
// Purpose: whatever happens to the runner, `blackstart recover` finds here what to make absent, and how to reach it.
// It lies at STATE/journal/<run>.jsonl (docs/recover.md has the format) while anything may be left, then moves into the run
// folder. Ownership: a Journal owns its file. Thread rule: members may be called from any thread.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "lab/cloud.h"

namespace blackstart {

struct JournalEntry {
  std::string id;  // the dead-man's too: unique to run, injection and node
  std::string injection;
  UndoRecord undo;
  bool undone = false;
  std::string since = {};  // when it was written down, UTC
  std::string due = {};    // when the dead-man undoes it, UTC; of the runner's clock
  std::string fired = {};  // when the dead-man on the runner's machine had undone it, UTC; empty: it has not
};

class Journal {
 public:
  // Opens a new one. Throws Error(unmet or internal) when it can't be written: then nothing may be injected.
  Journal(const std::string& run, const Cloud& cloud, const std::filesystem::path& run_folder);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Each is on disk (fsync) when it returns.
  void arm(const JournalEntry& entry);
  void undone(const std::string& id);
  // Moves the file into the run folder when nothing is left to undo; leaves it, and returns false, otherwise.
  bool close();
  const std::filesystem::path& file() const { return file_; }

 private:
  void append(const std::string& line);

  std::mutex mutex_;
  int descriptor_ = -1;
  std::filesystem::path file_, run_folder_;
  std::vector<std::string> open_;
};

struct OpenJournal {
  std::filesystem::path file;
  std::string run;
  std::filesystem::path run_folder;
  Cloud cloud;
  std::vector<JournalEntry> entries;
  std::size_t torn_lines = 0;  // a crash in the middle of a write: what was being armed had not been injected yet
  // Numbers, from 1, of lines that were whole once and can't be read: what they armed may be there still.
  std::vector<std::size_t> damaged_lines = {};
};
// Throws Error(bad_file) when it is no journal.
OpenJournal read_journal(const std::filesystem::path& file);
// The files in STATE/journal, oldest run first.
std::vector<std::filesystem::path> journal_files();
// What they say; `cloud` empty: of all clouds. Throws Error(bad_file) when one is no journal.
std::vector<OpenJournal> open_journals(const std::string& cloud = "");
// Marks the entry as undone in the file, for `recover`.
void mark_undone(const OpenJournal& journal, const std::string& id);
// The same, and that the dead-man on the runner's machine has done it.
void mark_fired(const std::filesystem::path& journal, const std::string& id, const std::string& at);
// Copies the file into the run folder, where that is still there; what kept it from that, or nothing.
std::string copy_journal(const OpenJournal& journal);
// Once nothing is left to undo. Throws Error or std::filesystem::filesystem_error.
void remove_journal(const OpenJournal& journal);

}  // namespace blackstart
