#include "runner/status.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace blackstart {
namespace {

double seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

std::size_t columns_of(std::FILE* out) {
  winsize size{};
  return ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

constexpr auto kRedraw = std::chrono::milliseconds(200);  // of the living line, on a terminal
constexpr Duration kPlainPulse = 10s;                     // between its lines elsewhere

}  // namespace

std::string elide(const std::string& text, std::size_t columns) {
  auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  std::size_t shown = 0, last = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues(text[i])) continue;
    if (++shown == columns) last = i;
  }
  return shown <= columns ? text : text.substr(0, last) + "…";
}

Status::Status(std::FILE* out, Clock& clock)
    : out_(out),
      clock_(clock),
      began_(clock.now()),
      terminal_(::isatty(::fileno(out)) != 0),
      next_pulse_(began_ + kPlainPulse),
      thread_([this](const std::stop_token& stop) { write_until_stopped(stop); }) {}

Status::~Status() {
  thread_.request_stop();
  thread_.join();
  std::fputs(((terminal_ ? "\r\x1b[K" : "") + lines_).c_str(), out_);
  std::fflush(out_);
}

void Status::write_until_stopped(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::string text;
    {
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, kRedraw, [this] { return !lines_.empty(); });
      text = take();
    }
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
  }
}

// Lines that wait, and the living line: on a terminal each time, elsewhere when it is due.
std::string Status::take() {
  std::string text = terminal_ && !lines_.empty() ? "\r\x1b[K" : "";
  text += std::exchange(lines_, "");
  const std::string living = living_line();
  if (living.empty()) return text;
  if (terminal_) return text + "\r\x1b[K" + elide(living, columns_of(out_) - 1);
  if (clock_.now() < next_pulse_) return text;
  next_pulse_ = clock_.now() + kPlainPulse;
  return text + living + "\n";
}

std::string Status::stamped(const std::string& text) const {
  return fmt::format("[{:7.1f} s] {}", seconds(clock_.now() - began_), text);
}

std::string Status::living_line() {
  const std::string details = pulse_ ? pulse_() : "";
  if (phase_.empty() && details.empty()) return "";
  return stamped(fmt::format("{}{}{}", phase_, details.empty() ? "" : " · ", details));
}

void Status::line(const std::string& text) {
  std::lock_guard lock(mutex_);
  lines_ += stamped(text) + "\n";
  woken_.notify_all();
}

void Status::phase(const std::string& text) {
  std::lock_guard lock(mutex_);
  phase_ = text;
}

void Status::pulse(std::function<std::string()> text) {
  std::lock_guard lock(mutex_);
  pulse_ = std::move(text);
}

}  // namespace blackstart
