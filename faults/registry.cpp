#include <fmt/format.h>

#include "base/error.h"
#include "faults/fault.h"
#include "faults/service.h"

namespace blackstart {

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds = {
      {"service.kill", "ends the main process of a systemd service by a signal", service_kill_settings, kServiceKillAbout},
      {"service.stop", "stops a systemd service as an operator would", service_stop_settings, kServiceStopAbout},
      {"service.freeze", "stops all processes of a systemd service (SIGSTOP): its ports accept but nothing answers",
       service_freeze_settings, kServiceFreezeAbout},
  };
  return kinds;
}

const std::vector<UndoKind>& undo_kinds() {
  static const std::vector<UndoKind> kinds = {
      {"service.running", "the service is active and its processes are not stopped", service_running_command,
       service_running_undo},
  };
  return kinds;
}

const UndoKind& undo_kind(const std::string& name) {
  std::vector<std::string> names;
  for (const UndoKind& kind : undo_kinds()) {
    if (name == kind.name) return kind;
    names.push_back(kind.name);
  }
  throw Error(ErrorKind::bad_file, fmt::format("undoing by '{}'", name), "this version knows no such undo",
              suggestion(name, names));
}

}  // namespace blackstart
