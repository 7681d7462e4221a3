#include "faults/witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <random>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/node_network.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;
constexpr Duration kOpenLimit = 20s;
constexpr Duration kPoll = 50ms;
constexpr Duration kStalled = 500ms;  // more than twice the pace at which is spoken, plus a delayed acknowledgement
constexpr double kFresh = 2;          // seconds: a watch that says nothing new for longer hangs, or is dead

// The number behind `name`.
std::optional<double> value_after(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return std::nullopt;
  double value = 0;
  const char* const begin = text.data() + at + name.size();
  if (std::from_chars(begin, text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// Never used again: a watch that was given up must not be taken for this one.
std::string new_name(const std::string& id, const std::string& target) {
  static std::atomic<int> count = 0;
  return short_name(fmt::format("{} {} {} {} {}", id, target, real_clock().wall(), std::random_device()(), ++count));
}

std::optional<Duration> milliseconds(const Answer& answer, const std::string& name) {
  const auto number = parse_integer(answer.text(name));
  return number ? std::optional<Duration>(std::chrono::milliseconds(*number)) : std::nullopt;
}

// How old what the watch says is, in seconds.
std::optional<double> age(const Answer& answer) {
  const auto then = value_after(answer.text("Stamp"), ""), now = value_after(answer.text("Uptime"), "");
  return then && now ? std::optional<double>(*now - *then) : std::nullopt;
}

}  // namespace

std::vector<Node> witnesses_for(const Cloud& cloud, const std::string& target, const std::vector<std::string>& others,
                                std::size_t most) {
  std::vector<Node> fit;
  std::size_t turn = 0, place = 0;
  const Node* const self = cloud.find(target);
  for (const Node& node : cloud.nodes) {
    if (node.name == target) turn = place;
    ++place;
    if (node.name != target && std::find(others.begin(), others.end(), node.name) == others.end()) fit.push_back(node);
  }
  // Beginning at the target's own place: so that not all targets ask the same one.
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

HeldConnection::HeldConnection(FaultContext context, const Node& from, const Node& target, int port, const Deadline& deadline)
    : context_(context),
      target_(target.name),
      address_(target.data_address()),
      port_(port),
      watched_{from.name, new_name(context.id, target.name)} {
  if (!is_address(address_))
    throw Error(ErrorKind::unmet, fmt::format("opening a connection from {} to {}", from.name, endpoint()),
                "the address is no number", "write the node's data address as a number in cloud.yaml");
  try {
    join_witness(context_, watched_, address_, port_, deadline.sooner(kOpenLimit));
  } catch (const Error&) {
    leave();
    throw;
  }
}

HeldConnection::~HeldConnection() { leave(); }

void HeldConnection::leave() {
  try {
    leave_witness(context_, watched_, Deadline(context_.clock, kCallLimit));
  } catch (const std::exception&) {
    return;  // it ends by itself
  }
}

HeldConnection::Seen HeldConnection::await_open(bool pings, const Deadline& deadline) {
  Seen now;
  const bool there = wait_until(
      [&] {
        now = look(deadline);
        return now.closed || (now.open && (!pings || now.since_ping || !now.no_pings.empty()));
      },
      deadline.sooner(kOpenLimit), kPoll);
  if (there && !now.closed) return now;
  throw Error(ErrorKind::unmet, fmt::format("opening a connection from {} to {} ({})", watched_.node, target_, endpoint()),
              now.closed ? now.words
              : now.open ? "it was accepted, but its pings were not answered in time"
                         : "it was not accepted in time",
              "name a port that the target listens on at its data address");
}

HeldConnection::Seen HeldConnection::look(const Deadline& deadline) {
  const std::string doing = fmt::format("looking at the connection from {} to {}", watched_.node, endpoint());
  const Answer answer = ask_witness(context_, watched_, doing, deadline.sooner(kCallLimit));
  if (!answer.all("Watch").empty()) {
    if (instance_.empty()) return {};  // it has only just joined
    throw Error(ErrorKind::unmet, doing, "the watch has ended");
  }
  if (instance_.empty()) instance_ = answer.text("Instance");
  if (answer.text("Instance") != instance_) throw Error(ErrorKind::unmet, doing, "the watch has ended, another took its place");
  const auto old = age(answer);
  if (!old || *old > kFresh)
    throw Error(ErrorKind::unmet, doing,
                old ? fmt::format("the watch has said nothing for {:.1f} s", *old) : "the watch does not tell its time");
  return seen(answer);
}

HeldConnection::Seen HeldConnection::seen(const Answer& answer) const {
  Seen seen;
  seen.at = context_.clock.now();
  seen.open = answer.text("Open") == "yes";
  seen.closed = !answer.text("Ended").empty();
  seen.since_ping = milliseconds(answer, "Answered");
  seen.unanswered = milliseconds(answer, "Unanswered").value_or(0ms);
  seen.no_pings = answer.text("Trouble");
  const Duration quiet = milliseconds(answer, "Unacknowledged").value_or(0ms);
  seen.stalled = seen.open && !seen.closed && quiet >= kStalled;
  const auto counted = std::chrono::duration_cast<std::chrono::milliseconds>(quiet).count();
  if (seen.closed)
    seen.words = fmt::format("{}: {}: {}", endpoint(), seen.open ? "it has ended" : "not accepted", answer.text("Ended"));
  else if (seen.stalled)
    seen.words = fmt::format("{}: nothing acknowledged for {} ms", endpoint(), counted);
  else if (seen.open)
    seen.words = fmt::format("{}: open, waits for an acknowledgement for {} ms", endpoint(), counted);
  return seen;
}

}  // namespace blackstart
