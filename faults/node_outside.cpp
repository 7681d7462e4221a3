#include "faults/node_outside.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "faults/witness.h"

namespace blackstart {
namespace {

// Long enough for one more try of TCP's after a lost packet, which comes after a second.
constexpr Duration kPatience = 1500ms;
// A container is back within a second: its absence must be seen in between.
constexpr Duration kShort = 300ms;
constexpr Duration kLongest = 5s;  // for a machine that is slow, but speaks
constexpr Duration kWitness = 5s;
constexpr Duration kGlance = 20ms;
constexpr int kInARow = 2;
constexpr std::size_t kCandidates = 3;

}  // namespace

std::string NodeOutside::where() const {
  return fmt::format("the SSH server of {} ({}:{})", node_.name, node_.address, node_.ssh_port);
}

NodeOutside::Attempt NodeOutside::attempt(Duration limit) {
  const Deadline until(context_.clock, limit);
  TcpAttempt tried = context_.tcp.connect(node_.address, static_cast<int>(node_.ssh_port), until);
  Attempt seen;
  seen.connected = tried.connection != nullptr;
  seen.speaks = seen.connected && tried.connection->answers(until);
  seen.silent = tried.silent || tried.no_host;
  seen.refused = tried.refused;
  seen.words = seen.speaks ? "answers" : seen.connected ? "accepts a connection but does not speak" : tried.why;
  return seen;
}

void NodeOutside::preflight(const Deadline& deadline) {
  const Time began = context_.clock.now();
  const Attempt seen = attempt(kLongest);
  usual_ = context_.clock.now() - began;
  if (!seen.speaks)
    throw Error(ErrorKind::unmet, "connecting to " + where(), seen.words, "the runner needs it to see whether the node works");
  for (const Node& candidate : witnesses_for(context_.cloud, node_.name, context_.together, kCandidates)) {
    try {
      if (!ping(context_, candidate.name, node_.data_address(), deadline).answered) continue;
      witness_ = candidate;
      return;
    } catch (const Error&) {
      continue;  // the runner itself is a third party; a second one is a gain where there is one
    }
  }
}

void NodeOutside::hold(const Deadline& deadline) {
  TcpAttempt tried = context_.tcp.connect(node_.address, static_cast<int>(node_.ssh_port), deadline.sooner(kLongest));
  held_ = std::move(tried.connection);
  if (!held_ || !held_->answers(deadline.sooner(kLongest)))
    throw Error(ErrorKind::unmet, "opening a connection to " + where(), held_ ? "it does not speak" : tried.why);
}

Piece NodeOutside::silent() {
  return piece("runner", where() + " gives no answer to a connection", [this, row = 0](Evidence& evidence) mutable {
    const Attempt seen = attempt(kPatience);
    row = seen.silent ? row + 1 : 0;
    evidence.observed = fmt::format("{} ({} in a row)", seen.words, row);
    return row >= kInARow;
  });
}

std::optional<Piece> NodeOutside::unanswered_pings() {
  if (!witness_) return std::nullopt;
  const std::string expected = fmt::format("{} ({}) does not answer pings", node_.name, node_.data_address());
  return piece(witness_->name, expected, [this, row = 0](Evidence& evidence) mutable {
    witness_lost_ = true;
    const PingSeen seen = ping(context_, witness_->name, node_.data_address(), Deadline(context_.clock, kWitness));
    witness_lost_ = false;
    row = seen.answered ? 0 : row + 1;
    evidence.observed =
        seen.answered ? fmt::format("answered after {:.1f} ms", seen.milliseconds) : fmt::format("{} unanswered in a row", row);
    return row >= kInARow;
  });
}

bool NodeOutside::held_has_ended() { return held_ && held_->closed_by(Deadline(context_.clock, kGlance)).has_value(); }

bool NodeOutside::look_for_interruption(Evidence& evidence) {
  if (!was_interrupted()) {
    if (held_has_ended()) {
      interruption_ = "the open connection ended";
    } else if (const Attempt seen = attempt(kShort); seen.silent || seen.refused) {
      interruption_ = "a new connection: " + seen.words;
    } else {
      evidence.observed = seen.words;
      return false;
    }
    interrupted_ = context_.clock.now();
  }
  evidence.observed = interruption_;
  evidence.at = interrupted_;
  return true;
}

Piece NodeOutside::interrupted() {
  return piece("runner", where() + " ends an open connection or does not accept a new one",
               [this](Evidence& evidence) { return look_for_interruption(evidence); });
}

Piece NodeOutside::mute() {
  return piece("runner", where() + " does not speak any more", [this](Evidence& evidence) {
    const Attempt seen = attempt(std::max(kPatience, 4 * usual_));
    evidence.observed = seen.words;
    return !seen.speaks && (seen.connected || seen.silent);
  });
}

bool NodeOutside::away(std::string& words) {
  if (node_.address.empty()) return true;
  const Attempt seen = attempt(kLongest);
  words = seen.words;
  return seen.silent || seen.refused || (seen.connected && !seen.speaks);
}

Piece NodeOutside::speaks() {
  return piece("runner", where() + " answers", [this](Evidence& evidence) {
    const Attempt seen = attempt(kLongest);
    evidence.observed = seen.words;
    return seen.speaks;
  });
}

}  // namespace blackstart
