#include "faults/nft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;
constexpr const char* kPrefix = "blackstart_";

// The chain for one direction, in the words that differ.
struct Direction {
  const char* chain;
  const char* hook;
  const char* device;   // "iifname"
  const char* address;  // the other end's
};
// Before connection tracking, so that established connections are no exception, and at the wire's side of address translation
// and forwarding.
constexpr Direction kArriving{"arriving", "prerouting", "iifname", "saddr"};
constexpr Direction kLeaving{"leaving", "postrouting", "oifname", "daddr"};

std::string matches(const Direction& way, const std::vector<std::string>& addresses, bool six) {
  std::vector<std::string> of_family;
  for (const std::string& address : addresses)
    if (is_ipv6(address) == six) of_family.push_back(address);
  if (of_family.empty()) return "";
  return fmt::format("{} {} {{ {} }}", six ? "ip6" : "ip", way.address, fmt::join(of_family, ", "));
}

// Neighbour discovery is to IPv6 what ARP is to IPv4, which no table of this family sees.
std::string way_in(const Direction& way, const NodeNetwork& network) {
  const bool arrives = &way == &kArriving;
  return fmt::format("    {} tcp {} {} accept\n    icmpv6 type {{ 133, 134, 135, 136 }} accept\n",
                     matches(way, {network.runner}, is_ipv6(network.runner)), arrives ? "dport" : "sport", network.ssh_port);
}

std::vector<std::string> port_matches(const std::vector<std::int64_t>& ports) {
  if (ports.empty()) return {""};
  const std::string list = fmt::format("{{ {} }} ", fmt::join(ports, ", "));
  return {"meta l4proto { tcp, udp } th dport " + list, "meta l4proto { tcp, udp } th sport " + list};
}

// As many parts of 10000 as come nearest, and at least one.
std::string share_match(double share) {
  if (share >= 1) return "";
  return fmt::format("numgen random mod 10000 < {} ", std::max<long>(1, std::lround(share * 10000)));
}

std::string chain_text(const Direction& way, const DropRules& rules) {
  std::string text = fmt::format("  chain {} {{\n    type filter hook {} priority -300; policy accept;\n    {} \"lo\" accept\n",
                                 way.chain, way.hook, way.device);
  if (rules.one_device)
    text += fmt::format("    {} != \"{}\" accept\n", way.device, rules.network.device);
  else if (!rules.network.shared())
    text += fmt::format("    {} \"{}\" accept\n", way.device, rules.network.management);
  if (rules.network.shared()) text += way_in(way, rules.network);
  for (const bool six : {false, true})
    if (const std::string keep = matches(way, rules.keep, six); !keep.empty()) text += fmt::format("    {} accept\n", keep);
  for (const std::string& ports : port_matches(rules.ports)) {
    const std::string then = ports + share_match(rules.share) + "counter drop\n";
    if (rules.from.empty()) text += "    " + then;
    for (const bool six : {false, true})
      if (const std::string from = matches(way, rules.from, six); !from.empty()) text += fmt::format("    {} {}", from, then);
  }
  return text + "  }\n";
}

// "… counter packets 12 bytes 900 drop": the packets.
std::int64_t dropped(const std::string& line) {
  const std::string before = "counter packets ";
  const std::size_t at = line.find(before);
  if (at == std::string::npos || line.find(" drop", at) == std::string::npos) return 0;
  const std::size_t begin = at + before.size();
  return parse_integer(line.substr(begin, line.find(' ', begin) - begin)).value_or(0);
}

}  // namespace

std::string drop_table(const std::string& id) { return kPrefix + short_name(id); }

bool is_drop_table(const std::string& name) {
  const std::string prefix = kPrefix;
  return name.size() == prefix.size() + 12 && name.starts_with(prefix) &&
         name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
}

std::string drop_file(const std::string& id) { return "/run/blackstart/" + short_name(id) + ".nft"; }

std::string drop_text(const std::string& id, const DropRules& rules) {
  std::string text = fmt::format("create table inet {0}\ntable inet {0} {{\n", drop_table(id));
  if (rules.arriving) text += chain_text(kArriving, rules);
  if (rules.leaving) text += chain_text(kLeaving, rules);
  return text + "}\n";
}

void require_no_drop(FaultContext context, const std::string& node, const Deadline& deadline) {
  const std::string doing = fmt::format("looking at the nft tables of {}", node);
  const CommandResult result =
      context.remote.run(node,
                         "nft list tables && { systemctl list-units --plain --no-legend 'blackstart-*.timer' | grep -q . || "
                         "echo none armed; }",
                         deadline.sooner(kCallLimit));
  if (!result.ok())
    throw Error(ErrorKind::unmet, doing, result.trouble(), "the node needs the package nftables and a kernel with nf_tables");
  const bool ours = result.out.find("table inet " + drop_table(context.id) + "\n") != std::string::npos;
  const bool lost = result.out.find(std::string("table inet ") + kPrefix) != std::string::npos &&
                    result.out.find("none armed") != std::string::npos;
  if (ours || lost)
    throw Error(ErrorKind::unmet, doing, "a table of an earlier injection is there, and nobody is going to undo it",
                "blackstart recover, where it ran; else: nft delete table inet " + std::string(kPrefix) + "…");
}

void stage_drop(FaultContext context, const std::string& node, const DropRules& rules, const Deadline& deadline) {
  const std::string file = drop_file(context.id);
  context.remote.check(fmt::format("staging the nft table {} on {}", drop_table(context.id), node), node,
                       fmt::format("umask 077; mkdir -p /run/blackstart && printf '%s' {} >{} && nft -c -f {}",
                                   shell_quote(drop_text(context.id, rules)), file, file),
                       deadline.sooner(kCallLimit));
}

DropCounts read_drop(FaultContext context, const std::string& node, const std::string& table, const Deadline& deadline,
                     const std::string& first) {
  const Answer answer(
      context.remote, fmt::format("reading the nft table {} on {}", table, node), node,
      first + fmt::format("t=$(nft list tables) || exit 1; case \"$t\" in *\"table inet {0}\"*) "
                          "l=$(nft list table inet {0}) || exit 1; printf '%s\\n' \"$l\" | sed 's/^/Line=/';; esac; "
                          "echo End=1",
                          table),
      deadline.sooner(kCallLimit));
  DropCounts counts;
  std::int64_t* sum = &counts.arriving;
  for (const std::string& line : answer.all("Line")) {
    counts.there = true;
    if (line.find("chain ") != std::string::npos)
      sum = line.find(kLeaving.chain) != std::string::npos ? &counts.leaving : &counts.arriving;
    *sum += dropped(line);
  }
  return counts;
}

}  // namespace blackstart
