// IPv4 addresses and networks as lab files write them.
//
// Pure functions on plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace blackstart {

// The address as a number in host byte order; nullopt unless `text` is four decimal numbers with dots.
std::optional<std::uint32_t> parse_ipv4(const std::string& text);

struct Ipv4Network {
  std::uint32_t base = 0;
  int prefix = 0;  // 0 to 32
  std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
  bool contains(std::uint32_t address) const { return (address & mask()) == base; }
  bool overlaps(const Ipv4Network& other) const { return contains(other.base) || other.contains(base); }
  bool within(const Ipv4Network& outer) const { return prefix >= outer.prefix && outer.contains(base); }
};

// "198.18.10.0/24"; nullopt if it is none, or if bits behind the prefix are set. A bare address is a network of one.
std::optional<Ipv4Network> parse_network(const std::string& text);

}  // namespace blackstart
