// What nodes print, as settings: one parser for each component (live_*.cpp). Foreign bytes: strict and bounded.
//
// Purpose: parsers that need no node. Each throws Error(unmet) that says what it does not understand. Ownership: plain values.
// Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/cloud.h"
#include "reports/live_setting.h"

namespace blackstart::live {

// A process and the configuration files that it names, as a script of config_command() prints them.
struct ConfigFile {
  std::string path;
  bool changed = false;  // after the process began
  std::vector<std::string> lines;
  std::string source() const;  // "/etc/haproxy/haproxy.cfg, changed since the process began"
};
struct ConfiguredProcess {
  std::string name;
  std::vector<ConfigFile> files;
};
std::vector<ConfiguredProcess> read_processes(const std::string& printed);

// A shell script that prints, of the oldest process with exactly this name, the files of its -f (--use-file) options, or else
// this one.
std::string config_command(const std::string& process, const std::string& otherwise);
// The same of each process whose program's name matches, with its --config-file and --config-dir options, or oslo.config's
// places for the project.
std::string oslo_command(const std::string& project);

// keepalived.conf(5): of the instance that has `vip`, and the scripts that it tracks. None: no such instance.
std::vector<LiveSetting> parse_keepalived(const std::string& printed, const std::string& vip);
// HAProxy's configuration manual: the checks of each server; `cloud` tells which node a server is.
std::vector<LiveSetting> parse_haproxy(const std::string& printed, const Cloud& cloud);
// The value of wsrep_provider_options.
std::vector<LiveSetting> parse_galera(const std::string& options);
// What `net_kernel:get_net_ticktime().` evaluates to.
std::vector<LiveSetting> parse_rabbitmq(const std::string& printed);
// report_interval and service_down_time; report_interval and agent_down_time. Empty: none of its processes is there.
std::vector<LiveSetting> parse_nova(const std::string& printed);
std::vector<LiveSetting> parse_neutron(const std::string& printed);

// "PT0.5S", "PT1M30S", "P1D" (ISO 8601), as Galera writes them.
Duration period_of(const std::string& text);

[[noreturn]] void not_understood(const std::string& what, const std::string& why);

}  // namespace blackstart::live
