#include "probes/redundancy_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr Duration kLook = 4s;  // one that takes longer has not been answered

std::vector<std::string> not_read(const Error& error) {
  return {fmt::format("can't be read: {}: {}", error.doing(), error.why())};
}

}  // namespace

std::vector<std::string> RedundancyWatch::baseline(const Deadline& deadline) {
  try {
    before_ = check_->look(deadline.sooner(2 * kLook));
    return missing_in(before_, before_, kind_.comes_and_goes);
  } catch (const Error& error) {
    // What will not get better by waiting: no rights, no such service.
    if (error.kind() != ErrorKind::unreachable) throw;
    return not_read(error);
  }
}

void RedundancyWatch::start(Clock& clock, Time zero) {
  clock_ = &clock;
  zero_ = zero;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void RedundancyWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

// The next look begins `every` after this one began, or at once when it took longer.
void RedundancyWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Time next = clock_->now() + kind_.every;
    look_once(stop);
    clock_->pause(std::max(Duration(0), next - clock_->now()), stop);
  }
}

void RedundancyWatch::look_once(const std::stop_token& stop) {
  const Time began = clock_->now() - zero_;
  RedundancyLook seen;
  std::vector<std::string> missing;
  bool answered = false;
  try {
    seen = check_->look(Deadline(*clock_, kLook, stop));
    missing = missing_in(seen, before_, kind_.comes_and_goes);
    answered = true;
  } catch (const Error& error) {
    missing = not_read(error);
  } catch (const std::exception& error) {  // an answer that makes no sense
    missing = {fmt::format("can't be read: {}", error.what())};
  }
  if (stop.stop_requested()) return;  // then it was cut short by us
  const std::lock_guard lock(mutex_);
  const Time ended = clock_->now() - zero_;
  parts_.add(began, ended, seen);
  if (!seen.parts.empty()) last_ = std::move(seen), note_signs(began);
  history_.add(began, ended, missing, answered);
}

// What changed between two looks that heard of it may have changed right after the first of them began.
void RedundancyWatch::note_signs(Time began) {
  for (const RedundancyPart& part : last_.parts)
    for (const auto& [who, stamp] : part.signs) {
      Sign& sign = signs_.try_emplace(who, Sign{stamp, Time(-1), began}).first->second;
      if (sign.stamp != stamp) sign = {stamp, sign.heard, began};
      sign.heard = began;
    }
}

std::vector<std::string> RedundancyWatch::silent_since(Time since) const {
  std::vector<std::string> silent;
  for (const RedundancyPart& part : last_.parts)
    for (const auto& [who, stamp] : part.signs)
      if (!stamp.empty() && !part.set_aside && signs_.at(who).after < since)
        silent.push_back(fmt::format("{}: no sign of life since {}", who == part.name ? who : part.name + ": " + who, stamp));
  return silent;
}

bool RedundancyWatch::whole_for(Duration length, Time since) const {
  const std::lock_guard lock(mutex_);
  return history_.whole_for(length, since) && silent_since(since).empty();
}

// The last look may be long ago, too: then nobody knows what has been since. Rounded up: a tenth of a second is enough to tell.
Duration RedundancyWatch::longest_gap() const {
  using Tenths = std::chrono::duration<std::int64_t, std::deci>;
  const Duration since_last = clock_ != nullptr ? clock_->now() - zero_ - history_.looked_from() : Duration(0);
  return std::chrono::ceil<Tenths>(std::max({kind_.every, history_.longest_gap(), since_last}));
}

Redundancy RedundancyWatch::redundancy(Duration length, Time since) const {
  const std::lock_guard lock(mutex_);
  const auto silent = silent_since(since);
  const bool restored = history_.whole_for(length, since) && silent.empty();
  Redundancy now;
  now.what = kind_.name;
  now.restored = restored;
  now.at = history_.looked();
  now.every = longest_gap();
  now.losses = history_.losses();
  now.sayings = parts_.sayings();
  now.single = some_of(single_in(before_));
  if (!history_.missing().empty())
    now.observed = some_of(history_.missing());
  else if (restored)
    now.observed = fmt::format("{0} of {0} {1}", before_.parts.size(), kind_.parts);
  else
    now.observed = silent.empty() ? "not whole for long enough yet" : some_of(silent);
  return now;
}

}  // namespace blackstart
