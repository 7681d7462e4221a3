// An http or https address, taken apart.
// Plain values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace blackstart {

struct Url {
  bool tls = false;
  std::string host;  // a name or a numeric address, IPv6 without its brackets
  std::int64_t port = 80;
  std::string path = "/";  // with the query; begins with '/'

  // What goes into the Host header: "api.example:8774", "[::1]", without the scheme's usual port.
  std::string authority() const;
  // "https://api.example:8774": connections to the same origin may be shared.
  std::string origin() const;
  std::string text() const { return origin() + path; }
  // The address below this one: path "/v3" and "auth/tokens" make "/v3/auth/tokens".
  Url below(const std::string& more) const;
  bool operator==(const Url&) const = default;
};

// Nothing when it is no http or https address that can be asked: a user or password in it, a fragment, blanks, a bad port.
std::optional<Url> parse_url(const std::string& text);

}  // namespace blackstart
