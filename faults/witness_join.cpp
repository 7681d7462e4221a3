#include "faults/witness_join.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string_view>

#include "base/error.h"
#include "base/process.h"

namespace blackstart {
namespace embedded {
std::string_view faults_witness_py();
}
namespace {

constexpr const char* kFolder = "/run/blackstart-witness";  // stays, with the lock in it

const std::string& program() {
  static const std::string text(embedded::faults_witness_py());
  return text;
}

// Runners of other versions have a process of their own.
const std::string& folder() {
  static const std::string path = fmt::format("{}/{}", kFolder, short_name(program()));
  return path;
}

// Of targets that join at the same moment one starts the program, and the others then find it running.
struct Starts {
  std::timed_mutex turn;
  std::atomic<int> count = 0;
};
Starts& starts_on(const std::string& node) {
  static std::mutex guard;
  static std::map<std::string, Starts> all;
  const std::lock_guard lock(guard);
  return all[node];
}

// Alive: 0 when nobody holds its lock, 1 when it runs.
constexpr const char* kJoin =
    "umask 077; mkdir -p {0} && {{ flock -w 8 9 && mkdir -p {1} && echo '{3} {4}' >{1}/{2}.new && "
    "mv {1}/{2}.new {1}/{2}.wish || exit 1; flock -n {1}/alive true; a=$?; }} 9>{0}/lock && printf 'Alive=%s\\nEnd=1\\n' $a";

// systemd-run returns when the program has taken its lock, so that nobody else starts it meanwhile.
constexpr const char* kStart =
    "umask 077; {{ flock -w 8 9 || exit 1; flock -n {1}/alive true; case $? in 0) ;; 1) exit 0;; *) exit 1;; esac; "
    "printf '%s' {3} >{1}/witness.py && systemd-run --quiet --collect --service-type=notify --unit=blackstart-witness-{2} "
    "-p TimeoutStartSec=8 -p RuntimeMaxSec=3600 -p LimitNOFILE=65536 python3 -I -S {1}/witness.py {1}; }} 9>{0}/lock";

constexpr const char* kAsk =
    "cd {0} 2>/dev/null && touch -c {1}.wish && cat {1}.state 2>/dev/null || echo Watch=gone; "
    "read -r u r </proc/uptime; printf 'Uptime=%s\\nEnd=1\\n' \"$u\"";

bool runs_after_joining(FaultContext context, const Watched& watched, const std::string& doing, const std::string& address,
                        int port, const Deadline& deadline) {
  SharedRemote shared(context.remote);
  const Answer answer(shared, doing, watched.node, fmt::format(kJoin, kFolder, folder(), watched.name, address, port),
                      deadline);
  const std::int64_t alive = answer.number("Alive");
  if (alive != 0 && alive != 1) throw Error(ErrorKind::unmet, doing, "flock does not work there", "it comes with util-linux");
  return alive == 1;
}

}  // namespace

void join_witness(FaultContext context, const Watched& watched, const std::string& address, int port,
                  const Deadline& deadline) {
  const std::string doing = fmt::format("starting to watch {} from {}", address, watched.node);
  Starts& starts = starts_on(watched.node);
  for (;;) {
    const int before = starts.count;
    if (runs_after_joining(context, watched, doing, address, port, deadline)) return;
    const std::unique_lock turn(starts.turn, deadline.left());
    if (!turn.owns_lock()) throw Error(ErrorKind::unreachable, doing, "another was still starting it at the deadline");
    if (starts.count != before) continue;
    context.remote.check(doing, watched.node, fmt::format(kStart, kFolder, folder(), watched.name, shell_quote(program())),
                         deadline);
    ++starts.count;
    return;
  }
}

Answer ask_witness(FaultContext context, const Watched& watched, const std::string& doing, const Deadline& deadline) {
  SharedRemote shared(context.remote);
  return {shared, doing, watched.node, fmt::format(kAsk, folder(), watched.name), deadline};
}

void leave_witness(FaultContext context, const Watched& watched, const Deadline& deadline) {
  context.remote.check("ending the watch on " + watched.node, watched.node,
                       fmt::format("rm -f {0}/{1}.wish {0}/{1}.state", folder(), watched.name), deadline);
}

}  // namespace blackstart
