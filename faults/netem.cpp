#include "faults/netem.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "base/units.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

// Filters of ours: the way in first, then what is disturbed. Each protocol needs a preference of its own.
constexpr int kWayIn = 45481, kFirst = 45482;

std::string percent(double share) { return format_number(share * 100) + "%"; }
long long microseconds(Duration time) { return std::chrono::duration_cast<std::chrono::microseconds>(time).count(); }

std::string with_correlation(const char* name, double share, double correlation) {
  if (share <= 0) return "";
  return fmt::format(" {} {}{}", name, percent(share), correlation > 0 ? " " + percent(correlation) : "");
}

struct End {
  const char* address;  // "dst": the other end's
  std::string then;     // what becomes of the packet
};

std::string whole(const std::string& address) {
  if (address.find('/') != std::string::npos) return address;
  return address + (is_ipv6(address) ? "/128" : "/32");
}

// u32 matches for one address and all ports, at either end, of TCP and UDP.
std::vector<std::string> matches(const std::string& address, const char* end, const std::vector<std::int64_t>& ports) {
  const char* const family = is_ipv6(address) ? "ip6" : "ip";
  const std::string who = fmt::format("match {} {} {}", family, end, whole(address));
  if (ports.empty()) return {who};
  std::vector<std::string> all;
  for (const std::int64_t port : ports)
    for (const char* const at : {"dport", "sport"})
      for (const int protocol : {6, 17})
        all.push_back(fmt::format("{0} match {1} protocol {2} 0xff match {1} {3} {4} 0xffff", who, family, protocol, at, port));
  return all;
}

void add_filters(std::vector<std::string>& lines, const std::string& on, const Shaping& shaping, const End& end) {
  const bool six = is_ipv6(shaping.network.runner);
  if (shaping.network.shared())
    lines.push_back(
        fmt::format("filter add {0} protocol {1} pref {2} u32 match {3} {4} {5} match {3} protocol 6 0xff match {3} {6} {7} "
                    "0xffff flowid {8}",
                    on, six ? "ipv6" : "ip", kWayIn, six ? "ip6" : "ip", end.address, whole(shaping.network.runner),
                    end.address == std::string("dst") ? "sport" : "dport", shaping.network.ssh_port,
                    end.address == std::string("dst") ? "b1ac:1" : ":1"));
  // ARP is left alone where there is a way in to keep.
  std::vector<std::string> towards = shaping.towards;
  if (towards.empty()) towards = {"0.0.0.0/0", "::/0"};
  for (const std::string& address : towards)
    for (const std::string& match : matches(address, end.address, shaping.ports))
      lines.push_back(fmt::format("filter add {} protocol {} pref {} u32 {} {}", on, is_ipv6(address) ? "ipv6" : "ip",
                                  kFirst + (is_ipv6(address) ? 1 : 0), match, end.then));
}

}  // namespace

bool Netem::nothing() const {
  return delay <= Duration{0} && loss <= 0 && duplicate <= 0 && reorder <= 0 && corrupt <= 0 && rate <= 0;
}

std::string Netem::text() const {
  std::vector<std::string> words;
  if (delay > Duration{0})
    words.push_back("delay " + format_duration(delay) + (jitter > Duration{0} ? " ± " + format_duration(jitter) : "") +
                    (distribution.empty() ? "" : " (" + distribution + ")"));
  for (const auto& [name, share] :
       {std::pair{"loss", loss}, {"duplicates", duplicate}, {"reordering", reorder}, {"corruption", corrupt}})
    if (share > 0) words.push_back(fmt::format("{} {}", name, percent(share)));
  if (rate > 0) words.push_back(fmt::format("rate {} kbit/s", format_number(rate / 1000)));
  return fmt::format("{}", fmt::join(words, ", "));
}

// The queue holds what a second of a fast link sends into the delay. A rate's queue stays as short as netem's own default:
// it is what delays then.
std::string Netem::arguments() const {
  std::string text;
  if (delay > Duration{0}) text += fmt::format(" delay {}us", microseconds(delay));
  if (delay > Duration{0} && jitter > Duration{0}) {
    text += fmt::format(" {}us", microseconds(jitter));
    if (delay_correlation > 0) text += " " + percent(delay_correlation);
    if (!distribution.empty()) text += " distribution " + distribution;
  }
  text += with_correlation("loss", loss, loss_correlation);
  text += with_correlation("duplicate", duplicate, duplicate_correlation);
  text += with_correlation("reorder", reorder, reorder_correlation);
  text += with_correlation("corrupt", corrupt, corrupt_correlation);
  if (rate > 0) text += fmt::format(" rate {}bit", format_number(rate));
  return fmt::format("limit {}{}", rate > 0 ? 1000 : 100000, text);
}

std::string Netem::differs(const std::string& shown) const {
  for (const auto& [name, wanted] : {std::pair{"delay", delay > Duration{0}},
                                     {"loss", loss > 0},
                                     {"duplicate", duplicate > 0},
                                     {"reorder", reorder > 0},
                                     {"corrupt", corrupt > 0},
                                     {"rate", rate > 0}}) {
    const bool there = (shown + " ").find(fmt::format(" {} ", name)) != std::string::npos;
    if (there != wanted) return fmt::format(fmt::runtime(there ? "it has {} too" : "it has no {}"), name);
  }
  return "";
}

std::string ifb_name(const std::string& id) { return "bs" + short_name(id); }
std::string batch_file(const std::string& id) { return "/run/blackstart/" + short_name(id) + ".tc"; }

std::vector<std::string> tc_lines(const std::string& id, const Shaping& shaping) {
  const std::string device = shaping.network.device, netem = "netem " + shaping.netem.arguments();
  const bool chosen = !shaping.towards.empty() || !shaping.ports.empty() || shaping.network.shared();
  std::vector<std::string> lines;
  if (shaping.leaving && !chosen) lines.push_back(fmt::format("qdisc add dev {} root handle {} {}", device, kHandle, netem));
  if (shaping.leaving && chosen) {
    lines.push_back(
        fmt::format("qdisc add dev {} root handle {} prio bands 4 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", device, kHandle));
    lines.push_back(fmt::format("qdisc add dev {} parent b1ac:4 handle b1ad: {}", device, netem));
    add_filters(lines, fmt::format("dev {} parent {}", device, kHandle), shaping, {"dst", "flowid b1ac:4"});
  }
  if (shaping.arriving) {
    lines.push_back(fmt::format("qdisc add dev {} root handle {} {}", ifb_name(id), kHandle, netem));
    lines.push_back(fmt::format("qdisc add dev {} handle ffff: ingress", device));
    add_filters(lines, fmt::format("dev {} parent ffff:", device), shaping,
                {"src", "action mirred egress redirect dev " + ifb_name(id)});
  }
  return lines;
}

std::vector<std::string> modules_for(const Shaping& shaping) {
  std::vector<std::string> modules = {"sch_netem"};
  const bool chosen = !shaping.towards.empty() || !shaping.ports.empty() || shaping.network.shared();
  if (shaping.leaving && chosen) modules.insert(modules.end(), {"sch_prio", "cls_u32"});
  if (shaping.arriving) modules.insert(modules.end(), {"sch_ingress", "ifb", "act_mirred", "cls_u32"});
  return modules;
}

}  // namespace blackstart
