#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/defect.h"
#include "lab/defect_files.h"
#include "lab/lab_folder.h"
#include "lab/lab_wait.h"
#include "lab/openstack_up.h"
#include "lab/service.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr auto kFileLimit = 10s, kRestartLimit = 150s, kAfterLimit = 120s;

// A node that the defect concerns, and its services that read what is changed.
struct Place {
  LabNode node;
  std::vector<Service> services;
};

std::vector<Place> places_of(const LabFile& lab, const Defect& defect) {
  std::vector<Place> places;
  for (const LabNode& node : lab.nodes) {
    Place place{node, services_of(lab, node)};
    std::erase_if(place.services,
                  [&](const Service& s) { return !std::count(defect.services.begin(), defect.services.end(), s.name); });
    if (!place.services.empty()) places.push_back(place);
  }
  if (places.empty())
    throw Error(ErrorKind::unmet, fmt::format("planting {} in the lab {}", defect.name, lab.name),
                fmt::format("no node runs {}", fmt::join(defect.services, " or ")), "choose a lab that does");
  return places;
}

// Those that it edits.
std::set<std::string> files_of(const Defect& defect) {
  std::set<std::string> files;
  for (const Defect::Edit& edit : defect.edits) files.insert(edit.file);
  return files;
}

std::string on_node(const LabFile& lab, const std::string& node, const std::string& doing, const std::string& script,
                    Duration limit, const std::string& input = "") {
  const auto result = run_on_node(lab, node, script, limit, input);
  if (!result.ok())
    throw Error(ErrorKind::unmet, fmt::format("{} on {}", doing, node), result.trouble(),
                "look there: blackstart lab ssh " + node);
  return result.out;
}

struct Changed {
  std::string node, file, text;
};

// Nothing is changed until all of it is known to fit.
std::vector<Changed> changes(const LabFile& lab, const Defect& defect, const std::vector<Place>& places) {
  std::vector<Changed> all;
  for (const Place& place : places)
    for (const std::string& file : files_of(defect)) {
      const std::string text = on_node(lab, place.node.name, "reading " + file, "cat " + shell_quote(file), kFileLimit);
      all.push_back({place.node.name, file, with_mistakes(defect, file, text)});
    }
  return all;
}

void require_absent(const LabFile& lab, const Defect& defect, const std::vector<Place>& places) {
  for (const Place& place : places)
    for (const Defect::NewFile& made : defect.files)
      if (!on_node(lab, place.node.name, "looking for " + made.file, tells_whether_there(made.file), kFileLimit).empty())
        throw Error(ErrorKind::unmet, fmt::format("planting {} on {}", defect.name, place.node.name),
                    made.file + " is there already", "the defect was written for another image of the lab");
}

void write_files(const LabFile& lab, const Defect& defect, const std::vector<Place>& places,
                 const std::vector<Changed>& changed) {
  for (const Place& place : places)
    for (const Defect::NewFile& made : defect.files)
      on_node(lab, place.node.name, "making " + made.file, makes_file(made.file), kFileLimit, made.text);
  for (const Changed& one : changed)
    on_node(lab, one.node, "changing " + one.file, changes_file(one.file), kFileLimit, one.text);
}

// The settings first: they name what the new files bring.
void restore_files(const LabFile& lab, const Defect& defect, const std::vector<Place>& places) {
  for (const Place& place : places) {
    for (const std::string& file : files_of(defect))
      on_node(lab, place.node.name, "putting " + file + " back", puts_file_back(file), kFileLimit);
    for (const Defect::NewFile& made : defect.files)
      on_node(lab, place.node.name, "removing " + made.file, takes_file_away(made.file), kFileLimit);
  }
}

bool touches_files(const Defect& defect) { return !defect.edits.empty() || !defect.files.empty(); }

// One node after the other, so that what runs in several loses none of its majorities.
void start_anew(const LabFile& lab, const std::vector<Place>& places, const Progress& progress) {
  for (const Place& place : places) {
    std::vector<std::string> units;
    for (const Service& service : place.services) units.emplace_back(service.name);
    progress(fmt::format("{}: starting {} anew", place.node.name, fmt::join(units, ", ")));
    // A defect may be one of their units.
    on_node(lab, place.node.name, "starting services anew",
            fmt::format("systemctl daemon-reload && systemctl restart {}", fmt::join(units, " ")), kRestartLimit);
    wait_for_services(lab, place.node, place.services);
  }
}

// OpenStack's own command line speaks to this lab's cloud, as its administrator.
void run_after(const LabFile& lab, const Place& place, const std::string& command) {
  if (command.empty()) return;
  on_node(lab, place.node.name, "running '" + command + "'", fmt::format("export OS_CLOUD={}-admin; {}", lab.name, command),
          kAfterLimit);
}

Error half_planted(const std::string& lab, const Error& error) {
  const std::string look = error.hint().empty() ? "" : "; " + error.hint();
  return Error(error.kind(), error.doing(), error.why() + "; a part of the defect is planted",
               "take it out: blackstart lab unplant " + lab + look);
}

}  // namespace

std::string planted_defect(const std::string& lab) {
  check_lab_name(lab);
  const fs::path file = LabFolder(lab).defect();
  return fs::exists(file) ? read_defect(file).name : "";
}

void plant_defect(const std::string& name, const fs::path& file, const Progress& progress) {
  const Defect defect = read_defect(file);
  check_lab_name(name);
  const LabLock lock(progress);
  const LabFile lab = made_lab(name);
  if (const std::string there = planted_defect(name); !there.empty())
    throw Error(ErrorKind::unmet, fmt::format("planting {} in the lab {}", defect.name, name), there + " is planted there",
                "take it out first: blackstart lab unplant " + name);
  const std::vector<Place> places = places_of(lab, defect);
  require_absent(lab, defect, places);
  const std::vector<Changed> all = changes(lab, defect, places);
  write_file(LabFolder(name).defect(), yaml::slurp(file));
  try {
    write_files(lab, defect, places, all);
    if (touches_files(defect)) start_anew(lab, places, progress);
    run_after(lab, places.front(), defect.after);
  } catch (const Error& error) {
    throw half_planted(name, error);
  }
}

void remove_defect(const std::string& name, const Progress& progress) {
  check_lab_name(name);
  const LabLock lock(progress);
  const LabFile lab = made_lab(name);
  if (planted_defect(name).empty()) return;
  const Defect defect = read_defect(LabFolder(name).defect());
  const std::vector<Place> places = places_of(lab, defect);
  restore_files(lab, defect, places);
  if (touches_files(defect)) start_anew(lab, places, progress);
  run_after(lab, places.front(), defect.after_removal);
  fs::remove(LabFolder(name).defect());
}

}  // namespace blackstart
