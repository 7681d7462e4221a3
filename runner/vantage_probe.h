// A probe that another node sends: what it stands on is made and audited from here, its operations are sent from there.
//
// Purpose: the runner's side of a vantage point (docs/vantage-points.md). The node goes on when nobody can reach it; what it
// kept is fetched while it can be reached, and the rest at the end. Ownership: owns its SSH session, the thread that fetches,
// and the probe that it stands for; refers to the clock and the sink. Thread rule: as Probe; seen_until() any.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lab/remote.h"
#include "runner/scenario.h"

namespace blackstart {

class VantageProbe : public Probe {
 public:
  // Where the run's folder is; before start().
  virtual void keep_in(const std::filesystem::path& run_folder) = 0;
  // Up to here (run time) each outcome has reached the sink. The sink gets them in about run time, for a live view.
  virtual Time seen_until() const = 0;
  // Writes what the record keeps, once stop() has returned, and takes our files off the node. Throws Error.
  virtual void complete(RecordWriter& record) = 0;
};

struct VantageInput {
  const Scenario& scenario;
  const ProbeStep& step;
  const Cloud& cloud;
  std::filesystem::path program;                     // blackstart-probe
  std::string home = "/var/lib/blackstart-vantage";  // on the node; ours
  Duration patience = std::chrono::seconds(60);      // at the end, for a node that can't be reached
};
// Throws Error(unmet, bad_file).
std::unique_ptr<VantageProbe> make_vantage_probe(const VantageInput& input, std::unique_ptr<Remote> remote);

// The most that a rehearsal can take, by its own limits.
Duration longest_run(const Scenario& scenario);

}  // namespace blackstart
