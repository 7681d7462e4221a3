#include "runner/interrupt.h"

#include <ctime>

namespace blackstart {
namespace {

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

const char* name_of(int signal) { return signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP"; }

constexpr timespec kLookAround{0, 100'000'000};

}  // namespace

Interrupt::Interrupt(std::function<void(const std::string&)> say) : say_(std::move(say)) {
  const sigset_t set = signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  thread_ = std::jthread([this](const std::stop_token& end) { wait_for_signals(end); });
}

Interrupt::~Interrupt() {
  thread_.request_stop();
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::string Interrupt::reason() const {
  std::lock_guard lock(mutex_);
  return reason_;
}

void Interrupt::wait_for_signals(const std::stop_token& end) {
  const sigset_t set = signals();
  while (!end.stop_requested()) {
    const int signal = sigtimedwait(&set, nullptr, &kLookAround);
    if (signal <= 0) continue;
    {
      std::lock_guard lock(mutex_);
      if (reason_.empty()) reason_ = name_of(signal);
    }
    stop_.request_stop();  // before a word is said: a terminal that is held up must not hold this up
    say_(std::string(name_of(signal)) + ": undoing what was injected, then ending");
  }
}

}  // namespace blackstart
