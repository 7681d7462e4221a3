#include "probes/deadlines.h"

#include <boost/asio/io_context.hpp>

namespace blackstart {

Deadlines::Place Deadlines::add(Clock::time_point at, Waiting& who) {
  const Place place = all_.emplace_hint(all_.end(), at, &who);  // mostly the latest so far
  if (at < set_for_) set(at);
  return place;
}

void Deadlines::set(Clock::time_point at) {
  set_for_ = at;
  timer_.expires_at(at);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    if (const auto self = weak.lock()) self->tell();
  });
}

// The one that the timer was set for is mostly long gone, and the next is a whole deadline away.
void Deadlines::tell() {
  set_for_ = Clock::time_point::max();
  const auto now = Clock::now();
  while (!all_.empty() && all_.begin()->first <= now) {
    Waiting* const who = all_.begin()->second;
    all_.erase(all_.begin());
    who->too_late();
  }
  if (!all_.empty() && all_.begin()->first < set_for_) set(all_.begin()->first);
}

}  // namespace blackstart
