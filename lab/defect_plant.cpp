#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/defect.h"
#include "lab/lab_folder.h"
#include "lab/lab_wait.h"
#include "lab/openstack_up.h"
#include "lab/service.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr auto kFileLimit = 10s, kRestartLimit = 60s, kAfterLimit = 120s;
constexpr const char* kSound = "/etc/lab/sound";  // on the node: the files as they were

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

// Owner and mode of the file stay: it is written into, not replaced. The sound copy is there as a whole or not at all, since
// put_back() takes whatever it finds.
void write_over(const LabFile& lab, const Changed& changed) {
  const std::string file = shell_quote(changed.file), kept = shell_quote(kSound + changed.file);
  on_node(lab, changed.node, "changing " + changed.file,
          fmt::format("set -e; mkdir -p \"$(dirname {1})\"; cp -p {0} {1}.new; mv {1}.new {1}; cat > {0}", file, kept),
          kFileLimit, changed.text);
}

void put_back(const LabFile& lab, const std::string& node, const std::string& path) {
  const std::string file = shell_quote(path), kept = shell_quote(kSound + path);
  on_node(lab, node, "putting " + path + " back",
          fmt::format("set -e; if [ -e {1} ]; then cp -p {1} {0}; rm {1}; fi", file, kept), kFileLimit);
}

// One node after the other, so that what runs in several loses none of its majorities.
void start_anew(const LabFile& lab, const std::vector<Place>& places, const Progress& progress) {
  for (const Place& place : places) {
    std::vector<std::string> units;
    for (const Service& service : place.services) units.emplace_back(service.name);
    progress(fmt::format("{}: starting {} anew", place.node.name, fmt::join(units, ", ")));
    on_node(lab, place.node.name, "starting services anew", fmt::format("systemctl restart {}", fmt::join(units, " ")),
            kRestartLimit);
    wait_for_services(lab, place.node, place.services);
  }
}

void run_after(const LabFile& lab, const Place& place, const std::string& command) {
  if (!command.empty()) on_node(lab, place.node.name, "running '" + command + "'", command, kAfterLimit);
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
  const std::vector<Changed> all = changes(lab, defect, places);
  write_file(LabFolder(name).defect(), yaml::slurp(file));
  try {
    for (const Changed& changed : all) write_over(lab, changed);
    if (!defect.edits.empty()) start_anew(lab, places, progress);
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
  for (const Place& place : places)
    for (const std::string& file : files_of(defect)) put_back(lab, place.node.name, file);
  if (!defect.edits.empty()) start_anew(lab, places, progress);
  run_after(lab, places.front(), defect.after_removal);
  fs::remove(LabFolder(name).defect());
}

}  // namespace blackstart
