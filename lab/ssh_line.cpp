#include "lab/ssh_line.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "base/process.h"
#include "lab/shared_command.h"

namespace blackstart {
namespace {

// How long a session that was used before may take to open a channel before it is taken for dead.
constexpr Duration kStale = 3s;
// The kernel takes at most 128 KiB as one argument; quoted for sudo, a command may grow.
constexpr std::size_t kMostShared = 32 << 10;

std::string new_mark() {
  std::random_device random;
  return fmt::format("blackstart-{:08x}{:08x}", random(), random());
}

[[noreturn]] void not_in_time(const SshTarget& target) {
  throw Error(ErrorKind::unreachable, "running a command on " + target.name(),
              "another command was still running there at the deadline");
}

}  // namespace

class SshLine::Turn {
 public:
  Turn(SshLine& line, const Deadline& deadline) : line_(line) {
    std::unique_lock lock(line_.mutex_);
    if (!line_.free_.wait_for(lock, deadline.left(), [&] { return !line_.busy_; })) not_in_time(line_.target_);
    line_.busy_ = true;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    const std::lock_guard lock(line_.mutex_);
    line_.busy_ = false;
    line_.free_.notify_all();
  }

 private:
  SshLine& line_;
};

CommandResult SshLine::run(const std::string& command, const Deadline& deadline, const std::string& input) {
  const Turn turn(*this, deadline);
  return exec(command, input, deadline);
}

// The first whose turn it is takes along all that wait by then.
CommandResult SshLine::run_shared(const std::string& command, const Deadline& deadline) {
  const auto job = std::make_shared<Job>(Job{command});
  std::unique_lock lock(mutex_);
  waiting_.push_back(job);
  while (!job->done) {
    if (!free_.wait_for(lock, deadline.left(), [&] { return job->done || (!busy_ && !job->taken); })) {
      std::erase(waiting_, job);
      not_in_time(target_);
    }
    if (job->done) break;
    busy_ = true;
    const Jobs jobs = take_jobs();
    lock.unlock();
    run_all(jobs, deadline);
    lock.lock();
    for (const auto& each : jobs) each->done = true;
    busy_ = false;
    free_.notify_all();
  }
  if (job->trouble) std::rethrow_exception(job->trouble);
  return job->result;
}

SshLine::Jobs SshLine::take_jobs() {
  Jobs jobs;
  std::size_t size = 0;
  while (!waiting_.empty() && (jobs.empty() || size + waiting_.front()->command.size() <= kMostShared)) {
    size += waiting_.front()->command.size();
    jobs.push_back(waiting_.front());
    jobs.back()->taken = true;
    waiting_.erase(waiting_.begin());
  }
  return jobs;
}

void SshLine::run_all(const Jobs& jobs, const Deadline& deadline) {
  try {
    if (jobs.size() == 1) {
      jobs[0]->result = exec(jobs[0]->command, "", deadline);
      return;
    }
    std::vector<std::string> commands;
    for (const auto& job : jobs) commands.push_back(job->command);
    const std::string mark = new_mark();
    const auto results = shared_results(exec(shared_command(commands, mark), "", deadline).out, jobs.size(), mark);
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->result = results[i];
  } catch (...) {
    for (const auto& job : jobs) job->trouble = std::current_exception();
  }
}

CommandResult SshLine::exec(const std::string& command, const std::string& input, const Deadline& deadline) {
  if (session_ && !session_->open_channel(deadline.sooner(kStale))) session_.reset();
  if (!session_) connect(deadline);
  try {
    return session_->exec(sudo_ ? "sudo -n sh -c " + shell_quote(command) : command, input, deadline);
  } catch (const Error&) {
    session_.reset();
    throw;
  }
}

void SshLine::connect(const Deadline& deadline) {
  auto session = std::make_unique<SshSession>(target_, deadline);
  if (!session->open_channel(deadline))
    throw Error(ErrorKind::unreachable, "opening an SSH channel to " + target_.name(),
                deadline.passed() ? "no answer in time" : session->last_error());
  session_ = std::move(session);
}

}  // namespace blackstart
