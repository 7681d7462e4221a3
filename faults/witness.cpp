#include "faults/witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;
constexpr Duration kPoll = 50ms;
constexpr Duration kStalled = 500ms;  // more than twice the pace at which is spoken, plus a delayed acknowledgement

// The number behind `name` in what ss or ping printed.
std::optional<double> value_after(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return std::nullopt;
  double value = 0;
  const char* const begin = text.data() + at + name.size();
  if (std::from_chars(begin, text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// What the unit runs; without '$' and '%', which systemd expands. A read of an empty pipe waits without a process of its own:
// many watches may run on one node. It speaks as long as somebody looks. Once the connection has ended it stays a while, so
// that this is told from a watch whose time is up.
std::string watch_script(const std::string& folder, const std::string& address, int port) {
  return fmt::format(
      "cd {0} || exit 1; : >look; exec 2>trouble 4<> <(:); ping -n -D -i 0.2 {1} >ping & "
      "if exec 3<>/dev/tcp/{1}/{2}; then echo yes >open; "
      "while find look -newermt '20 seconds ago' | grep -q .; do "
      "for i in 1 2 3 4 5; do printf S >&3 || break 2; read -t 0.2 -u 4; done; done; fi; "
      "echo yes >ended; while find look -newermt '20 seconds ago' | grep -q .; do read -t 0.5 -u 4; done",
      folder, address, port);
}

// One round trip: is the watch there, is the connection open, what did ping say last, and our socket as ss shows it.
constexpr const char* kLook =
    "cd {0} 2>/dev/null || {{ printf 'Watch=gone\\nEnd=1\\n'; exit 0; }}; : >look; p=$(systemctl show -p MainPID --value {1}); "
    "s=$(ss -Htinp dst '{2}') || exit 1; o=no; [ ! -e open ] || o=yes; e=no; [ ! -e ended ] || e=yes; "
    "printf 'Watch=there\\nPid=%s\\nOpen=%s\\nEnded=%s\\nNow=%s\\nPing=%s\\nTrouble=%s\\n' \"$p\" $o $e $(date +%s.%N) "
    "\"$(grep -a 'time=' ping | tail -n 1)\" \"$(grep -av '^ping' trouble | tail -n 1)\"; "
    "printf '%s\\n' \"$s\" | sed 's/^[^ \\t]/Socket=&/; s/^[ \\t]/Details=&/'; printf 'End=1\\n'";

// "Socket=" of our own process and the "Details=" that follow it, as ss pairs them.
std::string own_socket(const Answer& answer) {
  const auto sockets = answer.all("Socket"), details = answer.all("Details");
  const std::string pid = fmt::format("pid={},", answer.number("Pid"));
  for (std::size_t i = 0; i < sockets.size() && i < details.size(); ++i)
    if (sockets[i].find(pid) != std::string::npos) return sockets[i] + " " + details[i];
  return "";
}

// Bytes that wait for their acknowledgement: ss's third column.
std::int64_t unacknowledged(const std::string& socket) {
  std::istringstream words(socket);
  std::string state;
  std::int64_t received = 0, sent = 0;
  words >> state >> received >> sent;
  return words ? sent : 0;
}

std::optional<Duration> since_ping(const Answer& answer) {
  const auto then = value_after(answer.text("Ping"), "["), now = value_after(answer.text("Now"), "");
  if (!then || !now) return std::nullopt;
  return std::max(Duration{0}, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*now - *then)));
}

}  // namespace

std::vector<Node> witnesses_for(const Cloud& cloud, const std::string& target, const std::vector<std::string>& others,
                                std::size_t most) {
  std::vector<Node> fit;
  std::size_t turn = 0;
  const Node* const self = cloud.find(target);
  for (const Node& node : cloud.nodes) {
    if (node.name == target) turn = fit.size();
    if (node.name != target && std::find(others.begin(), others.end(), node.name) == others.end()) fit.push_back(node);
  }
  // Beginning behind the target: so that not all targets ask the same one.
  if (!fit.empty()) std::rotate(fit.begin(), fit.begin() + static_cast<std::ptrdiff_t>(turn % fit.size()), fit.end());
  std::stable_partition(fit.begin(), fit.end(), [&](const Node& node) { return self == nullptr || node.site != self->site; });
  if (fit.size() > most) fit.resize(most);
  return fit;
}

