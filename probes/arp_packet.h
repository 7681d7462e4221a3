// ARP over Ethernet as bytes: the question who has an address, and an answer to it (RFC 826, RFC 5227).
//
// Purpose: a question that teaches nobody anything: it comes from no address (an "ARP probe") and from a MAC that is no
// interface's, so that neither the nodes nor this machine's kernel learn the way to an address from it. Ownership: plain
// values. Thread rule: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace blackstart {

using Mac = std::array<std::uint8_t, 6>;
std::string mac_text(const Mac& mac);  // "02:00:5e:10:00:01"
// Of VRRP, which all routers of a group share (RFC 5798, 7.3).
bool is_virtual(const Mac& mac);

// A whole Ethernet frame. `address` in host byte order.
std::vector<std::uint8_t> arp_question(const Mac& from, std::uint32_t address);

struct ArpAnswer {
  Mac mac{};                  // who says that it is he
  std::uint32_t address = 0;  // in host byte order
  bool operator==(const ArpAnswer&) const = default;
};
// Nothing when the frame is no whole answer to a question of `to`; announcements to everybody are none.
std::optional<ArpAnswer> arp_answer(const std::uint8_t* frame, std::size_t size, const Mac& to);

}  // namespace blackstart
