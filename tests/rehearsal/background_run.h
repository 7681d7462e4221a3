// `blackstart run` in the background, for tests that do something to it while it goes on.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

class BackgroundRun {
 public:
  BackgroundRun(const Workplace& workplace, const std::string& scenario, const std::filesystem::path& cloud = cloud_file());
  ~BackgroundRun();  // ends it by SIGKILL if it still runs
  BackgroundRun(const BackgroundRun&) = delete;
  BackgroundRun& operator=(const BackgroundRun&) = delete;

  void send(int signal) const;
  // Its exit code, or minus the number of the signal that ended it.
  int wait();
  // All that it has printed so far.
  std::string output() const;

 private:
  const std::filesystem::path output_;
  pid_t child_ = -1;
};

}  // namespace blackstart::rehearsal
