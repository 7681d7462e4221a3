#include "lab/ipv4.h"

#include <arpa/inet.h>

#include "base/units.h"

namespace blackstart {

std::optional<std::uint32_t> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<Ipv4Network> parse_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto base = parse_ipv4(text.substr(0, slash));
  const auto prefix = slash == std::string::npos ? std::optional<std::int64_t>{32} : parse_integer(text.substr(slash + 1));
  if (!base || !prefix || *prefix < 0 || *prefix > 32) return std::nullopt;
  const Ipv4Network network{*base, static_cast<int>(*prefix)};
  return network.contains(*base) ? std::optional{network} : std::nullopt;
}

}  // namespace blackstart
