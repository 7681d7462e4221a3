#include "probes/arp_packet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace blackstart {
namespace {

// Ethernet: destination, source, type. ARP: five fields, then sender's MAC and address, target's MAC and address.
constexpr std::size_t kSource = 6, kArp = 14, kOperation = kArp + 6, kSenderMac = kArp + 8, kSenderAddress = kArp + 14,
                      kTargetMac = kArp + 18, kTargetAddress = kArp + 24, kSize = kArp + 28;
// Type ARP; Ethernet, IPv4, lengths of their addresses.
constexpr std::array<std::uint8_t, 8> kHead{0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4};
constexpr std::uint8_t kQuestion = 1, kReply = 2;

std::uint32_t number_at(const std::uint8_t* bytes) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | bytes[i];
  return number;
}

}  // namespace

std::string mac_text(const Mac& mac) { return fmt::format("{:02x}", fmt::join(mac, ":")); }

bool is_virtual(const Mac& mac) {
  constexpr std::array<std::uint8_t, 5> kVrrp{0x00, 0x00, 0x5e, 0x00, 0x01};
  return std::equal(kVrrp.begin(), kVrrp.end(), mac.begin());
}

std::vector<std::uint8_t> arp_question(const Mac& from, std::uint32_t address) {
  std::vector<std::uint8_t> frame(kSize);
  std::fill_n(frame.begin(), kSource, std::uint8_t{0xff});
  std::copy(from.begin(), from.end(), frame.begin() + kSource);
  std::copy(kHead.begin(), kHead.end(), frame.begin() + kArp - 2);
  frame[kOperation + 1] = kQuestion;
  std::copy(from.begin(), from.end(), frame.begin() + kSenderMac);
  for (unsigned i = 0; i < 4; ++i) frame[kTargetAddress + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  return frame;
}

std::optional<ArpAnswer> arp_answer(const std::uint8_t* frame, std::size_t size, const Mac& to) {
  if (size < kSize || !std::equal(kHead.begin(), kHead.end(), frame + kArp - 2)) return std::nullopt;
  if (frame[kOperation] != 0 || frame[kOperation + 1] != kReply) return std::nullopt;
  if (!std::equal(to.begin(), to.end(), frame + kTargetMac)) return std::nullopt;
  ArpAnswer answer;
  std::copy_n(frame + kSenderMac, answer.mac.size(), answer.mac.begin());
  answer.address = number_at(frame + kSenderAddress);
  return answer;
}

}  // namespace blackstart
