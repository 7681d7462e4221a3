// One line of events.jsonl for each event, and back: the one place that knows the names of the fields (docs/record.md).
//
// Purpose: keeps the JSON library out of the writer and the reader. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart::events {

// Each returns the whole line with its newline.
std::string line(const RunInfo& info);
std::string line(const Calibration& calibration);
std::string line(const Phase& phase);
std::string line(const Step& step);
std::string line(const std::vector<ObjectiveSpec>& objectives);
std::string probe_started(const ProbeInfo& info, Time started);
std::string probe_stopped(const std::string& probe, Time stopped, const std::vector<std::uint64_t>& planned);
std::string line(const Holders& holders);
std::string line(const VantageClock& clock);
std::string line(const SteadyCheck& check);
std::string line(const Injection& injection);
std::string line(const Evidence& evidence);
std::string line(const GuardTrip& trip);
std::string line(const Redundancy& redundancy);
std::string line(const LiveSettings& settings);
std::string snapshots(const std::string& probe, const std::vector<std::string>& replicas);
std::string resources(const std::string& probe, const std::vector<std::string>& controllers);
std::string problem(const std::string& problem);
std::string finished(Time ended, std::uint32_t crc32c);  // of all lines before it

// What the lines tell, before the files beside them are read.
struct Events {
  Record record;
  std::vector<Evidence> evidence;                               // to be given to its injection
  std::map<std::string, std::vector<std::string>> replicas;     // for each probe: whose rows were written
  std::map<std::string, std::vector<std::string>> controllers;  // the same for its control plane's audit
  std::uint32_t crc32c = 0;                                     // of all lines that were read before this one
  bool sealed = false;                                          // the last line is an end with a checksum
};

// False when the line is none of ours (torn, or of another version); `events` is then untouched.
bool apply(const std::string& line, Events& events);

}  // namespace blackstart::events
