// HAProxy's backends and keepalived's virtual IP, as each controller sees them.
#include <fmt/format.h>

#include <sstream>

#include "base/process.h"
#include "probes/redundancy_check.h"

namespace blackstart {
namespace {

// Columns of "show stat" (HAProxy's management guide, "CSV format").
constexpr std::size_t kProxy = 0, kServer = 1, kStatus = 17, kLastCheck = 36;

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

// Those on the way up or down ("UP 1/2") are not whole.
RedundancyPart part_of(const std::string& node, const std::vector<std::string>& cells) {
  const std::string& status = cells[kStatus];
  const bool aside = status.rfind("MAINT", 0) == 0 || status.rfind("DRAIN", 0) == 0;
  const std::string check = cells.size() > kLastCheck ? cells[kLastCheck] : "";
  RedundancyPart part{fmt::format("{}/{} on {}", cells[kProxy], cells[kServer], node), status == "UP" || status == "no check",
                      status + (check.empty() || status == "UP" ? "" : " (" + check + ")")};
  part.set_aside = aside;
  return part;
}

class HaproxyCheck final : public RedundancyCheck {
 public:
  explicit HaproxyCheck(const RedundancyWays& ways) : ways_(ways) {
    const std::string socket = shell_quote(ways.haproxy_socket);
    command_ = fmt::format(
        "if command -v socat >/dev/null; then echo 'show stat' | socat -T 2 - UNIX-CONNECT:{0}; else echo 'show stat' | "
        "nc -w 2 -U {0}; fi",
        socket);
  }

  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    for (const NodeAnswer& answer : ask_nodes(ways_, "controller", command_, deadline)) add(answer, look);
    return look;
  }

 private:
  // HAProxy on a node is a part of its own: with it gone, each of its backends is.
  static void add(const NodeAnswer& answer, RedundancyLook& look) {
    const bool sound = answer.trouble.empty() && answer.out.rfind("# pxname,", 0) == 0;
    look.parts.push_back({"HAProxy on " + answer.node, sound,
                          !answer.trouble.empty() ? answer.trouble
                          : sound                 ? "runs"
                                                  : "no statistics on its socket"});
    std::istringstream lines(answer.out);
    for (std::string line; sound && std::getline(lines, line);) {
      const auto cells = cells_of(line);
      if (line[0] == '#' || cells.size() <= kStatus || cells[kServer] == "FRONTEND" || cells[kServer] == "BACKEND") continue;
      look.parts.push_back(part_of(answer.node, cells));
    }
  }

  RedundancyWays ways_;
  std::string command_;
};

class KeepalivedCheck final : public RedundancyCheck {
 public:
  // As a unit, or in a container: then the host sees the process.
  explicit KeepalivedCheck(const RedundancyWays& ways)
      : ways_(ways),
        command_(
            fmt::format("if systemctl is-active --quiet keepalived || pgrep -x keepalived >/dev/null; then echo runs; else "
                        "echo stopped; fi; ip -o address show to {}",
                        shell_quote(ways.cloud.vip))) {}

  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    std::vector<std::string> holders;
    for (const NodeAnswer& answer : ask_nodes(ways_, "controller", command_, deadline)) {
      const bool runs = answer.out.rfind("runs\n", 0) == 0;
      look.parts.push_back({answer.node, runs, !answer.trouble.empty() ? answer.trouble : runs ? "runs" : "does not run"});
      if (answer.out.find(" inet") != std::string::npos) holders.push_back(answer.node);
    }
    look.trouble = trouble(holders);
    return look;
  }

 private:
  std::string trouble(const std::vector<std::string>& holders) const {
    if (holders.size() == 1) return "";
    if (holders.empty()) return fmt::format("nobody holds {}", ways_.cloud.vip);
    std::string text = holders[0];
    for (std::size_t i = 1; i < holders.size(); ++i) text += " and " + holders[i];
    return fmt::format("{} hold {} at once", text, ways_.cloud.vip);
  }

  RedundancyWays ways_;
  std::string command_;
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_haproxy_check(const RedundancyWays& ways) { return std::make_unique<HaproxyCheck>(ways); }
std::unique_ptr<RedundancyCheck> make_keepalived_check(const RedundancyWays& ways) {
  return std::make_unique<KeepalivedCheck>(ways);
}

}  // namespace blackstart
