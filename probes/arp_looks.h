// Asks a network by ARP who has an address, and collects everybody who answers.
//
// Purpose: two holders of one address show as two answers, whoever won the race in other machines' tables. A question that was
// answered too late stays unanswered: the answer counts for none that was asked after it. Ownership: a socket
// on one interface; `io` outlives it, and so do the questions under way. Thread rule: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "probes/arp_packet.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

// The interface of this machine that stands in the address's network; throws Error(unmet) when there is none.
std::string interface_towards(const std::string& address);

class ArpLooks {
 public:
  // Throws Error(unmet) without the right to raw sockets, or when there is no such interface.
  ArpLooks(boost::asio::io_context& io, const std::string& interface);
  ~ArpLooks();

  struct Seen {
    std::vector<Mac> macs;  // as they answered; the same one again only where it is virtual
    int trouble = 0;        // errno of sending; nobody was asked then
  };
  using Done = std::function<void(const Seen&)>;
  // `done` a moment after the first answer, so that a second one is heard; without any, at the deadline.
  void ask(std::uint32_t address, const Deadline& deadline, Done done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
