// netem on a node's interface: qdiscs under a handle of our own, and an ifb of our own for what arrives; and their undo.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/link_netem.h"
#include "faults/network_fault.h"
#include "faults/script.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 15s;

// Is a module there, loaded, built in, or in a file that the kernel would load? Reads only.
constexpr const char* kReadNode =
    "k=/lib/modules/$(uname -r); for m in {1}; do [ -d /sys/module/$m ] || "
    "grep -qs \"/$m\\.ko\" $k/modules.builtin $k/modules.dep || printf 'Missing=%s\\n' $m; done; "
    "ls /usr/lib/tc /usr/lib64/tc /usr/lib/*/tc /usr/share/tc 2>/dev/null | sed -n 's/\\.dist$//p' | sed 's/^/Table=/'; "
    "q=$(tc qdisc show dev {0}) && i=$(ip -o link show) || exit 1; printf '%s\\n' \"$q\" | sed 's/^/Qdisc=/'; "
    "printf '%s\\n' \"$i\" | sed 's/^[0-9]*: /Link=/; s/[:@].*//'; echo End=1";

// The qdiscs of the device and of our ifb, if it is there.
constexpr const char* kReadOurs =
    "q=$(tc qdisc show dev {0}) && i=$(ip -o link show) || exit 1; printf '%s\\n' \"$q\" | sed 's/^/Qdisc=/'; "
    "case \"$i\" in *' {1}: '*) q=$(tc qdisc show dev {1}) || exit 1; echo Ifb=there; "
    "printf '%s\\n' \"$q\" | sed 's/^/Ifb=/';; esac; echo End=1";

bool ours(const std::string& qdisc) {
  return qdisc.find(std::string(" ") + kHandle + " ") != std::string::npos || qdisc.find(" b1ad: ") != std::string::npos;
}
bool is_netem(const std::string& qdisc) { return qdisc.starts_with("qdisc netem ") && ours(qdisc); }

// What the kernel puts there by itself has the handle 0.
bool foreign_root(const std::string& qdisc) {
  return qdisc.find(" root") != std::string::npos && qdisc.find(" 0: root") == std::string::npos;
}
bool ingress(const std::string& qdisc) { return qdisc.starts_with("qdisc ingress ") || qdisc.starts_with("qdisc clsact "); }

class NetemFault final : public NetworkFault {
 public:
  NetemFault(const Node& node, FaultContext context, std::string device, Shaping shaping, std::unique_ptr<ThirdParty> third)
      : NetworkFault(node, context, std::move(third)), device_(std::move(device)), shaping_(std::move(shaping)) {}

 private:
  void check(const Deadline& deadline) override {
    shaping_.network = read_network(context_, node_, device_, deadline);
    const std::string looking = fmt::format("looking at the qdiscs of {} on {}", shaping_.network.device, node_.name);
    const Answer answer(context_.remote, looking, node_.name,
                        fmt::format(kReadNode, shaping_.network.device, fmt::join(modules_for(shaping_), " ")),
                        deadline.sooner(kCallLimit));
    if (const auto missing = answer.all("Missing"); !missing.empty())
      throw Error(ErrorKind::unmet, looking, fmt::format("its kernel has no {}", fmt::join(missing, ", ")),
                  "install the kernel's modules there (linux-modules-extra, kernel-modules-extra); a container has its "
                  "host's kernel; link.loss can do without: 'by: nft'");
    for (const std::string& qdisc : answer.all("Qdisc")) refuse_foreign(qdisc, looking);
    require_table(answer, looking);
  }

  void refuse_foreign(const std::string& qdisc, const std::string& looking) const {
    if (ours(qdisc))
      throw Error(ErrorKind::unmet, looking, "an earlier injection is there: " + qdisc,
                  "undo what is open: blackstart recover");
    if ((shaping_.leaving && foreign_root(qdisc)) || (shaping_.arriving && ingress(qdisc)))
      throw Error(ErrorKind::unmet, looking, "somebody shapes this interface already: " + qdisc,
                  "it would be lost; choose another 'device' or 'direction', or take it away for the rehearsal");
  }

  void require_table(const Answer& answer, const std::string& looking) const {
    const std::string& table = shaping_.netem.distribution;
    const auto tables = answer.all("Table");
    if (table.empty() || table == "uniform" || std::find(tables.begin(), tables.end(), table) != tables.end()) return;
    throw Error(ErrorKind::unmet, looking, fmt::format("tc there has no table for the distribution '{}'", table),
                "install iproute2 with its .dist files, or leave 'distribution' out");
  }

  UndoRecord own_record() const override {
    return {"netem.absent", node_.name, {{"id", context_.id}, {"device", shaping_.network.device}}};
  }

