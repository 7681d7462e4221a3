// status: what runs, what is halted, and what is left to undo: where, since when, by whom and how.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "base/error.h"
#include "base/units.h"
#include "runner/commands.h"
#include "runner/dead_man_process.h"
#include "runner/journal.h"
#include "runner/state.h"

namespace blackstart {
namespace {

void say(const std::string& text) { std::puts(text.c_str()); }

std::string facts_of(const UndoRecord& undo) {
  std::vector<std::string> facts;
  for (const auto& [name, value] : undo.facts) facts.push_back(name + " " + value);
  return fmt::format("{}", fmt::join(facts, ", "));
}

// What stands in a journal may be of a later version, which knows more kinds.
const UndoKind* known_kind(const UndoRecord& undo) {
  for (const UndoKind& kind : undo_kinds())
    if (undo.kind == kind.name) return &kind;
  return nullptr;
}

std::string dead_man_of_entry(const JournalEntry& entry) {
  const UndoKind* kind = known_kind(entry.undo);
  if (entry.due.empty() || !kind) return "";
  const bool due = entry.due <= format_utc(real_clock().wall(), false);
  if (kind->command)
    return fmt::format("dead-man: a timer on {}, {} {}", entry.undo.node, due ? "was due at" : "undoes it at", entry.due);
  const auto process = dead_man_process(entry.id);
  if (process)
    return fmt::format("dead-man: process {} here, {} {}", *process, due ? "undoes it since" : "undoes it at", entry.due);
  return "dead-man: its process does not run on this machine";
}

void say_entry(const JournalEntry& entry) {
  const UndoKind* kind = known_kind(entry.undo);
  say(fmt::format("  {} on {}{}: {}", entry.injection, entry.undo.node, entry.since.empty() ? "" : " since " + entry.since,
                  kind ? fmt::format("not yet confirmed: {}", kind->doc) : "this version knows no undo " + entry.undo.kind));
  say(fmt::format("    {}{}{}", entry.undo.kind, entry.undo.facts.empty() ? "" : ": ", facts_of(entry.undo)));
  if (const std::string words = dead_man_of_entry(entry); !words.empty()) say("    " + words);
}

void say_journal(const OpenJournal& journal) {
  const bool runs = !journal.cloud.name.empty() && lease_holder(journal.cloud.name).has_value();
  say(fmt::format("cloud {}: run {} {}", journal.cloud.name.empty() ? "?" : journal.cloud.name, journal.run,
                  runs ? "still goes on, and undoes by itself what is open:" : "has ended and left behind:"));
  bool open = false;
  for (const JournalEntry& entry : journal.entries)
    if (!entry.undone) say_entry(entry), open = true;
  for (const std::size_t line : journal.damaged_lines)
    say(fmt::format("  line {} of {} can't be read: it may be of something that is not undone", line, journal.file.string())),
        open = true;
  if (!open) say("  nothing that is not undone");
  if (!runs) say(fmt::format("  now: blackstart recover --run {}", journal.run));
}

}  // namespace

int status_command() {
  bool anything = false;
  auto told = [&](const std::string& text) { say(text), anything = true; };
  for (const std::string& cloud : clouds_with("lease"))
    if (const auto holder = lease_holder(cloud)) told(fmt::format("cloud {}: in use by {}", cloud, *holder));
  for (const std::string& cloud : clouds_with("halt"))
    if (const auto reason = halt_reason(cloud)) told(fmt::format("cloud {}: halted: {}", cloud, *reason));
  for (const std::filesystem::path& file : journal_files()) {
    anything = true;
    try {
      say_journal(read_journal(file));
    } catch (const Error& error) {
      say(error.what());
    }
  }
  if (!anything) say("nothing runs, nothing is halted, nothing is left to undo");
  return kPassed;
}

}  // namespace blackstart
