#include "faults/node_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "faults/answer.h"

namespace blackstart {
namespace {

constexpr Duration kReadLimit = 15s;

// sudo takes SSH_CONNECTION away, so our own ancestors are asked for it.
constexpr const char* kRead =
    "p=$$; c=; while [ -n \"$p\" ] && [ \"$p\" -gt 1 ]; do "
    "c=$(tr '\\0' '\\n' </proc/$p/environ 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p'); [ -z \"$c\" ] || break; "
    "p=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$p/status); done; printf 'Way=%s\\n' \"$c\"; "
    "l=$(ip -o link show) && a=$(ip -o addr show) || exit 1; "
    "printf '%s\\n' \"$l\" | sed 's/^[0-9]*: /Link=/; s/[:@].*//'; "
    "printf '%s\\n' \"$a\" | while read -r n device family address rest; do printf 'Address=%s %s\\n' $device ${address%/*}; "
    "done; "
    "echo End=1";

std::string device_of(const Answer& answer, const std::string& address) {
  for (const std::string& line : answer.all("Address"))
    if (line.substr(line.find(' ') + 1) == address) return line.substr(0, line.find(' '));
  return "";
}

void read_way_in(const Answer& answer, NodeNetwork& network, const std::string& doing) {
  std::istringstream way(answer.text("Way"));
  std::string server;
  int client_port = 0;
  way >> network.runner >> client_port >> server >> network.ssh_port;
  network.runner.erase(std::min(network.runner.size(), network.runner.find('%')));
  if (!way || !is_network(network.runner) || network.ssh_port < 1 || network.ssh_port > 65535)
    throw Error(ErrorKind::unmet, doing, "it does not tell where our SSH connection comes from, so it could not be kept open",
                "let the runner log in by OpenSSH's sshd, which sets SSH_CONNECTION");
  network.management = device_of(answer, server.substr(0, server.find('%')));
}

std::string to_disturb(const Answer& answer, const Node& node, const std::string& wanted, const std::string& doing) {
  const std::string device = wanted.empty() ? device_of(answer, node.data_address()) : wanted;
  if (device.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("no interface there has its data address {}", node.data_address()),
                "set 'data' of the node in cloud.yaml, or name the 'device'");
  const auto links = answer.all("Link");
  if (std::find(links.begin(), links.end(), device) == links.end())
    throw Error(ErrorKind::unmet, doing, fmt::format("there is no interface '{}'", device), suggestion(device, links));
  if (device == "lo")
    throw Error(ErrorKind::unmet, doing, "its loopback interface is nothing to cut", "name an interface that leads elsewhere");
  if (!is_device_name(device)) throw Error(ErrorKind::unmet, doing, fmt::format("'{}' is no name for an interface", device));
  return device;
}

}  // namespace

bool is_device_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.'); };
  return !name.empty() && name.size() <= 15 && std::isalnum(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool is_ipv6(const std::string& address) { return address.find(':') != std::string::npos; }

bool is_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  const bool six = is_ipv6(text);
  unsigned char bytes[16];
  if (inet_pton(six ? AF_INET6 : AF_INET, text.substr(0, slash).c_str(), bytes) != 1) return false;
  const auto prefix = slash == std::string::npos ? std::optional<std::int64_t>{0} : parse_integer(text.substr(slash + 1));
  return prefix && *prefix <= (six ? 128 : 32);
}

bool is_address(const std::string& text) { return is_network(text) && text.find('/') == std::string::npos; }

bool is_loopback(const std::string& network) {
  return network.starts_with("127.") || network == "::1" || network.starts_with("::1/");
}

NodeNetwork read_network(FaultContext context, const Node& node, const std::string& device, const Deadline& deadline) {
  const std::string doing = fmt::format("looking at the network of {}", node.name);
  const Answer answer(context.remote, doing, node.name, kRead, deadline.sooner(kReadLimit));
  NodeNetwork network;
  read_way_in(answer, network, doing);
  network.device = to_disturb(answer, node, device, doing);
  return network;
}

}  // namespace blackstart
