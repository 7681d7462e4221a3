// What the lab tests share: the product is used as a user uses it, by its command line, against the lab that ctest brings up.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/process.h"
#include "lab/cloud.h"
#include "tests/support/text_folder.h"

namespace blackstart::rehearsal {

// A folder in which `blackstart` is used; it holds the state folder (BLACKSTART_STATE) of every command too.
struct Workplace : TextFolder {
  std::vector<std::string> environment() const;
  // `blackstart ARGUMENTS…`
  ProcessResult blackstart(std::vector<std::string> arguments, Duration limit = 240s) const;

  struct Run {
    ProcessResult process;
    std::filesystem::path folder;  // the run folder, by runs/latest
    nlohmann::json record;         // record.json
    std::string verdict() const { return record.at("verdict"); }
    std::string reasons() const;
  };
  Run rehearse(const std::string& scenario, std::vector<std::string> more = {}) const;
  // Reads what the newest run left.
  Run latest() const;
};

// The cloud file of the lab that the tests use.
std::filesystem::path cloud_file();
Cloud cloud();
// Runs a shell command on a node as root; requires success and returns its output.
std::string on_node(const std::string& node, const std::string& command);
// Waits until it prints exactly this.
void wait_on_node(const std::string& node, const std::string& command, const std::string& output, Duration limit = 60s);
// The lab is whole again: all replicas in sync, the units of earlier tests running.
void require_whole_lab();
// As before, and for four seconds on end: a node that was cut off a moment ago looks whole until the others give it up after 3
// s (evs.suspect_timeout).
void require_steady_lab();

// All that the lab of this lab file has left on its host, one line each; empty when it is gone.
std::string traces(const std::filesystem::path& lab_file);

// A scenario with a bank, these steps and objectives.
std::string scenario(const std::string& steps, const std::string& more = "");

}  // namespace blackstart::rehearsal
