#include <fmt/format.h>

#include "base/error.h"
#include "faults/command.h"
#include "faults/container.h"
#include "faults/drop_fault.h"
#include "faults/fault.h"
#include "faults/isolation.h"
#include "faults/link_cut.h"
#include "faults/link_netem.h"
#include "faults/load_unit.h"
#include "faults/power.h"
#include "faults/resource.h"
#include "faults/service.h"

namespace blackstart {

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds = {
      {"service.kill", "ends the main process of a systemd service by a signal", service_kill_settings, kServiceKillAbout},
      {"service.stop", "stops a systemd service as an operator would", service_stop_settings, kServiceStopAbout},
      {"service.freeze", "stops all processes of a systemd service (SIGSTOP): its ports accept but nothing answers",
       service_freeze_settings, kServiceFreezeAbout},
      {"service.crash-loop", "kills the main process of a systemd service again on each restart, for a time",
       service_crash_loop_settings, kServiceCrashLoopAbout},
      {"container.kill", "ends the main process of a container by a signal", container_kill_settings, kContainerKillAbout},
      {"container.stop", "stops a container as an operator would", container_stop_settings, kContainerStopAbout},
      {"container.pause", "freezes all processes of a container: its ports accept but nothing answers",
       container_pause_settings, kContainerPauseAbout},
      {"resource.cpu", "keeps the cores of a node busy", resource_cpu_settings, kResourceCpuAbout},
      {"resource.memory", "takes memory of a node and keeps it", resource_memory_settings, kResourceMemoryAbout},
      {"resource.io", "writes to a disk without end, past the page cache", resource_io_settings, kResourceIoAbout},
      {"resource.disk", "fills a file system up to what is to be left", resource_disk_settings, kResourceDiskAbout},
      {"resource.descriptors", "lets a systemd service open no new file or connection", resource_descriptors_settings,
       kResourceDescriptorsAbout},
      {"resource.processes", "lets a systemd service start no new process or thread", resource_processes_settings,
       kResourceProcessesAbout},
      {"resource.clock", "moves a node's wall clock ahead or behind", resource_clock_settings, kResourceClockAbout},
      {"command", "the user's own commands, for what Blackstart does not know", command_settings, kCommandAbout},
      {"link.cut", "cuts a node off, silently or by a link that goes down", link_cut_settings, kLinkCutAbout},
      {"link.flap", "cuts a node off silently and lets it go again, by turns", link_flap_settings, kLinkFlapAbout},
      {"link.delay", "delays packets on a node's interface", link_delay_settings, kLinkNetemAbout},
      {"link.loss", "loses a share of the packets on a node's interface", link_loss_settings, kLinkLossAbout},
      {"link.duplicate", "doubles a share of the packets on a node's interface", link_duplicate_settings, kLinkNetemAbout},
      {"link.reorder", "delays packets on a node's interface, and lets a share overtake", link_reorder_settings,
       kLinkNetemAbout},
      {"link.corrupt", "turns a bit in a share of the packets on a node's interface", link_corrupt_settings, kLinkNetemAbout},
      {"link.rate", "limits the bits a second on a node's interface", link_rate_settings, kLinkNetemAbout},
      {"link.netem", "delay, loss, duplicates, reordering, corruption and rate at once", link_netem_settings, kLinkNetemAbout},
      {"site.isolate", "cuts a site off from everybody or from named others", site_isolate_settings, kIsolateAbout},
      {"rack.isolate", "cuts a rack off from everybody or from named others", rack_isolate_settings, kIsolateAbout},
      {"group.isolate", "cuts a group of sites, racks and nodes off from everybody or from named others",
       group_isolate_settings, kIsolateAbout},
      {"group.partition", "splits the cloud into groups that don't see each other", group_partition_settings, kPartitionAbout},
      {"power.off", "cuts a node's power", power_off_settings, kPowerOffAbout},
      {"power.on", "switches on a node that is off", power_on_settings, kPowerOnAbout},
      {"power.cycle", "cuts a node's power for a while", power_cycle_settings, kPowerCycleAbout},
      {"power.reset", "resets a node hard, as its button would", power_reset_settings, kPowerResetAbout},
      {"node.reboot", "restarts a node in good order", node_reboot_settings, kNodeRebootAbout},
      {"node.shutdown", "shuts a node down in good order", node_shutdown_settings, kNodeShutdownAbout},
      {"node.crash", "crashes a node's kernel", node_crash_settings, kNodeCrashAbout},
      {"node.freeze", "suspends the domain of a node: everything on it stands still", node_freeze_settings, kNodeFreezeAbout},
  };
  return kinds;
}

const std::vector<UndoKind>& undo_kinds() {
  static const std::vector<UndoKind> kinds = {
      {"service.running", "the service is active and its processes are not stopped", service_running_command,
       service_running_undo},
      {"service.loop-ended", "nothing of ours kills the service any more, and it is active", service_loop_ended_command,
       service_loop_ended_undo},
      {"container.running", "the container runs and is not paused", container_running_command, container_running_undo},
      {"load.absent", "the unit of ours that loads the node is gone, and so is its file", load_absent_command,
       load_absent_undo},
      {"limits.before", "the service's main process has its limit of before, and the service is active", limits_before_command,
       limits_before_undo},
      {"clock.right", "the wall clock goes as before, and the time services run", clock_right_command, clock_right_undo},
      {"command.node", "the user's own evidence on the node is gone, after the user's own undo", command_node_command,
       command_undo},
      {"command.local", "the user's own evidence on the runner's machine is gone, after the user's own undo", nullptr,
       command_undo},
      {"nft.absent", "the nft table of the injection is gone", nft_absent_command, nft_absent_undo},
      {"flap.absent", "the unit and the nft table of the injection are gone", flap_absent_command, flap_absent_undo},
      {"netem.absent", "the qdiscs and the ifb of the injection are gone", netem_absent_command, netem_absent_undo},
      {"link.up", "the interface is up, with the routes of before", link_up_command, link_up_undo},
      {"port.forwarding", "the switch's port is up and forwards", nullptr, port_forwarding_undo},
      {"power.on", "the node has power, answers and has finished starting", nullptr, power_on_undo, kPowerOnLimit},
      {"power.off", "the node has no power", nullptr, power_off_undo},
      {"node.resumed", "the node's domain is not suspended, and the node answers", nullptr, node_resumed_undo},
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
