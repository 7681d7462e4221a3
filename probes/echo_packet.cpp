#include "probes/echo_packet.h"

#include <cstring>

namespace blackstart {
namespace {

constexpr std::uint8_t kReply = 0, kRequest = 8;
constexpr std::size_t kHeader = 8, kSize = kHeader + sizeof(Echo);
constexpr std::size_t kLeastIp = 20;

// The internet checksum (RFC 1071) of an even number of bytes; 0 over what holds a right one.
std::uint16_t checksum(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < size; at += 2) sum += static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void put(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

}  // namespace

std::vector<std::uint8_t> echo_request(const Echo& echo) {
  std::vector<std::uint8_t> packet(kSize);
  packet[0] = kRequest;
  put(&packet[4], static_cast<std::uint16_t>(echo.run));
  put(&packet[6], static_cast<std::uint16_t>(echo.number));
  std::memcpy(&packet[kHeader], &echo, sizeof(Echo));
  put(&packet[2], checksum(packet.data(), packet.size()));
  return packet;
}

std::optional<Echo> echo_reply(const std::uint8_t* packet, std::size_t size) {
  if (size < kLeastIp) return {};
  const std::size_t ip = static_cast<std::size_t>(packet[0] & 0x0FU) * 4;
  if (ip < kLeastIp || size != ip + kSize) return {};
  const std::uint8_t* icmp = packet + ip;
  if (icmp[0] != kReply || icmp[1] != 0 || checksum(icmp, kSize) != 0) return {};
  Echo echo;
  std::memcpy(&echo, icmp + kHeader, sizeof(Echo));
  return echo;
}

}  // namespace blackstart
