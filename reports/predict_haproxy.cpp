// HAProxy: how long until it takes a server out.
//
// haproxy/src/check.c, process_chk_conn(): the next check begins srv_getinter() after the end of the last one, `inter` while
// the server is well and `fastinter` (where set) on its way down; spread-checks moves each by that share at random. It is out
// when `fall` checks in a row have failed. haproxy/src/tcpcheck.c, tcpcheck_eval_connect(): a check that gets no connection
// fails after `inter`, or, with `timeout check`, after the shorter of `inter` and `timeout connect`; with `timeout check` one
// that got a connection has that long from then on. Refused ones fail at once.
// Known limit: where the neighbour entry of a dead host expires, connections fail after some 3 s (host unreachable); for
// longer `inter` the server may be out earlier.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/predict.h"

namespace blackstart {
namespace {

struct Check {
  Duration inter{0}, fast{0};  // between two checks: well, and on the way down
  std::int64_t fall = 0;
  Duration fails_after{0};  // how long a check goes on before it has failed
  std::int64_t spread = 0;  // percent
};

Duration fails_after(const LiveSettings& proxy, const std::string& of, Duration inter, Hit hit) {
  const auto check = time_in(proxy, of, "timeout check"), connect = time_in(proxy, of, "timeout connect");
  if (hit == Hit::silent) return check && connect ? std::min(inter, *connect) : inter;
  if (hit == Hit::stalls) return check ? *check : inter;
  return Duration(0);
}

// Nullopt for a server without checks, or when what clients meet counts as well.
std::optional<Check> check_of(const LiveSettings& proxy, const std::string& of, Hit hit) {
  const auto inter = time_in(proxy, of, "inter");
  const auto fall = number_in(proxy, of, "fall");
  if (!inter || !fall || *fall < 1 || find_setting(proxy, of, "observe") != nullptr) return std::nullopt;
  const auto fast = time_in(proxy, of, "fastinter");
  return Check{*inter, fast.value_or(*inter), *fall, fails_after(proxy, of, *inter, hit),
               number_in(proxy, "", "spread-checks").value_or(0)};
}

StageTime time_of(const Check& check) {
  StageTime time{check.fall * check.fails_after + (check.fall - 1) * check.fast, {check.inter}};
  if (check.spread > 0 && check.fall <= 4)
    for (std::int64_t i = 1; i < check.fall; ++i) {
      time.constant -= check.fast * check.spread / 100;
      time.uniform.push_back(2 * check.fast * check.spread / 100);
    }
  return time;
}

Expectation expectation(const LiveSettings& proxy, const std::string& of, const Check& check, std::size_t count) {
  std::string why = fmt::format("HAProxy on {}, {}: ", proxy.node, of);
  if (check.fails_after > 0s)
    why += fmt::format("{} · {} for a check to fail + ", check.fall, format_duration(check.fails_after));
  why += fmt::format("(fall {} − 1) · {} {} + U(0, inter {})", check.fall, check.fast == check.inter ? "inter" : "fastinter",
                     format_duration(check.fast), format_duration(check.inter));
  if (count > 1) why += fmt::format(", the first of {}", count);
  return {time_of(check), why, count};
}

// "sql/c1 on c2"
std::pair<std::string, std::string> split(const std::string& part) {
  const std::size_t at = part.rfind(" on ");
  return at == std::string::npos ? std::pair(part, std::string()) : std::pair(part.substr(0, at), part.substr(at + 4));
}

std::vector<std::string> servers_of_the_hit(const Situation& situation) {
  std::vector<std::string> parts;
  for (const LiveSettings* proxy : situation.survivors("haproxy"))
    for (const LiveSetting& one : proxy->settings)
      if (one.name == "node" && situation.hits(one.value)) parts.push_back(one.of + " on " + proxy->node);
  return parts;
}

}  // namespace

std::vector<Expectation> expect_backend_out(const Situation& situation, const std::vector<std::string>& parts) {
  const Hit hit = hit_of(situation.injection);
  const bool whole_node = unit_of(situation.injection).empty();
  std::vector<Expectation> all;
  if (hit == Hit::none || (parts.empty() && !whole_node)) return all;
  const auto asked = parts.empty() ? servers_of_the_hit(situation) : parts;
  for (const std::string& part : asked) {
    const auto [of, node] = split(part);
    const LiveSettings* proxy = situation.on("haproxy", node);
    const auto check = proxy == nullptr ? std::nullopt : check_of(*proxy, of, hit);
    if (check) all.push_back(expectation(*proxy, of, *check, asked.size()));
  }
  // Of some of which nothing is known, the first may have been any.
  if (all.size() < asked.size()) all.clear();
  return all;
}

}  // namespace blackstart
