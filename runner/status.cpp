#include "runner/status.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace blackstart {
namespace {

double seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

std::size_t columns_of(std::FILE* out) {
  winsize size{};
  return ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

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
      thread_([this](const std::stop_token& stop) { redraw_until_stopped(stop); }) {}

Status::~Status() {
  thread_.request_stop();
  thread_.join();
  clear();
  std::fflush(out_);
}

Duration Status::interval() const { return terminal_ ? Duration{200ms} : Duration{10s}; }

void Status::redraw_until_stopped(const std::stop_token& stop) {
  while (clock_.pause(interval(), stop)) {
    std::lock_guard lock(mutex_);
    draw();
  }
}

void Status::line(const std::string& text) {
  std::lock_guard lock(mutex_);
  clear();
  std::fputs(fmt::format("[{:7.1f} s] {}\n", seconds(clock_.now() - began_), text).c_str(), out_);
  if (terminal_) draw();
  std::fflush(out_);
}

void Status::phase(const std::string& text) {
  std::lock_guard lock(mutex_);
  phase_ = text;
}

void Status::pulse(std::function<std::string()> text) {
  std::lock_guard lock(mutex_);
  pulse_ = std::move(text);
}

void Status::draw() {
  const std::string details = pulse_ ? pulse_() : "";
  if (phase_.empty() && details.empty()) return;
  const std::string text =
      fmt::format("[{:7.1f} s] {}{}{}", seconds(clock_.now() - began_), phase_, details.empty() ? "" : " · ", details);
  if (terminal_)
    std::fputs(("\r\x1b[K" + elide(text, columns_of(out_) - 1)).c_str(), out_);
  else
    std::fputs((text + "\n").c_str(), out_);
  drawn_ = true;
  std::fflush(out_);
}

void Status::clear() {
  if (terminal_ && drawn_) std::fputs("\r\x1b[K", out_);
  drawn_ = false;
}

}  // namespace blackstart
