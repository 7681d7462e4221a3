// ICMP echo over IPv4 as bytes: the request that is sent, and what came back on a raw socket (RFC 792).
//
// Purpose: a reply counts only when it is whole and answers a request of this run. Ownership: plain values. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace blackstart {

// What a request carries, and its reply brings back.
struct Echo {
  std::uint64_t run = 0;  // drawn once for each sender, so that other pings on this machine are never ours
  std::uint64_t number = 0;
  bool operator==(const Echo&) const = default;
};

std::vector<std::uint8_t> echo_request(const Echo& echo);
// `packet` begins with the IPv4 header, as raw sockets deliver it. Nothing when it is no echo reply of ours, cut short, or
// damaged.
std::optional<Echo> echo_reply(const std::uint8_t* packet, std::size_t size);

}  // namespace blackstart
