// What a defect does to one file of a node, and its reverse, as scripts for a shell there.
//
// Purpose: whatever breaks off, the reverse finds what it needs: /etc/lab/sound has the file as it was, /etc/lab/added says of
// a new file that it is the defect's. Both are there before the file is touched, and go last. Each script may be run again.
// Ownership: none. Thread rule: pure functions.
#pragma once

#include <string>

namespace blackstart {

constexpr const char* kDefectNotes = "/etc/lab";

// `file`: an absolute path; `notes`: the folder that has "sound" and "added". New text is read from the standard input.
std::string changes_file(const std::string& file, const std::string& notes = kDefectNotes);
// Nothing, where it was not changed.
std::string puts_file_back(const std::string& file, const std::string& notes = kDefectNotes);

// Writes a word when something is there.
std::string tells_whether_there(const std::string& file);
// With the folders above it that are missing.
std::string makes_file(const std::string& file, const std::string& notes = kDefectNotes);
// And those folders. Nothing, where it was not made.
std::string takes_file_away(const std::string& file, const std::string& notes = kDefectNotes);

}  // namespace blackstart
