#include "lab/defect_files.h"

#include <fmt/format.h>

#include "base/process.h"

namespace blackstart {
namespace {

// What a script knows: $file, and its $note, which is written once, as a whole or not at all: the reverse takes what it finds.
std::string with_note(const std::string& file, const std::string& notes, const char* kind, const std::string& script) {
  return fmt::format("set -e; umask 022; mkdir -p {0}; cd {0}; file={1}; note={2}; {3}", shell_quote(notes), shell_quote(file),
                     shell_quote(kind + file), script);
}

constexpr const char* kForgetNote = R"sh(rm "$note"; rmdir -p --ignore-fail-on-non-empty "$(dirname "$note")")sh";

}  // namespace

// Owner and mode of the file stay: it is written into, not replaced.
std::string changes_file(const std::string& file, const std::string& notes) {
  return with_note(file, notes, "sound",
                   R"sh(mkdir -p "$(dirname "$note")"
if [ ! -e "$note" ]; then cp -p "$file" "$note.new"; mv "$note.new" "$note"; fi
cat > "$file")sh");
}

std::string puts_file_back(const std::string& file, const std::string& notes) {
  return with_note(file, notes, "sound",
                   fmt::format(R"sh(if [ -e "$note" ]; then cp -p "$note" "$file"; {}; fi)sh", kForgetNote));
}

std::string tells_whether_there(const std::string& file) {
  return fmt::format("file={}; if [ -e \"$file\" ] || [ -L \"$file\" ]; then echo there; fi", shell_quote(file));
}

// The note says which folder was the first to be missing.
std::string makes_file(const std::string& file, const std::string& notes) {
  return with_note(file, notes, "added",
                   R"sh(made=; folder=$(dirname "$file")
while [ ! -e "$folder" ]; do made=$folder; folder=$(dirname "$folder"); done
mkdir -p "$(dirname "$note")"
if [ ! -e "$note" ]; then printf %s "$made" > "$note.new"; mv "$note.new" "$note"; fi
mkdir -p "$(dirname "$file")"; cat > "$file")sh");
}

std::string takes_file_away(const std::string& file, const std::string& notes) {
  return with_note(file, notes, "added",
                   fmt::format(R"sh(if [ -e "$note" ]; then
rm -f "$file"; made=$(cat "$note")
if [ -n "$made" ]; then rm -rf "$made"; fi
{}; fi)sh",
                               kForgetNote));
}

}  // namespace blackstart
