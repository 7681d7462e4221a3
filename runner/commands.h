// What the commands of `blackstart` do, as plain functions; the command line itself is read in cli.cpp.
//
// Purpose: each prints for people and returns the exit code (base/error.h). Ownership, thread rule: plain functions;
// run_command takes over SIGINT, SIGTERM and SIGHUP of the process while it runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace blackstart {

int check_command(const std::vector<std::string>& files);
int schema_command(const std::string& kind);
int faults_command(const std::string& name);
int faults_markdown_command();
int probes_command(const std::string& name);

struct RunOptions {
  std::string scenario;  // a file, or a folder of them
  std::string cloud = "cloud.yaml", out = "runs";
  std::optional<std::int64_t> seed, repeat;
  std::string live;  // the name of a cloud that is no lab, typed out
};
int plan_command(const RunOptions& options);
int run_command(const RunOptions& options);
int judge_command(const std::filesystem::path& folder);
// Brings what vantage points still keep of a run, and judges it again.
int fetch_command(const std::filesystem::path& folder);
// A file of operations, or of a replica's rows, as comma-separated values; `accounts`: its accounts instead. kBadFile when it
// is damaged, or holds less than it should; what can be read is printed all the same.
int dump_command(const std::filesystem::path& file, bool accounts);

struct ImportOptions {
  std::string inventory;  // file, "-" for standard input, "" for none
  bool openstack = false;
  std::string os_cloud;  // its name in clouds.yaml; asks OpenStack, too
  std::string name, out = "cloud.yaml";
  std::vector<std::string> sites, racks;  // groups of the inventory
  bool force = false;
};
int cloud_import_command(const ImportOptions& options);

struct CalibrateOptions {
  int outages = 30;
  double longest = 5;  // seconds
  double rate = 1000;  // operations a second
  std::optional<std::uint64_t> seed;
  std::string keep;  // a folder for the record; empty: it is not kept
};
// Measures outages of known length and writes the certificate, unless it asks for less than a certificate takes: that is a
// trial. kInconclusive when it is bad. Forks: before any thread.
int calibrate_command(const CalibrateOptions& options);

// Of this cloud and of this run only, where they are not empty.
int recover_command(const std::string& cloud, const std::string& run);
int status_command();
int halt_command(const std::string& cloud, const std::string& reason);
int resume_command(const std::string& cloud);

int lab_up_command(const std::string& lab_file, const std::string& cloud_file);
int lab_down_command(const std::string& lab);
int lab_status_command(const std::string& lab);
int lab_bmc_command(const std::string& lab, const std::string& node, const std::string& mode);
// Puts a mistake into a running lab (lab/defect.h), and takes it out again.
int lab_plant_command(const std::string& lab, const std::string& file);
int lab_unplant_command(const std::string& lab);
// Without a command: a shell. Becomes the SSH client, and does not return then.
int lab_shell_command(const std::string& lab, const std::string& node, const std::vector<std::string>& command);

// Reads argv, runs the command, turns an Error into one message and its exit code.
int run_cli(int argc, char** argv);

}  // namespace blackstart