PingSeen ping(FaultContext context, const std::string& from, const std::string& address, const Deadline& deadline) {
  const std::string doing = fmt::format("pinging {} from {}", address, from);
  const CommandResult result =
      context.remote.run(from, "ping -n -c 1 -W 1 " + shell_quote(address), deadline.sooner(kCallLimit));
  if (const auto time = value_after(result.out, "time="); result.ok() && time) return {true, *time};
  if (result.exit_code == 127)
    throw Error(ErrorKind::unmet, doing, "there is no ping on " + from, "install iputils-ping there");
  // 1: no answer. 2 is anything else, of which no route is the same to us.
  if (result.exit_code == 1 || result.err.find("nreachable") != std::string::npos) return {};
  throw Error(ErrorKind::unmet, doing, result.trouble());
}

std::string HeldConnection::endpoint() const {
  return fmt::format(fmt::runtime(address_.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), address_, port_);
}

std::string HeldConnection::folder() const { return "/run/" + unit_; }

HeldConnection::HeldConnection(FaultContext context, const Node& from, const Node& target, int port, const Deadline& deadline)
    : context_(context),
      from_(from.name),
      address_(target.data_address()),
      unit_("blackstart-witness-" + short_name(fmt::format("{} {} {}", context.id, target.name, port))),
      port_(port) {
  const std::string doing = fmt::format("opening a connection from {} to {} ({})", from_, target.name, endpoint());
  if (address_.find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos)
    throw Error(ErrorKind::unmet, doing, "the address is no number", "write the node's data address as a number in cloud.yaml");
  context_.remote.check(
      doing, from_,
      fmt::format("systemctl stop {0}.service 2>/dev/null; systemd-run --quiet --collect --service-type=exec --unit={0} "
                  "-p RuntimeDirectory={0} -p RuntimeMaxSec=120 -p KillSignal=SIGKILL /bin/bash -c {1}",
                  unit_, shell_quote(watch_script(folder(), address_, port_))),
      deadline.sooner(kCallLimit));
  std::string trouble = "it was not accepted in time";
  const bool open = wait_until(
      [&] {
        const Seen now = look(deadline);
        if (now.closed) trouble = now.words;
        return now.closed || !now.words.empty();
      },
      deadline.sooner(kCallLimit), kPoll);
  if (open && trouble == "it was not accepted in time") return;
  context_.remote.run(from_, fmt::format("systemctl stop {}.service", unit_), deadline.sooner(kCallLimit));
  throw Error(ErrorKind::unmet, doing, trouble, "name a port that the target listens on at its data address");
}

HeldConnection::~HeldConnection() {
  try {
    context_.remote.run(from_, fmt::format("systemctl stop {}.service", unit_), Deadline(context_.clock, kCallLimit));
  } catch (const std::exception&) {
    return;  // it ends by itself
  }
}

HeldConnection::Seen HeldConnection::look(const Deadline& deadline) {
  const std::string doing = fmt::format("looking at the connection from {} to {}", from_, endpoint());
  const Answer answer(context_.remote, doing, from_, fmt::format(kLook, folder(), unit_ + ".service", endpoint()),
                      deadline.sooner(kCallLimit));
  if (answer.text("Watch") == "gone") throw Error(ErrorKind::unmet, doing, "the watch has ended");
  Seen seen;
  seen.at = context_.clock.now();
  seen.since_ping = since_ping(answer);
  const std::string socket = own_socket(answer);
  const bool open = answer.text("Open") == "yes";
  if (answer.text("Ended") == "yes" || (open && !socket.starts_with("ESTAB"))) {
    seen.closed = true;
    seen.words = fmt::format("{}: {}", endpoint(), open ? "it has ended" : answer.text("Trouble"));
  } else if (open) {
    const double quiet = value_after(socket, "lastack:").value_or(0);
    seen.stalled = unacknowledged(socket) > 0 && quiet >= std::chrono::duration<double, std::milli>(kStalled).count();
    seen.words = seen.stalled ? fmt::format("{}: nothing acknowledged for {:.0f} ms", endpoint(), quiet)
                              : fmt::format("{}: open, acknowledged {:.0f} ms ago", endpoint(), quiet);
  }
  return seen;
}

}  // namespace blackstart
