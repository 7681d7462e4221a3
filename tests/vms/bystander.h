// A node that watches another one: it pings it five times a second, and holds a connection to its SSH server.
//
// Purpose: what a third party sees of a fault, by other means than the fault's own evidence. Ownership: its unit on the
// watching node is gone when this object is. Thread rule: one thread.
#pragma once

#include <string>

#include "base/clock.h"

namespace blackstart::rehearsal {

class Bystander {
 public:
  // Returns once the connection is open.
  Bystander(const std::string& from, const std::string& target);
  ~Bystander();
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  struct Seen {
    Duration silent_for{0};  // the longest time without an answer to a ping
    std::string connection;  // alive: something was answered to what was sent on it at the end; else dead
  };
  Seen end();

 private:
  const std::string from_, unit_;
};

}  // namespace blackstart::rehearsal
