#include "lab/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/process.h"
#include "lab/ipv4.h"

namespace blackstart {
namespace {

constexpr auto kLimit = 10s;

struct WantedLink {
  std::string name;
  std::string make;     // arguments after "link add"
  std::string master;   // may be empty
  std::string address;  // may be empty
};

std::string bridge(const std::string& name) {
  return fmt::format("name {} type bridge forward_delay 0 stp_state 0 mcast_snooping 0", name);
}

// Bridges first: the links are their ports. The far end of a link comes into being with the near end.
std::vector<WantedLink> wanted_links(const LabFile& lab) {
  std::vector<WantedLink> wanted;
  auto with_prefix = [](const LabNetwork& n) { return fmt::format("{}/{}", n.host, n.prefix()); };
  wanted.push_back({lab.management_bridge(), bridge(lab.management_bridge()), "", with_prefix(lab.management)});
  wanted.push_back({lab.backbone(), bridge(lab.backbone()), "", with_prefix(lab.data)});
  for (const Site& site : lab.sites) wanted.push_back({lab.site_bridge(site.name), bridge(lab.site_bridge(site.name)), "", ""});
  for (const Site& site : lab.sites) {
    const std::string near = lab.link(site.name), far = lab.link_peer(site.name);
    wanted.push_back({near, fmt::format("name {} type veth peer name {}", near, far), lab.backbone(), ""});
    wanted.push_back({far, "", lab.site_bridge(site.name), ""});
  }
  return wanted;
}

const HostLink* find(const std::vector<HostLink>& links, const std::string& name) {
  auto found = std::find_if(links.begin(), links.end(), [&](const HostLink& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}

// Names that are the lab's when it is up; libvirt makes and removes the nodes' own.
std::set<std::string> names_of(const LabFile& lab) {
  std::set<std::string> names;
  for (const WantedLink& link : wanted_links(lab)) names.insert(link.name);
  for (const LabNode& node : lab.nodes) names.insert({lab.management_nic(node.name), lab.data_nic(node.name)});
  return names;
}

bool overlaps(const std::string& range, const LabFile& lab) {
  const auto theirs = parse_network(range);
  if (!theirs || theirs->prefix == 0) return false;
  for (const LabNetwork* ours : {&lab.management, &lab.data})
    if (const auto network = parse_network(ours->network); network && network->overlaps(*theirs)) return true;
  return false;
}

std::string text_of(const nlohmann::json& object, const char* key) { return object.value(key, std::string()); }

nlohmann::json parse_json(const std::string& text) {
  const nlohmann::json all = nlohmann::json::parse(text.empty() ? "[]" : text, nullptr, false);
  if (!all.is_array()) throw Error(ErrorKind::internal, "reading the host's networks", "`ip -j` printed no JSON list");
  return all;
}

}  // namespace

std::string lab_mark(const std::string& lab) { return "blackstart lab " + lab; }

std::vector<HostLink> parse_links(const std::string& json) {
  std::vector<HostLink> links;
  for (const auto& each : parse_json(json)) {
    if (!each.contains("ifname")) continue;  // ip prints empty objects for what a filter left out
    HostLink link{text_of(each, "ifname"), text_of(each, "ifalias"), text_of(each, "master"), false, {}};
    for (const auto& flag : each.value("flags", nlohmann::json::array())) link.up |= flag == "UP";
    for (const auto& address : each.value("addr_info", nlohmann::json::array()))
      if (text_of(address, "family") == "inet")
        link.addresses.push_back(fmt::format("{}/{}", text_of(address, "local"), address.value("prefixlen", 32)));
    links.push_back(link);
  }
  return links;
}

std::vector<HostLink> read_links() {
  return parse_links(run_checked("listing the host's network interfaces", {"ip", "-j", "-d", "address", "show"}, kLimit));
}

std::vector<std::string> conflicts(const LabFile& lab, const std::vector<HostLink>& links, const std::string& routes_json) {
  std::vector<std::string> found;
  const std::set<std::string> names = names_of(lab);
  std::set<std::string> ours;
  for (const HostLink& link : links)
    if (link.alias == lab_mark(lab.name)) ours.insert(link.name);
  for (const HostLink& link : links) {
    const bool of_a_node = link.master.starts_with(lab.prefix + "-") && ours.contains(link.master);
    if (names.contains(link.name) && !ours.contains(link.name) && !of_a_node)
      found.push_back(fmt::format("an interface {} is there already, and not of this lab{}", link.name,
                                  link.alias.empty() ? "" : " but of '" + link.alias + "'"));
  }
  for (const auto& route : parse_json(routes_json)) {
    const std::string range = text_of(route, "dst"), device = text_of(route, "dev");
    if (overlaps(range, lab) && !ours.contains(device))
      found.push_back(fmt::format("{} is routed already (to {})", range, device.empty() ? "nowhere" : device));
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void refuse_conflicts(const LabFile& lab) {
  const std::string routes =
      run_checked("listing the host's routes", {"ip", "-4", "-j", "route", "show", "table", "all"}, kLimit);
  std::string all;
  for (const std::string& each : conflicts(lab, read_links(), routes)) all += (all.empty() ? "" : "; ") + each;
  if (!all.empty())
    throw Error(ErrorKind::unmet, fmt::format("taking the networks of the lab {}", lab.name), all,
                "take down the lab that has them, or change the ranges, or 'prefix', in the lab file");
}

std::vector<std::string> missing_steps(const LabFile& lab, const std::vector<HostLink>& links) {
  std::vector<std::string> steps;
  for (const WantedLink& wanted : wanted_links(lab)) {
    const HostLink* link = find(links, wanted.name);
    if (!link && !wanted.make.empty()) steps.push_back("link add " + wanted.make);
    const HostLink now = link ? *link : HostLink{};
    if (now.alias.empty()) steps.push_back(fmt::format("link set dev {} alias \"{}\"", wanted.name, lab_mark(lab.name)));
    if (now.master != wanted.master) steps.push_back(fmt::format("link set dev {} master {}", wanted.name, wanted.master));
    if (!wanted.address.empty() && std::count(now.addresses.begin(), now.addresses.end(), wanted.address) == 0)
      steps.push_back(fmt::format("address add {} dev {}", wanted.address, wanted.name));
    if (!now.up) steps.push_back(fmt::format("link set dev {} up", wanted.name));
  }
  return steps;
}

void make_links(const LabFile& lab) {
  const auto steps = missing_steps(lab, read_links());
  if (steps.empty()) return;
  ProcessOptions options;
  for (const std::string& step : steps) options.input += step + "\n";
  run_checked("making the lab's networks", {"ip", "-batch", "-"}, kLimit, options);
  const auto left = missing_steps(lab, read_links());
  if (!left.empty())
    throw Error(ErrorKind::internal, "making the lab's networks", "not there after it was made: " + left.front());
}

std::size_t remove_links(const std::string& lab) {
  std::size_t removed = 0;
  for (const HostLink& link : read_links()) {
    if (link.alias != lab_mark(lab)) continue;
    ++removed;  // one end of a link takes the other with it
    run_process({"ip", "link", "delete", "dev", link.name}, kLimit);
  }
  for (const HostLink& link : read_links())
    if (link.alias == lab_mark(lab))
      throw Error(ErrorKind::internal, "removing the lab's networks", link.name + " is still there");
  return removed;
}

}  // namespace blackstart
