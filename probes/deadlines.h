// Many deadlines on one event loop, with one timer.
//
// Purpose: nearly every operation is over long before its deadline. A timer for each would be set and cancelled for nothing;
// here that is a place in a sorted list, and the timer is set when the earliest of them changes to an earlier one. Included by
// .cpp files only, as it brings Asio along. Ownership: refers to what waits, which takes itself out before it goes; held by a
// shared_ptr, so that its timer may come when it is gone. Thread rule: the loop's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>

namespace blackstart {

class Deadlines : public std::enable_shared_from_this<Deadlines> {
 public:
  using Clock = std::chrono::steady_clock;

  class Waiting {
   public:
    virtual ~Waiting() = default;
    // Its time is up, not earlier; it waits no more. From the loop. May add and remove others.
    virtual void too_late() = 0;
  };
  using Place = std::multimap<Clock::time_point, Waiting*>::iterator;

  explicit Deadlines(boost::asio::io_context& io) : timer_(io) {}

  Place add(Clock::time_point at, Waiting& who);
  // Of one that add() returned and that has not been told yet.
  void remove(Place place) { all_.erase(place); }

 private:
  void set(Clock::time_point at);
  void tell();

  boost::asio::steady_timer timer_;
  Clock::time_point set_for_ = Clock::time_point::max();
  std::multimap<Clock::time_point, Waiting*> all_;
};

}  // namespace blackstart
