// A network of a test's own: a bridge with hosts on it, in a network namespace that goes with the thread it was made on.
//
// Ownership: the namespace belongs to the calling thread and to those it starts; nothing outside of it is touched. Thread rule:
// made and used on one thread, which is good for nothing else afterwards (tests run as root).
#pragma once

#include <sched.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/process.h"

namespace blackstart::test {

// This machine stands on it as 198.18.250.1, on interface "net"; hosts are interfaces too, which answer ARP for what is
// theirs only.
class SmallNetwork {
 public:
  explicit SmallNetwork(const std::vector<std::string>& hosts) {
    if (::unshare(CLONE_NEWNET) != 0) throw_errno("making a network namespace", errno);
    run({"sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"});
    ip("link add net type bridge forward_delay 0 stp_state 0");
    ip("link set net up");
    ip("address add 198.18.250.1/24 dev net");
    for (const std::string& host : hosts) {
      ip("link add " + host + " type veth peer name to-" + host);
      ip("link set to-" + host + " master net up");
      ip("link set " + host + " up");
    }
  }
  void give(const std::string& host, const std::string& address) const { ip("address add " + address + "/24 dev " + host); }
  void take(const std::string& host, const std::string& address) const { ip("address del " + address + "/24 dev " + host); }

 private:
  static void run(const std::vector<std::string>& words) { run_checked("making a network", words, Duration(10'000'000'000)); }
  static void ip(const std::string& arguments) { run({"sh", "-c", "ip " + arguments}); }
};

// `work` on a thread of its own; what it throws is thrown here.
template <class Work>
void on_own_thread(const Work& work) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace blackstart::test
