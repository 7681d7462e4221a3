#include "runner/run_log.h"

namespace blackstart {

void RunLog::note(const std::function<void()>& write) {
  try {
    write();
  } catch (const std::exception& error) {
    unwritten(error.what());
  }
}

void RunLog::unwritten(const std::string& what) {
  not_written_ = what;
  say("NOT RECORDED " + what);
}

void RunLog::problem(const std::string& text) {
  note([&] { record_.problem(text); });
  say("PROBLEM " + text);
}

void RunLog::phase(const std::string& name, const std::string& text, const std::function<void()>& work) {
  Phase phase{name, run_time(), Time{-1}};
  note([&] { record_.phase(phase); });
  status_.phase(name);
  say(text);
  auto close = [&] {
    phase.ended = run_time();
    note([&] { record_.phase(phase); });
  };
  try {
    work();
  } catch (...) {
    close();
    throw;
  }
  close();
}

}  // namespace blackstart
