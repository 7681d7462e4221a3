// lab up, down, status, ssh, exec.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "base/error.h"
#include "lab/defect.h"
#include "lab/lab.h"
#include "lab/lab_folder.h"
#include "runner/commands.h"

namespace blackstart {
namespace {

// The lab that is meant: by name, by its file, or the only one there is.
std::string lab_name(const std::string& given) {
  if (std::filesystem::is_regular_file(given)) return read_lab_file(given).name;
  if (!given.empty()) return given;
  const auto names = lab_names();
  if (names.size() == 1) return names.front();
  throw Error(ErrorKind::usage, "choosing a lab",
              names.empty() ? std::string("none is up") : fmt::format("several are up: {}", fmt::join(names, ", ")),
              names.empty() ? "bring one up with 'blackstart lab up lab/three-sites.yaml'" : "name one");
}

Progress steps_with_time() {
  const Time began = real_clock().now();
  return [began](const std::string& step) {
    std::puts(fmt::format("[{:5.1f} s] {}", std::chrono::duration<double>(real_clock().now() - began).count(), step).c_str());
    std::fflush(stdout);
  };
}

}  // namespace

int lab_up_command(const std::string& lab_file, const std::string& cloud_file) {
  const Progress progress = steps_with_time();
  const Cloud cloud = lab_up(read_lab_file(lab_file), cloud_file, progress);
  progress(fmt::format("lab {} is up: {} nodes, cloud file {}", cloud.name, cloud.nodes.size(), cloud_file));
  return kPassed;
}

int lab_down_command(const std::string& lab) {
  const Progress progress = steps_with_time();
  const std::string name = lab.empty() && lab_names().empty() ? "" : lab_name(lab);
  if (!name.empty()) lab_down(name, progress);
  progress(name.empty() ? "no lab is up" : fmt::format("lab {} is down", name));
  return kPassed;
}

int lab_status_command(const std::string& lab) {
  const std::string name = lab_name(lab);
  const std::string defect = planted_defect(name);
  if (!defect.empty()) std::puts(fmt::format("planted: {}", defect).c_str());
  std::puts(fmt::format("lab {}\n{:<10} {:<8} {:<9} {:<16} {:<5} {:<7} {}", name, "node", "site", "domain", "address", "ssh",
                        "bmc", "galera")
                .c_str());
  for (const NodeStatus& node : lab_status(name))
    std::puts(fmt::format("{:<10} {:<8} {:<9} {:<16} {:<5} {:<7} {}", node.node, node.site, node.domain, node.address,
                          node.ssh ? "yes" : "no", node.bmc, node.galera)
                  .c_str());
  return kPassed;
}

int lab_bmc_command(const std::string& lab, const std::string& node, const std::string& mode) {
  lab_set_bmc(lab_name(lab), node, mode, steps_with_time());
  std::puts(fmt::format("the BMC of {} is {}", node, mode).c_str());
  return kPassed;
}

int lab_plant_command(const std::string& lab, const std::string& file) {
  const Progress progress = steps_with_time();
  plant_defect(lab_name(lab), file, progress);
  progress(fmt::format("{} is planted: {}", read_defect(file).name, read_defect(file).mistake));
  return kPassed;
}

int lab_unplant_command(const std::string& lab) {
  const Progress progress = steps_with_time();
  const std::string name = lab_name(lab), defect = planted_defect(name);
  remove_defect(name, progress);
  progress(defect.empty() ? "nothing is planted" : defect + " is out again");
  return kPassed;
}

int lab_shell_command(const std::string& lab, const std::string& node, const std::vector<std::string>& command) {
  lab_exec(lab_name(lab), node, command);
}

}  // namespace blackstart
