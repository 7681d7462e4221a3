// Planted defects: mistakes that real clouds have, put into a running lab and taken out again.
//
// Purpose: what lab/defects/*.yaml say, and the two orders `blackstart lab plant` and `blackstart lab unplant`. A rehearsal
// that passes on a defect that is planted for it is a fault of ours. Ownership: plain values; what is planted stands in the
// lab's folder, the sound files on its nodes (lab/defect_files.h). Thread rule: as lab/lab.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/lab.h"

namespace blackstart {

struct Defect {
  struct Edit {
    std::string file;  // absolute, on the node
    std::string find;  // each occurrence; there must be one
    std::string with;  // stands there instead
  };
  struct NewFile {
    std::string file;  // absolute, on the node; must not be there before
    std::string text;
  };
  std::string name;
  std::string mistake;                // what is wrong, for people
  std::vector<std::string> scenario;  // each of these must fail on it
  std::string report;                 // the part that the report must name
  std::vector<std::string> services;  // nodes that run one of them are changed; there they are started anew
  std::vector<Edit> edits;
  std::vector<NewFile> files;
  std::string after, after_removal;  // commands for a shell on the first of the nodes, when the services work again

  void describe(Fields& f);
};

// Strict reading; throws Error(bad_file).
Defect read_defect(const std::filesystem::path& file);
// `text` with the edits of `file`; throws Error(unmet) when it lacks what one of them is to replace.
std::string with_mistakes(const Defect& defect, const std::string& file, std::string text);

// Changes the files, starts the services anew, node after node, and returns when they work. Throws Error: unmet when there is
// a defect already or the lab's files are not what the defect expects (nothing is changed then), or a node does not do as told;
// unreachable when a service does not work afterwards. Once something is changed the defect counts as planted, and the error
// says so: remove_defect() takes out half of one, too.
void plant_defect(const std::string& lab, const std::filesystem::path& file, const Progress& progress);
// Takes out what is planted; without a defect there is nothing to do.
void remove_defect(const std::string& lab, const Progress& progress);
// The name of what is planted; empty without.
std::string planted_defect(const std::string& lab);

}  // namespace blackstart
