// What a rehearsal says while it goes on: lines for the user, phases and problems for the record.
//
// Purpose: whatever can't be written (a full disk) never keeps an undo from being done; it is kept in mind instead, for no
// record that is not whole may pass. Ownership: refers to what it is made with, which outlives it. Thread rule: one thread,
// but for say().
#pragma once

#include <functional>
#include <string>

#include "reports/record.h"
#include "runner/status.h"

namespace blackstart {

class RunLog {
 public:
  RunLog(Clock& clock, Time zero, RecordWriter& record, Status& status)
      : clock_(clock), zero_(zero), record_(record), status_(status) {}

  Time run_time() const { return clock_.now() - zero_; }
  void say(const std::string& text) { status_.line(text); }
  // Makes the verdict inconclusive.
  void problem(const std::string& text);
  // Begins the phase, says `text`, does the work, and ends the phase, whatever the work throws.
  void phase(const std::string& name, const std::string& text, const std::function<void()>& work);

  // Writes to the record; what it throws is no more than unwritten().
  void note(const std::function<void()>& write);
  void unwritten(const std::string& what);
  // The latest that could not be written; empty when all could.
  const std::string& not_written() const { return not_written_; }

 private:
  Clock& clock_;
  const Time zero_;
  RecordWriter& record_;
  Status& status_;
  std::string not_written_;
};

}  // namespace blackstart
