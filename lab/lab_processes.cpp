#include "lab/lab_processes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "lab/lab_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "BLACKSTART_LAB_PROCESS=";
constexpr Duration kKillLimit = 5s, kPoll = 20ms;

std::vector<std::string> split_at_zeros(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

fs::path mark_of(const fs::path& folder, const std::vector<std::string>& words) {
  for (const std::string& variable : split_at_zeros(slurp_if_there(folder / "environ")))
    if (variable.starts_with(kName)) return variable.substr(std::string_view(kName).size());
  if (words.size() > 2 && words[0] == "ipmi_sim" && words[1] == "-c") return words[2];
  return {};
}

bool is_at_or_below(const fs::path& path, const fs::path& top) {
  return std::mismatch(path.begin(), path.end(), top.begin(), top.end()).second == top.end();
}

LabProcess look_at(const fs::path& folder) {
  LabProcess process;
  process.pid = std::stoi(folder.filename().string());
  process.words = split_at_zeros(slurp_if_there(folder / "cmdline"));
  process.mark = mark_of(folder, process.words);
  // proc(5): "PID (NAME) STATE PPID PGRP SESSION …", where the name may hold blanks and brackets.
  const std::string stat = slurp_if_there(folder / "stat");
  std::istringstream rest(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  char state = '?';
  pid_t parent = 0, group = 0, session = 0;
  rest >> state >> parent >> group >> session;
  process.leads = session == process.pid;
  process.stopped = state == 'T';
  return process;
}

bool is_number(const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; }

// Looks twice: a process that began while the first look passed by is seen by the second.
bool none_left(const fs::path& path) { return lab_processes(path).empty() && lab_processes(path).empty(); }

}  // namespace

bool LabProcess::runs(const std::string& program) const {
  return std::find(words.begin(), words.end(), program) != words.end();
}

std::string lab_process_mark(const fs::path& mark) { return kName + mark.string(); }

std::vector<LabProcess> lab_processes(const fs::path& path) {
  std::vector<LabProcess> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (!is_number(entry.path().filename().string())) continue;
    const LabProcess process = look_at(entry.path());
    if (!process.mark.empty() && is_at_or_below(process.mark, path)) found.push_back(process);
  }
  return found;
}

void signal_lab_process(const LabProcess& process, int signal) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));  // the header of glibc 2.36 is not for C++
  if (handle < 0) return;
  // The handle holds on to one process: what is seen after it was taken is true of the one that gets the signal.
  if (look_at(fs::path("/proc") / std::to_string(process.pid)).mark == process.mark)
    syscall(SYS_pidfd_send_signal, handle, signal, nullptr, 0);
  close(handle);
}

void end_lab_processes(const fs::path& path, Duration patience) {
  const Deadline orders(real_clock(), patience), all(real_clock(), patience + kKillLimit);
  const bool gone = wait_until(
      [&] {
        for (const LabProcess& process : lab_processes(path))
          if (process.runs("ipmi_sim") || orders.passed()) signal_lab_process(process, SIGKILL);
        return none_left(path);
      },
      all, kPoll);
  if (gone) return;
  std::vector<std::string> left;
  for (const LabProcess& process : lab_processes(path))
    left.push_back(fmt::format("{} ({})", process.pid, fmt::join(process.words, " ")));
  throw Error(ErrorKind::internal, "ending the processes of " + path.string(),
              fmt::format("still there {} after SIGKILL: {}", format_duration(kKillLimit), fmt::join(left, ", ")));
}

}  // namespace blackstart
