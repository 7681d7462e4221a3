// The configuration files that a running process names, and how they come over.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "probes/live_readers.h"

namespace blackstart::live {
namespace {

// Files are read where the process sees them (a container has a root of its own), but those of the host's own as they are: a
// process may have left its root (chroot) since. Each line is led by a blank, so that no file can say what only the script may.
// Secrets stay where they are: of lines only those that are `wanted` leave the node, and no passwords.
constexpr const char* kShow = R"sh(
show_files() {
  pid=$1 wanted=$2
  root=/proc/$pid/root
  if [ "$(readlink /proc/$pid/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ]; then root=; fi
  age=$(ps -o etimes= -p $pid)
  began=$(($(date +%s) - ${age:-0}))
  while IFS= read -r file; do
    case $file in /*) ;; *) file=$(readlink "/proc/$pid/cwd")/$file ;; esac
    if [ -d "$root$file" ]; then
      set -- "$root$file"/*.cfg
      [ -e "$1" ] || set -- "$root$file"/*.conf
      [ -e "$1" ] || continue
    else
      set -- "$root$file"
    fi
    for one; do
      [ -r "$one" ] || { echo "$file can't be read" >&2; exit 5; }
      new=; [ "$(stat -L -c %Y "$one")" -le "$began" ] || new=changed
      printf 'file %s %s\n' "${new:-same}" "${one#"$root"}"
      head -c 1000000 "$one" | grep -aE "$wanted" |
        sed -E 's/((auth_pass|password|stats[[:space:]]+auth)[[:space:]]+)[^[:space:]}]+/\1-/g; s/^/ /'
      echo
    done
  done
}
)sh";

// One a line. Neutron's processes set a title (setproctitle): then there is but one argument, "neutron-dhcp-agent
// (/usr/bin/python3 /usr/bin/neutron-dhcp-agent --config-file=…)", or without that name before it, and blanks are all that is
// left between the real ones. uWSGI is given those of the program that it serves in one.
constexpr const char* kArguments = R"sh(
arguments() {
  tr '\0' '\n' <"$1" | awk '
    function apart(text) { n = split(text, words, " "); for (i = 1; i <= n; i++) print words[i] }
    NR == 1 && / / { sub(/^[^\/(]*\(/, ""); sub(/\)$/, ""); apart($0); next }
    python { apart($0); python = 0; next }
    $0 == "--pyargv" { python = 1 }
    sub(/^--pyargv=/, "") { apart($0); next }
    { print }'
}
)sh";

constexpr std::size_t kMostLines = 100'000;

std::string rest_of(const std::string& line, std::size_t from) { return line.size() > from ? line.substr(from) : ""; }

}  // namespace

void not_understood(const std::string& what, const std::string& why) { throw Error(ErrorKind::unmet, "reading " + what, why); }

std::string ConfigFile::source() const { return path + (changed ? ", changed since the process began" : ""); }

std::string config_command(const std::string& process, const std::string& otherwise) {
  return fmt::format(R"sh({}
pid=$(pgrep -xo {}) || {{ echo 'no process {}' >&2; exit 4; }}
printf 'process %s\n' {}
files=$(tr '\0' '\n' </proc/$pid/cmdline | awk 'take {{ print; take = 0; next }} $0 == "-f" || $0 == "--use-file" {{ take = 1; next }}
  sub(/^--use-file=/, "") {{ print }}')
printf '%s\n' "${{files:-{}}}" | show_files $pid ''
)sh",
                     kShow, process, process, process, otherwise);
}

std::string oslo_command(const std::string& project) {
  return fmt::format(R"sh({0}{2}
seen=' '
for entry in $(grep -lzE '/{1}-[a-z-]+($|[ )])' /proc/[0-9]*/cmdline 2>/dev/null); do
  pid=${{entry#/proc/}}; pid=${{pid%/cmdline}}
  name=$(arguments $entry | sed -n 's,.*/\({1}-[a-z-]*\)$,\1,p' | head -n 1)
  case $seen in *" $name "*) continue ;; esac
  [ -n "$name" ] || continue
  seen="$seen$name "
  printf 'process %s\n' "$name"
  files=$(arguments $entry | awk 'take {{ print; take = 0; next }} $0 == "--config-file" || $0 == "--config-dir" {{ take = 1; next }}
    sub(/^--config-(file|dir)=/, "") {{ print }}')
  if [ -z "$files" ]; then
    root=/proc/$pid/root
    for one in /etc/{1}/{1}.conf "/etc/{1}/$name.conf" /etc/{1}/{1}.conf.d "/etc/{1}/$name.conf.d"; do
      if [ -e "$root$one" ]; then files="$files$one
"; fi
    done
  fi
  [ -z "$files" ] || printf '%s\n' "$files" | grep . | show_files $pid '^[[:space:]]*(\[|report_interval|service_down_time|agent_down_time)' || exit
done
)sh",
                     kShow, project, kArguments);
}

std::vector<ConfiguredProcess> read_processes(const std::string& printed) {
  std::vector<ConfiguredProcess> all;
  std::istringstream in(printed);
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    if (lines == kMostLines) not_understood("configuration files", "they have more than 100,000 lines");
    if (line.rfind("process ", 0) == 0)
      all.push_back({rest_of(line, 8), {}});
    else if (!all.empty() && (line.rfind("file same ", 0) == 0 || line.rfind("file changed ", 0) == 0))
      all.back().files.push_back({rest_of(line, line.find(' ', 5) + 1), line[5] == 'c', {}});
    else if (line.rfind(' ', 0) == 0 && !all.empty() && !all.back().files.empty())
      all.back().files.back().lines.push_back(line.substr(1));
    else if (!line.empty())
      not_understood("configuration files", "the node printed something else: " + line.substr(0, 80));
  }
  return all;
}

}  // namespace blackstart::live