  void prepare(const Deadline& deadline) override {
    std::string lines;
    for (const std::string& line : tc_lines(context_.id, shaping_)) lines += line + "\n";
    context_.remote.check(
        "staging tc's lines on " + node_.name, node_.name,
        fmt::format("umask 077; mkdir -p /run/blackstart && printf '%s' {} >{}", shell_quote(lines), batch_file(context_.id)),
        deadline.sooner(kCallLimit));
  }
  std::string doing() const override {
    return fmt::format("{} on {} of {}", shaping_.netem.text(), shaping_.network.device, node_.name);
  }
  std::string order() const override {
    const std::string batch = "tc -batch " + batch_file(context_.id);
    if (!shaping_.arriving) return batch;
    return fmt::format("ip link add name {0} type ifb && ip link set dev {0} up && {1}", ifb_name(context_.id), batch);
  }

  std::string expected() const override {
    const char* const ways = !shaping_.leaving    ? "what arrives"
                             : !shaping_.arriving ? "what leaves"
                                                  : "what arrives and leaves";
    return fmt::format("netem of ours works on {} at {} of {}: {}", ways, shaping_.network.device, node_.name,
                       shaping_.netem.text());
  }
  bool look(std::string& observed, const Deadline& deadline) override {
    const Answer answer(context_.remote, "reading " + doing(), node_.name,
                        fmt::format(kReadOurs, shaping_.network.device, ifb_name(context_.id)), deadline.sooner(kCallLimit));
    observed.clear();
    bool all = true;
    if (shaping_.leaving) all = as_asked(answer.all("Qdisc"), observed) && all;
    if (shaping_.arriving) all = as_asked(answer.all("Ifb"), observed) && all;
    return all;
  }

  bool as_asked(const std::vector<std::string>& qdiscs, std::string& observed) const {
    for (const std::string& qdisc : qdiscs) {
      if (!is_netem(qdisc)) continue;
      const std::string difference = shaping_.netem.differs(qdisc);
      observed += (observed.empty() ? "" : "; ") + qdisc + (difference.empty() ? "" : " (" + difference + ")");
      return difference.empty();
    }
    observed += "no netem of ours";
    return false;
  }

  const std::string device_;
  Shaping shaping_;
};

std::string device_fact(const UndoRecord& record) {
  std::string device = fact(record, "device");
  if (!is_device_name(device)) bad_fact(record, "device", "names no interface: '" + device + "'");
  return device;
}

// An ingress qdisc is ours as long as our ifb is there, which goes last; filters of others keep it.
constexpr const char* kRemove =
    "tc qdisc del dev {0} root handle {1} 2>/dev/null; if ip link show dev {2} >/dev/null 2>&1; then "
    "f=$(tc filter show dev {0} parent ffff: 2>/dev/null); "
    "if printf '%s\\n' \"$f\" | grep ' pref ' | grep -v ' pref 4548[1-3] ' | grep -q .; then "
    "for p in 45481 45482 45483; do tc filter del dev {0} parent ffff: pref $p 2>/dev/null; done; "
    "else tc qdisc del dev {0} ingress 2>/dev/null; fi; ip link del dev {2}; fi; rm -f {3}";

std::string removal(const UndoRecord& record) {
  const std::string id = id_fact(record);
  return fmt::format(kRemove, device_fact(record), kHandle, ifb_name(id), batch_file(id));
}

Gone look_for_rest(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string device = device_fact(record);
  const Answer answer(context.remote, fmt::format("reading the qdiscs of {} on {}", device, record.node), record.node,
                      fmt::format(kReadOurs, device, ifb_name(id_fact(record))), deadline.sooner(kCallLimit));
  for (const std::string& qdisc : answer.all("Qdisc"))
    if (ours(qdisc)) return {false, "still there: " + qdisc};
  if (!answer.all("Ifb").empty()) return {false, "its ifb is still there"};
  const auto left = answer.all("Qdisc");
  return {true, left.empty() ? "no qdisc of ours" : left.front()};
}

}  // namespace

std::unique_ptr<TargetFault> make_netem_fault(const Node& node, FaultContext context, const std::string& device,
                                              Shaping shaping, std::unique_ptr<ThirdParty> third) {
  return std::make_unique<NetemFault>(node, context, device, std::move(shaping), std::move(third));
}

std::string netem_absent_command(const UndoRecord& record) { return plain_command(removal(record)); }

std::vector<Evidence> netem_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string expected = fmt::format("the qdiscs of the injection are gone on {}", record.node);
  try {
    const std::string command = removal(record);
    return undo_until_gone(record, context, deadline, record.node, expected, [&](const Deadline& until) {
      context.remote.check("removing the qdiscs of ours on " + record.node, record.node, command, until.sooner(kCallLimit));
      return look_for_rest(record, context, until);
    });
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace blackstart
