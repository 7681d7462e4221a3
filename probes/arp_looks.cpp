#include "probes/arp_looks.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <list>
#include <random>

#include "base/error.h"
#include "lab/ipv4.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Duration kListenOn = 30ms;        // after the first answer: on one network all holders answer within a few ms
constexpr std::uint16_t kTypeArp = 0x0806;  // ETH_P_ARP of <linux/if_ether.h>

[[noreturn]] void refuse(const std::string& interface, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::unmet, fmt::format("opening a socket for ARP on {}", interface), why, hint);
}

// Promiscuous: answers go to a MAC that is not the interface's.
int open_socket(const std::string& interface) {
  const int index = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (index == 0) refuse(interface, "this machine has no such interface", "check 'interface' of the probe");
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(kTypeArp));
  if (fd < 0) {
    const bool forbidden = errno == EPERM || errno == EACCES;
    refuse(
        interface, std::strerror(errno),
        forbidden ? "run as root or with CAP_NET_RAW; with 'way: nodes' the nodes are asked, which needs no such right" : "");
  }
  sockaddr_ll place{};
  place.sll_family = AF_PACKET;
  place.sll_protocol = htons(kTypeArp);
  place.sll_ifindex = index;
  packet_mreq everything{index, PACKET_MR_PROMISC, 0, {}};
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0 ||
      ::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof everything) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    refuse(interface, why, "");
  }
  return fd;
}

// Locally administered, no group.
Mac random_mac() {
  std::random_device random;
  Mac mac;
  for (std::uint8_t& byte : mac) byte = static_cast<std::uint8_t>(random());
  mac[0] = static_cast<std::uint8_t>((mac[0] | 0x02U) & 0xfeU);
  return mac;
}

}  // namespace

std::string interface_towards(const std::string& address) {
  const auto wanted = parse_ipv4(address);
  ifaddrs* all = nullptr;
  if (!wanted || ::getifaddrs(&all) != 0) all = nullptr;
  std::string found;
  for (const ifaddrs* one = all; one && found.empty(); one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !one->ifa_netmask || (one->ifa_flags & IFF_LOOPBACK)) continue;
    auto number = [](const sockaddr* at) { return ntohl(reinterpret_cast<const sockaddr_in*>(at)->sin_addr.s_addr); };
    const std::uint32_t mask = number(one->ifa_netmask);
    if (mask != ~std::uint32_t{0} && (number(one->ifa_addr) & mask) == (*wanted & mask)) found = one->ifa_name;
  }
  ::freeifaddrs(all);
  if (found.empty())
    throw Error(ErrorKind::unmet, "looking for the network of " + address,
                wanted ? "this machine has no interface in it" : "it is no IPv4 address",
                wanted ? "name 'interface', or ask the nodes: 'way: nodes'" : "");
  return found;
}

struct ArpLooks::Impl : std::enable_shared_from_this<Impl> {
  struct Look {
    Look(asio::io_context& io, const Mac& mac_, std::uint32_t address_, Done done_)
        : mac(mac_), address(address_), end(io), done(std::move(done_)) {}
    Mac mac;
    std::uint32_t address;
    asio::steady_timer end;
    Done done;
    Time limit{0};
    Seen seen;
  };
  using Place = std::list<Look>::iterator;

  Impl(asio::io_context& io_, const std::string& interface) : io(io_), socket(io_, open_socket(interface)) {}

  void listen() {
    socket.async_wait(asio::posix::stream_descriptor::wait_read, [self = weak_from_this()](error_code ended) {
      const auto alive = self.lock();
      if (ended || !alive) return;
      alive->receive();
      alive->listen();
    });
  }

  void receive() {
    std::array<std::uint8_t, 256> frame;
    for (;;) {
      const ssize_t size = ::recv(socket.native_handle(), frame.data(), frame.size(), 0);
      if (size < 0) return;
      for (auto look = looks.begin(); look != looks.end(); ++look) {
        const auto answer = arp_answer(frame.data(), static_cast<std::size_t>(size), look->mac);
        if (answer && answer->address == look->address) heard(look, answer->mac);
      }
    }
  }

  void heard(Place look, const Mac& holder) {
    auto& macs = look->seen.macs;
    if (macs.empty()) wait(look, std::min(kListenOn, look->limit - real_clock().now()));
    if (is_virtual(holder) || std::find(macs.begin(), macs.end(), holder) == macs.end()) macs.push_back(holder);
  }

  // Each look asks from a MAC of its own, so that a late answer to one counts for no other. At 10/s one comes again after 25 s.
  Mac next_mac() {
    ++mac.back();
    return mac;
  }

  void wait(Place look, Duration length) {
    look->end.expires_after(length);
    look->end.async_wait([self = shared_from_this(), look](error_code cancelled) {
      if (!cancelled) self->finish(look);
    });
  }

  void finish(Place look) {
    const Done done = std::move(look->done);
    const Seen seen = std::move(look->seen);
    looks.erase(look);
    done(seen);
  }

  asio::io_context& io;
  asio::posix::stream_descriptor socket;
  Mac mac = random_mac();
  std::list<Look> looks;
};

ArpLooks::ArpLooks(asio::io_context& io, const std::string& interface) : impl_(std::make_shared<Impl>(io, interface)) {
  impl_->listen();
}

ArpLooks::~ArpLooks() = default;

void ArpLooks::ask(std::uint32_t address, const Deadline& deadline, Done done) {
  const Mac mac = impl_->next_mac();
  const auto question = arp_question(mac, address);
  if (::send(impl_->socket.native_handle(), question.data(), question.size(), 0) < 0) return done({{}, errno});
  const auto look = impl_->looks.emplace(impl_->looks.end(), impl_->io, mac, address, std::move(done));
  look->limit = real_clock().now() + deadline.left();
  impl_->wait(look, deadline.left());
}

}  // namespace blackstart
