#include "probes/http_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace blackstart {
namespace {

constexpr std::int64_t kHttp = 80, kHttps = 443, kMostPort = 65535;

bool takes(std::string& rest, const std::string& begin) {
  if (rest.compare(0, begin.size(), begin) != 0) return false;
  rest.erase(0, begin.size());
  return true;
}

// ':' and a port, or nothing.
bool read_port(const std::string& text, std::int64_t& port) {
  if (text.empty()) return true;
  auto number = text[0] == ':' ? parse_integer(text.substr(1)) : std::nullopt;
  if (!number || *number < 1 || *number > kMostPort) return false;
  port = *number;
  return true;
}

bool read_authority(const std::string& text, Url& url) {
  const bool six = !text.empty() && text[0] == '[';
  const std::size_t end = six ? text.find(']') : text.find(':');
  if (six && end == text.npos) return false;
  url.host = six ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string rest = end == text.npos ? "" : text.substr(six ? end + 1 : end);
  return !url.host.empty() && read_port(rest, url.port);
}

}  // namespace

std::string Url::authority() const {
  const bool six = host.find(':') != std::string::npos;
  const std::string name = six ? "[" + host + "]" : host;
  return port == (tls ? kHttps : kHttp) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::origin() const { return (tls ? "https://" : "http://") + authority(); }

Url Url::below(const std::string& more) const {
  Url url = *this;
  url.path.erase(std::min(url.path.find('?'), url.path.size()));
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  url.path += "/" + more;
  return url;
}

std::optional<Url> parse_url(const std::string& text) {
  const auto unfit = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  if (std::any_of(text.begin(), text.end(), unfit) || text.find_first_of("@#") != text.npos) return std::nullopt;
  Url url;
  std::string rest = text;
  url.tls = takes(rest, "https://");
  if (!url.tls && !takes(rest, "http://")) return std::nullopt;
  url.port = url.tls ? kHttps : kHttp;
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  if (!read_authority(rest.substr(0, path), url)) return std::nullopt;
  url.path = rest.substr(path);
  if (url.path.empty() || url.path[0] != '/') url.path = "/" + url.path;
  return url;
}

}  // namespace blackstart
