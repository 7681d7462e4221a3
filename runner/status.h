// What the user sees while a rehearsal runs: lines that stay, and on a terminal one line below them that lives.
//
// Purpose: phase, elapsed time, each probe's rate and success. Ownership: owns a thread, and only that writes: a terminal that
// is held up (Ctrl-S, a pipe nobody reads) never holds up a rehearsal that has something to undo. Thread rule: any thread.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"

namespace blackstart {

class Status {
 public:
  // Writes to `out`; the living line only when that is a terminal, otherwise a plain line every ten seconds while something is
  // on.
  Status(std::FILE* out, Clock& clock);
  ~Status();
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;

  // "[  12.3 s] text", kept. Written soon after, and at the latest when this object goes.
  void line(const std::string& text);
  // The first words of the living line.
  void phase(const std::string& text);
  // The rest of it, asked for at each redraw; {} for none. Must not call back into this object.
  void pulse(std::function<std::string()> text);

 private:
  void write_until_stopped(const std::stop_token& stop);
  std::string take();
  std::string living_line();
  std::string stamped(const std::string& text) const;

  std::FILE* const out_;
  Clock& clock_;
  const Time began_;
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::string lines_;  // not written yet
  std::string phase_;
  std::function<std::string()> pulse_;
  Time next_pulse_;
  std::jthread thread_;
};

// At most `columns` characters of UTF-8 text, the last of them an ellipsis when it was longer.
std::string elide(const std::string& text, std::size_t columns);

}  // namespace blackstart
