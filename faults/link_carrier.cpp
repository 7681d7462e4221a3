// The carrier form of link.cut: the interface is set down on the node. What the kernel drops with it is put back at undo.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/link_cut.h"
#include "faults/network_fault.h"
#include "faults/node_network.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;

using Lines = std::vector<std::string>;

// One round trip. The kernel's own routes come back by themselves with the link, those of router advertisements with the next.
constexpr const char* kRead =
    "l=$(ip -o link show) && f=$(ip -4 route show table all dev {0}) && s=$(ip -6 route show table all dev {0}) && "
    "a=$(ip -6 -o addr show dev {0} scope global) || exit 1; "
    "printf '%s\\n' \"$l\" | sed -n 's/^[0-9]*: {0}[:@].*<\\([^>]*\\)>.*/Flags=\\1/p; s/^[0-9]*: "
    "\\([^:@]*\\)@{0}:.*/Above=\\1/p'; "
    "printf '%s\\n' \"$f\" \"$s\" | grep -v -e '^$' -e 'proto kernel' -e 'proto ra' -e '^local' -e '^broadcast' -e '^anycast' "
    "-e '^multicast' | sed 's/ linkdown//; s/ dead//; s/ *$//; s/^/Route=/'; "
    "printf '%s\\n' \"$a\" | grep -v -e '^$' -e dynamic | sed 's/.* inet6 \\([^ ]*\\) .*/V6=\\1/'; echo End=1";

struct Link {
  bool up = false;
  Lines above, routes, addresses;
};

Link read_link(FaultContext context, const std::string& node, const std::string& device, const Deadline& deadline) {
  const Answer answer(context.remote, fmt::format("reading the link {} of {}", device, node), node, fmt::format(kRead, device),
                      deadline.sooner(kCallLimit));
  const std::string flags = "," + answer.text("Flags") + ",";
  return {flags.find(",UP,") != std::string::npos, answer.all("Above"), answer.all("Route"), answer.all("V6")};
}

bool plain(const std::string& line) {
  return !line.empty() && line[0] != '-' && std::all_of(line.begin(), line.end(), [](unsigned char c) {
    return c < 128 && (std::isalnum(c) || std::string(" ./:_-").find(static_cast<char>(c)) != std::string::npos);
  });
}

Lines lines_fact(const UndoRecord& record, const std::string& name) {
  Lines lines;
  std::istringstream text(fact_or_none(record, name));
  for (std::string line; std::getline(text, line, ';');) {
    if (!plain(line)) bad_fact(record, name, "holds what is none: '" + line + "'");
    lines.push_back(line);
  }
  return lines;
}

std::string device_fact(const UndoRecord& record) {
  std::string device = fact(record, "device");
  if (!is_device_name(device)) bad_fact(record, "device", "names no interface: '" + device + "'");
  return device;
}

const char* family(const std::string& line) { return is_ipv6(line) ? "-6" : "-4"; }

class CarrierFault final : public NetworkFault {
 public:
  CarrierFault(const Node& node, FaultContext context, std::string device, std::unique_ptr<ThirdParty> third)
      : NetworkFault(node, context, std::move(third)), wanted_(std::move(device)) {}

 private:
  void check(const Deadline& deadline) override {
    const NodeNetwork network = read_network(context_, node_, wanted_, deadline);
    device_ = network.device;
    const std::string looking = fmt::format("looking at {} of {}", device_, node_.name);
    if (network.shared())
      throw Error(ErrorKind::unmet, looking, "the runner's own way in runs over it",
                  "'form: silent' keeps that connection open, or give the node a management interface");
    before_ = read_link(context_, node_.name, device_, deadline);
    if (!before_.up) throw Error(ErrorKind::unmet, looking, "it is down already", "ip link show " + device_);
    if (!before_.above.empty())
      throw Error(ErrorKind::unmet, looking,
                  fmt::format("{} stands on it, whose routes would be lost with it", fmt::join(before_.above, ", ")),
                  "use 'form: silent'");
    for (const std::string& route : before_.routes)
      if (!plain(route) || route.find("nexthop") != std::string::npos)
        throw Error(ErrorKind::unmet, looking, fmt::format("its route '{}' could not be put back", route),
                    "use 'form: silent'");
  }
  UndoRecord own_record() const override {
    return {"link.up",
            node_.name,
            {{"device", device_},
             {"routes", fmt::format("{}", fmt::join(before_.routes, ";"))},
             {"addresses", fmt::format("{}", fmt::join(before_.addresses, ";"))}}};
  }
  std::string doing() const override { return fmt::format("setting {} of {} down", device_, node_.name); }
  std::string order() const override { return "ip link set dev " + device_ + " down"; }
  std::string expected() const override { return fmt::format("the interface {} of {} is down", device_, node_.name); }
  bool look(std::string& observed, const Deadline& deadline) override {
    const bool up = read_link(context_, node_.name, device_, deadline).up;
    observed = up ? "it is up" : "it is down";
    return !up;
  }

  const std::string wanted_;
  std::string device_;
  Link before_;
};

Gone look_whether_up(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const Link now = read_link(context, record.node, device_fact(record), deadline);
  Lines missing;
  for (const auto& [name, there] : {std::pair{"routes", now.routes}, std::pair{"addresses", now.addresses}})
    for (const std::string& line : lines_fact(record, name))
      if (std::find(there.begin(), there.end(), line) == there.end()) missing.push_back(line);
  if (!now.up) return {false, "it is down"};
  if (missing.empty()) return {true, "it is up, with all its routes"};
  return {false, fmt::format("it is up, but without {}", fmt::join(missing, ", "))};
}

}  // namespace

std::unique_ptr<TargetFault> make_carrier_fault(const Node& node, FaultContext context, const std::string& device,
                                                std::unique_ptr<ThirdParty> third) {
  return std::make_unique<CarrierFault>(node, context, device, std::move(third));
}

// What is there already is refused by the kernel, and is no matter: what counts is what is read afterwards.
std::string link_up_command(const UndoRecord& record) {
  const std::string device = device_fact(record);
  std::string command = fmt::format("ip link set dev {} up", device);
  // Without a look for duplicates: until that is over no route may name the address.
  for (const std::string& address : lines_fact(record, "addresses"))
    command += fmt::format("; ip {} address add {} dev {}{} 2>/dev/null", family(address), address, device,
                           is_ipv6(address) ? " nodad" : "");
  // A gateway may be reached by another of the routes.
  Lines routes = lines_fact(record, "routes");
  std::stable_partition(routes.begin(), routes.end(),
                        [](const std::string& route) { return route.find(" via ") == std::string::npos; });
  for (const std::string& route : routes)
    command += fmt::format("; ip {} route add {} dev {} 2>/dev/null", family(route), route, device);
  return command;
}

std::vector<Evidence> link_up_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string expected = fmt::format("the interface is up on {}, with the routes of before", record.node);
  try {
    const std::string command = link_up_command(record) + "; true";
    return undo_until_gone(record, context, deadline, record.node, expected, [&](const Deadline& until) {
      context.remote.check("setting the link up on " + record.node, record.node, command, until.sooner(kCallLimit));
      return look_whether_up(record, context, until);
    });
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace blackstart
