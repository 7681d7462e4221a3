#include "faults/looking.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/error.h"

namespace blackstart {
namespace {

void look_once(Piece& piece, Clock& clock) {
  Evidence& evidence = piece.evidence;
  evidence.at = Time{-1};
  try {
    evidence.confirmed = piece.look(evidence);
  } catch (const Error& error) {
    evidence.confirmed = false;
    evidence.observed = error.what();
  }
  if (!evidence.confirmed) evidence.at = Time{-1};
  if (evidence.confirmed && evidence.at < Time{0}) evidence.at = clock.now();
}

std::vector<Evidence> evidence_of(const std::vector<Piece>& pieces) {
  std::vector<Evidence> all;
  for (const Piece& piece : pieces) all.push_back(piece.evidence);
  return all;
}

bool all_seen(const std::vector<Piece>& pieces) {
  return std::all_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.evidence.confirmed; });
}

}  // namespace

Piece piece(const std::string& observer, const std::string& expected, std::function<bool(Evidence&)> look) {
  Piece piece{{}, std::move(look)};
  piece.evidence.observer = observer;
  piece.evidence.expected = expected;
  piece.evidence.observed = "not looked at";
  return piece;
}

std::vector<Evidence> see(std::vector<Piece> pieces, Clock& clock, const Deadline& deadline, Duration pace) {
  wait_until(
      [&] {
        for (Piece& piece : pieces)
          if (!piece.evidence.confirmed) look_once(piece, clock);
        return all_seen(pieces);
      },
      deadline, pace);
  return evidence_of(pieces);
}

std::vector<Evidence> make_absent(const std::function<void()>& order, std::vector<Piece> pieces, Clock& clock,
                                  const Deadline& deadline, Duration pace, Duration again) {
  std::optional<Time> ordered;
  std::string trouble;
  const auto order_once = [&] {
    if (ordered && clock.now() - *ordered < again) return;
    trouble.clear();
    try {
      order();
    } catch (const Error& error) {
      trouble = error.what();
    }
    ordered = clock.now();
  };
  wait_until(
      [&] {
        order_once();
        for (Piece& piece : pieces) look_once(piece, clock);
        return all_seen(pieces);
      },
      deadline, pace);
  for (Piece& piece : pieces)
    if (!piece.evidence.confirmed && !trouble.empty()) piece.evidence.observed += "; the order failed: " + trouble;
  return evidence_of(pieces);
}

void append(std::vector<Evidence>& all, std::vector<Evidence> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

bool all_confirmed(const std::vector<Evidence>& evidence) {
  return !evidence.empty() && std::all_of(evidence.begin(), evidence.end(), [](const Evidence& e) { return e.confirmed; });
}

std::vector<Evidence> not_tried(const std::string& expected, const std::string& why) {
  Evidence evidence;
  evidence.observer = "runner";
  evidence.expected = expected;
  evidence.observed = why;
  return {evidence};
}

}  // namespace blackstart
