#include "lab/local_shell.h"

#include <fmt/format.h>
#include <string.h>

#include "base/error.h"
#include "base/process.h"

namespace blackstart {
namespace {

class LocalShell final : public Remote {
 public:
  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    ProcessResult done = run_process({"/bin/sh", "-c", command}, deadline.left());
    if (done.timed_out)
      throw Error(ErrorKind::unreachable, fmt::format("running a command on this machine for {}", node),
                  "it did not end in time and was killed");
    const char* signal = done.signal == 0 ? nullptr : sigabbrev_np(done.signal);
    const std::string name = done.signal == 0 ? "" : signal ? signal : std::to_string(done.signal);
    return {done.exit_code, name, std::move(done.out), std::move(done.err), false};
  }
};

}  // namespace

Remote& local_shell() {
  static LocalShell shell;
  return shell;
}

}  // namespace blackstart
