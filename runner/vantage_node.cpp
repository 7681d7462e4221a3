#include "runner/vantage_node.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/process.h"
#include "probes/vantage_spec.h"

namespace blackstart {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostPolled = 4 << 20;  // bytes in one answer
constexpr int kNotRemoved = 75;                 // exit code of a check whose files stayed; the program itself has no such

// Of one input, one behind the other: `head -c` reads no byte of the next one.
std::string writing(const VantageFiles& files, const std::string& folder) {
  std::string command = "umask 077; mkdir -p " + shell_quote(folder);
  for (const VantageFile& file : files)
    command += fmt::format(" && head -c {} > {}/{}", file.text.size(), shell_quote(folder), file.name);
  return command;
}

std::string input_of(const VantageFiles& files) {
  std::string input;
  for (const VantageFile& file : files) input += file.text;
  return input;
}

std::string run_on(Remote& remote, const std::string& doing, const std::string& node, const std::string& command,
                   const std::string& input, const Deadline& deadline) {
  CommandResult result = remote.run_with_input(node, command, input, deadline);
  if (!result.ok()) throw Error(ErrorKind::unmet, doing, result.trouble());
  return std::move(result.out);
}

std::optional<VantageState::End> end_of(const json& ended) {
  if (ended.is_null()) return std::nullopt;
  VantageState::End end;
  end.stopped = Time(ended.at("stopped").get<std::int64_t>());
  ended.at("planned").get_to(end.planned);
  ended.at("trouble").get_to(end.trouble);
  return end;
}

VantageState state_of(const json& head) {
  VantageState state;
  head.at("boot").get_to(state.boot);
  state.now = Time(head.at("now").get<std::int64_t>());
  state.rate = head.value("rate", 0.0);
  if (!(std::abs(state.rate) < 1)) throw std::invalid_argument("its clock has no such rate");
  head.at("alive").get_to(state.alive);
  head.at("size").get_to(state.size);
  if (const json& started = head.at("started"); !started.is_null())
    state.started = Time(started.at("started").get<std::int64_t>());
  state.ended = end_of(head.at("ended"));
  return state;
}

}  // namespace

VantageAnswer parse_poll(const std::string& node, const std::string& out) {
  const std::size_t line = out.find('\n');
  try {
    if (line == std::string::npos) throw std::invalid_argument("its answer has no line");
    VantageAnswer answer;
    answer.state = state_of(json::parse(out.substr(0, line)));
    answer.bytes = out.substr(line + 1);
    return answer;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::unmet, "asking the vantage point on " + node, error.what());
  }
}

std::string VantageNode::program(const std::string& arguments) const {
  return fmt::format("LD_LIBRARY_PATH={0} exec {0}/blackstart-probe {1}", shell_quote(place_.program), arguments);
}

void VantageNode::install(const ProbeBundle& bundle, const Deadline& deadline) {
  const std::string doing = "putting the probe's program on " + place_.node, program = shell_quote(place_.program);
  const std::string there = remote_.check(
      doing, place_.node, fmt::format("[ -x {}/blackstart-probe ] && echo there || echo missing", program), deadline);
  if (there == "there\n") return;
  run_on(remote_, doing, place_.node,
         fmt::format(
             "umask 077; rm -rf {0}.new && mkdir -p {0}.new && tar -xzf - -C {0}.new && sync && rm -rf {0} && mv {0}.new {0}",
             program),
         archive_of(bundle), deadline);
}

void VantageNode::put(const VantageFiles& files, const Deadline& deadline) {
  run_on(remote_, fmt::format("telling {} on {} what to send", place_.probe, place_.node), place_.node,
         writing(files, place_.folder), input_of(files), deadline);
}

// One command that has no terminal: it goes on to its end when the connection breaks, or the runner is killed.
void VantageNode::check(const VantageFiles& files, const Deadline& deadline) {
  const std::string folder = shell_quote(place_.folder);
  const CommandResult result =
      remote_.run_with_input(place_.node,
                             fmt::format("{} && ( {} ); code=$?; rm -rf {} || exit {}; exit $code",
                                         writing(files, place_.folder), program("check " + folder), folder, kNotRemoved),
                             input_of(files), deadline);
  const std::string doing = fmt::format("checking whether {} can be sent from {}", place_.probe, place_.node);
  if (result.signal.empty() && result.exit_code == kNotRemoved)
    throw Error(ErrorKind::unmet, doing, "what it was told for that could not be removed: " + result.trouble());
  if (!result.ok()) throw Error(ErrorKind::unmet, doing, result.trouble());
  // A program that lost its content with the node's power does nothing, and does that well.
  if (result.out != vantage_folder::kReady)
    throw Error(ErrorKind::unmet, doing, "its program does not answer",
                fmt::format("remove {} on {}: it is copied again then", place_.program, place_.node));
}

// Not a child of the session: it goes on when the connection breaks.
void VantageNode::launch(const Deadline& deadline) {
  const std::string log =
      fmt::format("{} >>{}/log 2>&1 </dev/null", program("serve " + shell_quote(place_.folder)), shell_quote(place_.folder));
  remote_.check(fmt::format("starting {} on {}", place_.probe, place_.node), place_.node,
                fmt::format("if [ -d /run/systemd/system ]; then systemd-run --quiet --collect --unit={0} /bin/sh -c {1}; "
                            "else setsid -f /bin/sh -c {1} </dev/null >/dev/null 2>&1; fi",
                            shell_quote(place_.unit), shell_quote(log)),
                deadline);
}

void VantageNode::ask_to_stop(const Deadline& deadline) {
  remote_.check(fmt::format("stopping {} on {}", place_.probe, place_.node), place_.node,
                fmt::format("[ ! -d {0} ] || : > {0}/{1}", shell_quote(place_.folder), vantage_folder::kStop), deadline);
}

VantageAnswer VantageNode::poll(std::uint64_t offset, const Deadline& deadline) {
  const std::string command = program(fmt::format("poll {} {} {}", shell_quote(place_.folder), offset, kMostPolled));
  const Time asked = deadline.clock().now();
  const CommandResult result = remote_.run(place_.node, command, deadline);
  const Time answered = deadline.clock().now();
  if (!result.ok()) throw Error(ErrorKind::unmet, "asking the vantage point on " + place_.node, result.trouble());
  VantageAnswer answer = parse_poll(place_.node, result.out);
  answer.asked = asked;
  answer.answered = answered;
  return answer;
}

void VantageNode::remove(const Deadline& deadline) {
  const std::string doing = fmt::format("removing the folder of {} on {}", place_.probe, place_.node);
  try {
    remote_.check(doing, place_.node,
                  fmt::format("flock -w 5 {0}/{1} rm -rf {0} 2>/dev/null || [ ! -e {0} ] || rm -rf {0}",
                              shell_quote(place_.folder), vantage_folder::kLock),
                  deadline);
  } catch (const Error& error) {
    throw Error(
        error.kind(), doing, error.why(),
        fmt::format("{} is left there, with what the probe was told, also the database's password; 'blackstart fetch RUN' "
                    "tries it again, or remove it by hand",
                    place_.folder));
  }
}

}  // namespace blackstart
