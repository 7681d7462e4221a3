#include "lab/cloud_draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/error.h"
#include "lab/ipv4.h"

namespace blackstart {
namespace {

constexpr const char* kNameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
constexpr std::size_t kLongestName = 64, kLongestText = 200;

bool only(const std::string& text, const std::string& letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string::npos;
}
bool is_name(const std::string& text) {
  return only(text, kNameLetters) && text.size() <= kLongestName && text[0] != '-' && text[0] != '.';
}
// Names and addresses; neither templates nor ranges, which Ansible doesn't expand in values either.
bool is_host(const std::string& text) { return only(text, std::string(kNameLetters) + ":%"); }
bool is_path(const std::string& text) { return only(text, std::string(kNameLetters) + "/~@+,= ()"); }

// Fit for a comment and for a terminal.
std::string clean(const std::string& text) {
  std::string out;
  for (char c : text.substr(0, kLongestText)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

// "c1" of "c1.example.org", in small letters; an address stays whole.
std::string short_name(const std::string& name) {
  std::string text = parse_ipv4(name) ? name : name.substr(0, name.find('.'));
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string first_variable(const Inventory::Host& host, const std::vector<const char*>& names) {
  for (const char* name : names)
    if (std::string value = host.variable(name); !value.empty()) return value;
  return "";
}

class Drafter {
 public:
  explicit Drafter(const DraftSources& sources) : from_(sources) {}

  CloudDraft draft() {
    check_name(from_.name, "naming the cloud", "name it with --name");
    draft_.cloud.name = from_.name;
    draft_.cloud.ssh.user.clear();
    if (from_.inventory != nullptr) take_inventory(*from_.inventory);
    if (from_.openstack != nullptr) take_openstack(*from_.openstack);
    take_sites();
    say_roles();
    for (const Node& node : draft_.cloud.nodes) draft_.missing.push_back(missing_of(node));
    return std::move(draft_);
  }

 private:
  static void check_name(const std::string& name, const std::string& doing, const std::string& hint) {
    if (!is_name(name))
      throw Error(ErrorKind::usage, doing,
                  fmt::format("'{}' is no name: letters, digits, '-', '_' and '.', at most 64", clean(name)), hint);
  }

  std::vector<Node>& nodes() { return draft_.cloud.nodes; }

  void add(Node node, const std::string& remark) {
    nodes().push_back(std::move(node));
    draft_.remarks.push_back(remark);
  }

  // --- the inventory ---

  void take_inventory(const Inventory& inventory) {
    check_groups(from_.sites, "--sites");
    check_groups(from_.racks, "--racks");
    for (const Inventory::Host& host : inventory.hosts)
      if (host.variable("ansible_connection") == "local")
        draft_.left_out.push_back(
            fmt::format("{}: it is the machine that Ansible runs on (ansible_connection=local)", host.name));
      else
        take_host(host);
    take_login(inventory);
    take_vip(inventory);
    draft_.found.insert(draft_.found.begin(), fmt::format("the inventory has {} hosts in {} groups", inventory.hosts.size(),
                                                          inventory.groups.size()));
  }

  void check_groups(const std::vector<std::string>& wanted, const char* option) const {
    for (const std::string& group : wanted) {
      check_name(group, option, "a site's or rack's name; call the group so");
      if (const auto& all = from_.inventory->groups; std::find(all.begin(), all.end(), group) == all.end())
        throw Error(ErrorKind::usage, option, fmt::format("the inventory has no group '{}'", group), suggestion(group, all));
    }
  }

  [[noreturn]] static void bad(const Inventory::Host& host, const std::string& why, const std::string& hint = "") {
    throw Error(ErrorKind::bad_file, "",
                host.line == 0 ? fmt::format("host '{}': {}", host.name, why)
                               : fmt::format("line {}, host '{}': {}", host.line, host.name, why),
                hint);
  }

  void take_host(const Inventory::Host& host) {
    if (!is_name(host.name))
      bad(host, "a node's name has letters, digits, '-', '_' and '.', at most 64 of them",
          "give it such a name, with ansible_host for its address");
    Node node;
    node.name = host.name;
    node.roles = roles_of(host.groups);
    node.site = only_group(host, from_.sites, "site");
    node.rack = only_group(host, from_.racks, "rack");
    std::string remark;
    node.address = address_of(host, remark);
    node.ssh_port = port_of(host);
    add(std::move(node), remark);
  }

  static std::string only_group(const Inventory::Host& host, const std::vector<std::string>& groups, const char* what) {
    std::string found;
    for (const std::string& group : groups) {
      if (!host.in(group)) continue;
      if (!found.empty()) bad(host, fmt::format("it is in two {}s, {} and {}", what, found, group));
      found = group;
    }
    return found;
  }

  static std::string address_of(const Inventory::Host& host, std::string& remark) {
    const std::string given = first_variable(host, {"ansible_host", "ansible_ssh_host"});
    if (given.empty()) return host.name;
    if (is_host(given)) return given;
    remark = fmt::format("its ansible_host is no address: {}", clean(given));
    return "";
  }

  static std::int64_t port_of(const Inventory::Host& host) {
    const std::string text = first_variable(host, {"ansible_port", "ansible_ssh_port"});
    std::int64_t port = 22;
    if (text.empty()) return port;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535)
      bad(host, fmt::format("'{}' is no port", clean(text)));
    return port;
  }

  // The one value that all hosts share; nullopt, and a word to the user, when they differ.
  std::optional<std::string> common(const Inventory& inventory, const std::vector<const char*>& names,
                                    const std::string& what) {
    std::map<std::string, std::string> values;  // with one of its hosts
    for (const Inventory::Host& host : inventory.hosts)
      if (draft_.cloud.find(host.name) != nullptr) values.emplace(first_variable(host, names), host.name);
    if (values.size() == 1) return values.begin()->first;
    if (values.size() > 1)
      draft_.left_out.push_back(fmt::format("{}: it is not the same for all hosts ({} and {} differ)", what,
                                            values.begin()->second, values.rbegin()->second));
    return std::nullopt;
  }

  // The value, when it can be written down; it is left out, and said so, when it can't (a template, mostly).
  std::string fit(const std::string& value, bool (*good)(const std::string&), const char* what) {
    if (value.empty() || good(value)) return value;
    draft_.left_out.push_back(
        fmt::format("{}: '{}' can't be taken over, for it is a template or has odd letters", what, clean(value)));
    return "";
  }

  void take_login(const Inventory& inventory) {
    SshSettings& ssh = draft_.cloud.ssh;
    const char* const user = "ansible_user";
    const char* const key = "ansible_ssh_private_key_file";
    ssh.user = fit(common(inventory, {user, "ansible_ssh_user"}, user).value_or(""), is_name, user);
    ssh.key = fit(common(inventory, {key, "ansible_private_key_file"}, key).value_or(""), is_path, key);
    const std::string become = common(inventory, {"ansible_become"}, "ansible_become").value_or("");
    ssh.sudo = ssh.user != "root" && (become == "true" || become == "True" || become == "yes" || become == "1");
    const std::vector<const char*> secrets = {"ansible_password", "ansible_ssh_pass", "ansible_become_password",
                                              "ansible_become_pass", "ansible_sudo_pass"};
    const auto with = std::count_if(inventory.hosts.begin(), inventory.hosts.end(),
                                    [&](const auto& host) { return !first_variable(host, secrets).empty(); });
    if (with > 0)
      draft_.left_out.push_back(
          fmt::format("passwords of {} hosts: Blackstart logs in with a key, and sudo must not ask for one", with));
  }

  void take_vip(const Inventory& inventory) {
    const auto vip = common(inventory, {"kolla_internal_vip_address", "internal_lb_vip_address"}, "kolla_internal_vip_address");
    if (vip && parse_ipv4(*vip)) draft_.cloud.vip = *vip;
  }

  // --- OpenStack ---

  void take_openstack(const OpenStackFacts& facts) {
    draft_.cloud.openstack = facts.access;
    draft_.cloud.openstack.present = true;
    for (const auto& [type, interface, url] : facts.endpoints)
      draft_.endpoints.push_back({clean(type), clean(interface), clean(url)});
    std::sort(draft_.endpoints.begin(), draft_.endpoints.end(), [](const auto& a, const auto& b) {
      return std::tie(a.type, a.interface, a.url) < std::tie(b.type, b.interface, b.url);
    });
    draft_.left_out.insert(draft_.left_out.end(), facts.left_out.begin(), facts.left_out.end());
    if (!facts.access.cloud.empty() && !is_path(facts.access.cloud))
      throw Error(ErrorKind::usage, "--os-cloud",
                  fmt::format("the name '{}' can't be written down", clean(facts.access.cloud)));
    std::size_t known = 0;
    for (const auto& hypervisor : facts.hypervisors) known += take_hypervisor(hypervisor);
    draft_.found.push_back(fmt::format("OpenStack has {} endpoints in its catalogue and {} hypervisors{}",
                                       facts.endpoints.size(), facts.hypervisors.size(),
                                       from_.inventory != nullptr ? fmt::format(", {} of them in the inventory", known) : ""));
    take_entry(facts);
  }

  // True when the node was known before.
  bool take_hypervisor(const OpenStackFacts::Hypervisor& hypervisor) {
    Node* node = node_of(hypervisor.host);
    const bool known = node != nullptr;
    if (!known) {
      if (!is_name(hypervisor.host)) {
        draft_.left_out.push_back(fmt::format("hypervisor '{}': that can't be a node's name", clean(hypervisor.host)));
        return false;
      }
      Node fresh;
      fresh.name = hypervisor.host;
      fresh.address = is_host(hypervisor.address) ? hypervisor.address : "";
      add(std::move(fresh), from_.inventory != nullptr ? "Nova knows it, the inventory doesn't"
                                                       : "the address is Nova's my_ip: does SSH get in there?");
      node = &nodes().back();
    }
    if (!node->has_role("compute")) node->roles.push_back("compute");
    if (node->site.empty() && is_name(hypervisor.zone)) node->site = hypervisor.zone;
    return known;
  }

  // The node of this name, or the only one that is called the same without its domain.
  Node* node_of(const std::string& host) {
    Node* found = nullptr;
    for (Node& node : nodes()) {
      if (node.name == host) return &node;
      if (short_name(node.name) != short_name(host)) continue;
      if (found != nullptr) return nullptr;
      found = &node;
    }
    return found;
  }

  // Where the internal endpoints are is the virtual IP, unless a node of its own stands there.
  void take_entry(const OpenStackFacts& facts) {
    if (!draft_.cloud.vip.empty()) return;
    std::set<std::string> hosts;
    for (const auto& endpoint : facts.endpoints)
      if (endpoint.interface == "internal") hosts.insert(host_in(endpoint.url));
    if (hosts.size() != 1 || !parse_ipv4(*hosts.begin())) return;
    if (std::any_of(nodes().begin(), nodes().end(), [&](const Node& node) { return node.address == *hosts.begin(); })) return;
    draft_.cloud.vip = *hosts.begin();
    draft_.found.push_back(fmt::format("all internal endpoints are at {}: taken for the virtual IP", *hosts.begin()));
  }

  static std::string host_in(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return "";
    const std::string rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of(":/"));
  }

  // --- both ---

  void take_sites() {
    std::set<std::string> used;
    for (const Node& node : nodes())
      if (!node.site.empty()) used.insert(node.site);
    for (const std::string& name : used)
      draft_.cloud.sites.push_back(
          {name, from_.openstack != nullptr && is_name(from_.openstack->region) ? from_.openstack->region : "", ""});
    if (!used.empty()) draft_.found.push_back(fmt::format("sites: {}", fmt::join(used, ", ")));
  }

  void say_roles() {
    std::map<std::string, int> counts;
    for (const Node& node : nodes())
      for (const std::string& role : node.roles) ++counts[role];
    std::vector<std::string> words;
    for (const auto& [role, count] : counts) words.push_back(fmt::format("{} {}", count, role));
    draft_.found.push_back(fmt::format("{} nodes: {}", nodes().size(),
                                       words.empty() ? "no role is known" : fmt::format("{}", fmt::join(words, ", "))));
  }

  static std::vector<std::string> missing_of(const Node& node) {
    std::vector<std::string> missing;
    for (const auto& [field, there] : {std::pair{"address", !node.address.empty()}, std::pair{"site", !node.site.empty()},
                                       std::pair{"rack", !node.rack.empty()}, std::pair{"roles", !node.roles.empty()},
                                       std::pair{"data", false}, std::pair{"bmc", false}})
      if (!there) missing.push_back(field);
    return missing;
  }

  const DraftSources& from_;
  CloudDraft draft_;
};

}  // namespace

CloudDraft draft_cloud(const DraftSources& sources) { return Drafter(sources).draft(); }

}  // namespace blackstart
