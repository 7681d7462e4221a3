#include "tests/vms/bystander.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {
namespace {

constexpr Duration kPingPace = 200ms;

// {0}: address, {1}: the unit, whose folder it works in. To nonsense an SSH server answers with a complaint.
constexpr const char* kScript =
    "cd /run/{1}; ping -n -O -i 0.2 {0} >pings & exec 3<>/dev/tcp/{0}/22; read -r -t 20 banner <&3 && : >open; "
    "until [ -e end ]; do sleep 0.1; done; echo nonsense >&3; "
    "if read -r -t 3 answer <&3; then echo alive >connection; else echo dead >connection; fi; sleep 60";

// The longest row of pings that were not answered.
constexpr const char* kEnd =
    "cd /run/{0} && : >end; for i in $(seq 100); do [ -e connection ] && break; sleep 0.1; done; "
    "awk '/time=/ {{ row = 0 }} /no answer yet|nreachable/ {{ if (++row > most) most = row }} END {{ print most + 0 }}' pings; "
    "cat connection; systemctl stop {0}";

}  // namespace

Bystander::Bystander(const std::string& from, const std::string& target) : from_(from), unit_("bystander-" + target) {
  const std::string script = fmt::format(kScript, cloud().find(target)->data_address(), unit_);
  on_node(from_,
          fmt::format("cat >/run/{0}.sh <<'EOF'\n{1}\nEOF\nsystemd-run --quiet --collect --unit={0} -p RuntimeDirectory={0} "
                      "-p KillSignal=SIGKILL bash /run/{0}.sh",
                      unit_, script));
  const std::string look = fmt::format("ls /run/{}/open 2>/dev/null | wc -l", unit_);
  if (!wait_until([&] { return on_node(from_, look) == "1\n"; }, Deadline(real_clock(), 30s), 200ms))
    throw std::runtime_error(fmt::format("{} can't open a connection to {}", from_, target));
}

Bystander::~Bystander() {
  try {
    on_node(from_, fmt::format("systemctl stop {0} 2>/dev/null; rm -f /run/{0}.sh", unit_));
  } catch (const std::exception& error) {
    WARN("ending what watches: " << error.what());
  }
}

Bystander::Seen Bystander::end() {
  std::istringstream told(on_node(from_, fmt::format(kEnd, unit_)));
  Seen seen;
  std::int64_t unanswered = 0;
  told >> unanswered >> seen.connection;
  seen.silent_for = unanswered * kPingPace;
  return seen;
}

}  // namespace blackstart::rehearsal
