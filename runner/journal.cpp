#include "runner/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path journal_folder() { return state_folder() / "journal"; }

void sync_folder(const fs::path& folder) {
  int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_errno("opening " + folder.string(), errno);
  const int result = ::fsync(descriptor);
  ::close(descriptor);
  if (result != 0) throw_errno("syncing " + folder.string(), errno);
}

int open_append(const fs::path& file, int flags) {
  int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0600);
  if (descriptor < 0) throw_errno("opening the journal " + file.string(), errno);
  return descriptor;
}

void write_line(int descriptor, const fs::path& file, const std::string& line) {
  const std::string text = line + "\n";
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()))
    throw_errno("writing the journal " + file.string(), written < 0 ? errno : ENOSPC);
  if (::fsync(descriptor) != 0) throw_errno("syncing the journal " + file.string(), errno);
}

std::string undone_line(const std::string& id) { return Json{{"type", "undone"}, {"id", id}}.dump(); }

// One write, as in Journal::append: the runner, the dead-man and `recover` may write to it at the same time.
void append_to(const fs::path& file, const std::string& lines) {
  int descriptor = open_append(file, 0);
  try {
    write_line(descriptor, file, "\n" + lines);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
}

// False for a line that is none of a journal's.
bool take(OpenJournal& journal, const Json& line) {
  const std::string type = line.at("type");
  if (type == "open") {
    journal.run = line.at("run");
    journal.run_folder = line.at("folder").get<std::string>();
    read_text(line.at("cloud"), "cloud in " + journal.file.string(), [&](Fields& f) { journal.cloud.describe(f); });
  } else if (type == "armed") {
    UndoRecord undo{line.at("kind"), line.at("node"), line.at("facts")};
    journal.entries.push_back(
        {line.at("id"), line.at("injection"), undo, false, line.value("since", ""), line.value("dead-man", ""), ""});
  } else if (type == "fired") {
    for (auto& entry : journal.entries)
      if (entry.id == line.at("id")) entry.fired = line.at("at");
  } else if (type == "undone") {
    for (auto& entry : journal.entries)
      if (entry.id == line.at("id")) entry.undone = true;
  } else {
    return false;
  }
  return true;
}

// Whether the text only lacks its end: a crash leaves that of a line, and nothing follows but a new one.
bool is_cut_off(const std::string& line) {
  try {
    return Json::parse(line).is_null();  // it can be read: null is none of ours either
  } catch (const Json::parse_error& error) {
    return error.byte > line.size();
  }
}

// `next`: what follows it in the file, or nullopt where not even its own end does. A line that was written whole is followed by
// an empty one, with which the next begins.
void take_line(OpenJournal& journal, std::size_t number, const std::string& line, const std::optional<std::string>& next) {
  try {
    if (!take(journal, Json::parse(line))) journal.damaged_lines.push_back(number);
  } catch (const Json::exception&) {
    const bool torn = is_cut_off(line) && (!next || !next->empty());
    torn ? void(++journal.torn_lines) : journal.damaged_lines.push_back(number);
  }
}

// Each with an end of its own, and what comes after the last of them.
std::vector<std::string> lines_of(std::istream& in) {
  std::vector<std::string> lines;
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  if (text.ends_with('\n')) lines.emplace_back();
  return lines;
}

}  // namespace

Journal::Journal(const std::string& run, const Cloud& cloud, const fs::path& run_folder)
    : file_(journal_folder() / (run + ".jsonl")), run_folder_(fs::absolute(run_folder)) {
  std::error_code error;
  fs::create_directories(journal_folder(), error);
  if (error) throw Error(ErrorKind::unmet, "making " + journal_folder().string(), error.message());
  descriptor_ = open_append(file_, O_CREAT | O_EXCL);
  try {
    append(Json{{"type", "open"}, {"version", 1}, {"run", run}, {"folder", run_folder_.string()}, {"cloud", write_cloud(cloud)}}
               .dump());
    sync_folder(journal_folder());
  } catch (...) {
    // Nothing was armed: half a journal must not block the runs that follow.
    ::close(descriptor_);
    ::unlink(file_.c_str());
    throw;
  }
}

