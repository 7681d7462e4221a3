#include "tests/rehearsal/background_run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace blackstart::rehearsal {

BackgroundRun::BackgroundRun(const Workplace& workplace, const std::string& scenario, const std::filesystem::path& cloud)
    : output_(workplace.path / "output") {
  const std::string scenario_file = workplace.write("scenario.yaml", scenario).string();
  const std::string command = "exec env " + workplace.environment().front() + " " + BLACKSTART_BINARY + " run " +
                              scenario_file + " --cloud " + cloud.string() + " --out " + (workplace.path / "runs").string() +
                              " > " + output_.string() + " 2>&1";
  child_ = ::fork();
  if (child_ == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  REQUIRE(child_ > 0);
}

BackgroundRun::~BackgroundRun() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void BackgroundRun::send(int signal) const { REQUIRE(::kill(child_, signal) == 0); }

int BackgroundRun::wait() {
  int status = 0;
  REQUIRE(::waitpid(child_, &status, 0) == child_);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string BackgroundRun::output() const { return TextFolder::read(output_); }

}  // namespace blackstart::rehearsal