Journal::~Journal() { ::close(descriptor_); }

// A full disk may have cut the line before: what follows must not become part of it. Empty lines are passed over.
void Journal::append(const std::string& line) { write_line(descriptor_, file_, "\n" + line); }

void Journal::arm(const JournalEntry& entry) {
  std::lock_guard lock(mutex_);
  append(Json{{"type", "armed"},
              {"id", entry.id},
              {"injection", entry.injection},
              {"kind", entry.undo.kind},
              {"node", entry.undo.node},
              {"facts", entry.undo.facts},
              {"since", entry.since},
              {"dead-man", entry.due}}
             .dump());
  open_.push_back(entry.id);
}

void Journal::undone(const std::string& id) {
  std::lock_guard lock(mutex_);
  append(undone_line(id));
  open_.erase(std::remove(open_.begin(), open_.end(), id), open_.end());
}

bool Journal::close() {
  std::lock_guard lock(mutex_);
  if (!open_.empty()) return false;
  const OpenJournal journal{file_, "", run_folder_, {}, {}, 0};
  if (const std::string problem = copy_journal(journal); !problem.empty())
    throw Error(ErrorKind::internal, "copying the journal into " + run_folder_.string(), problem);
  remove_journal(journal);
  return true;
}

OpenJournal read_journal(const fs::path& file) {
  OpenJournal journal;
  journal.file = file;
  std::ifstream in(file);
  if (!in)
    throw Error(ErrorKind::bad_file, "reading the journal " + file.string(), "it can't be opened",
                "run as the user who ran the rehearsal");
  const std::vector<std::string> lines = lines_of(in);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!lines[i].empty())
      take_line(journal, i + 1, lines[i], i + 1 < lines.size() ? std::optional(lines[i + 1]) : std::nullopt);
  // A crash while the very first line was written: nothing had been armed.
  const bool cut_off = journal.torn_lines <= 1 && journal.damaged_lines.empty() && journal.entries.empty();
  if (journal.run.empty() && cut_off) journal.run = file.stem().string();
  if (journal.run.empty())
    throw Error(ErrorKind::bad_file, "reading the journal " + file.string(), "it does not begin as a journal does",
                "if you know that nothing is left to undo, remove the file");
  return journal;
}

std::vector<fs::path> journal_files() {
  std::vector<fs::path> files;
  if (!fs::is_directory(journal_folder())) return files;
  for (const auto& entry : fs::directory_iterator(journal_folder()))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<OpenJournal> open_journals(const std::string& cloud) {
  std::vector<OpenJournal> journals;
  for (const auto& file : journal_files()) {
    OpenJournal journal = read_journal(file);
    // One without a cloud was cut off by a crash at its very beginning: it may be anybody's.
    if (cloud.empty() || journal.cloud.name == cloud || journal.cloud.name.empty()) journals.push_back(std::move(journal));
  }
  return journals;
}

void mark_undone(const OpenJournal& journal, const std::string& id) { append_to(journal.file, undone_line(id)); }

void mark_fired(const fs::path& journal, const std::string& id, const std::string& at) {
  append_to(journal, Json{{"type", "fired"}, {"id", id}, {"at", at}}.dump() + "\n" + undone_line(id));
}

std::string copy_journal(const OpenJournal& journal) {
  std::error_code error, ignored;
  const fs::file_type type = fs::status(journal.run_folder, error).type();
  if (type == fs::file_type::none) return error.message();
  if (type != fs::file_type::directory) return "";
  // A part of one would say that less was injected.
  const fs::path copy = journal.run_folder / "journal.jsonl", part = copy.string() + ".new";
  fs::copy_file(journal.file, part, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(part, copy, error);
  if (!error) return "";
  fs::remove(part, ignored);
  return error.message();
}

void remove_journal(const OpenJournal& journal) {
  fs::remove(journal.file);
  sync_folder(journal_folder());
}

}  // namespace blackstart
