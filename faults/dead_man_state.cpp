#include "faults/dead_man_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr Duration kReadLimit = 10s;
constexpr std::size_t kLongestId = 230;  // systemd's unit names have at most 255 characters
// In words of our own, so that an answer which lost something is noticed; as enum Order has them.
constexpr std::array<const char*, 4> kOrderWords = {"no", "given", "runs", "ended"};

std::string take_line(const std::string& text, const std::string& name, const std::string& doing) {
  const std::size_t at = ("\n" + text).find("\n" + name + "=");
  if (at == std::string::npos) throw Error(ErrorKind::unmet, doing, "the answer has no " + name);
  const std::size_t begin = at + name.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool is_there(const std::string& text, const std::string& name, const std::string& doing) {
  const std::string word = take_line(text, name, doing);
  if (word != "yes" && word != "no") throw Error(ErrorKind::unmet, doing, fmt::format("{} is '{}'", name, word));
  return word == "yes";
}

Order read_order(const std::string& text, const std::string& doing) {
  const std::string word = take_line(text, "Ordered", doing);
  const auto found = std::find(kOrderWords.begin(), kOrderWords.end(), word);
  if (found == kOrderWords.end()) throw Error(ErrorKind::unmet, doing, fmt::format("Ordered is '{}'", word));
  return static_cast<Order>(found - kOrderWords.begin());
}

// systemctl's own words are "active", "inactive", …; none at all means that it could not ask systemd.
bool is_on(const std::string& state, const std::string& doing) {
  if (state.empty()) throw Error(ErrorKind::unmet, doing, "systemctl gave no answer");
  return state != "inactive" && state != "failed" && state != "unknown";
}

}  // namespace

void require_safe(const std::string& id) {
  const auto allowed = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.'); };
  if (id.empty() || id.size() > kLongestId || id[0] == '.' || id[0] == '-' || !std::all_of(id.begin(), id.end(), allowed))
    throw Error(ErrorKind::internal, "naming a dead-man", fmt::format("'{}' is not fit to be its id", id));
}

std::string unit_name(const std::string& id) { return "blackstart-" + id; }
std::string fired_mark(const std::string& id) { return "/run/blackstart/" + id + ".fired"; }
std::string disarmed_mark(const std::string& id) { return std::string(kDisarmedMarks) + "/" + id; }
std::string order_mark(const std::string& id) {
  require_safe(id);
  return "/run/blackstart/" + id + ".ordered";
}

// Only where there is a mark: flock would make one.
std::string at_rest(const std::string& id) {
  return fmt::format("{{ test ! -e {0} || flock -s -n {0} true; }}", order_mark(id));
}

DeadMan read_dead_man(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline,
                      const std::string& first) {
  const std::string doing = fmt::format("reading the dead-man {} on {}", unit_name(id), node);
  const std::string text = context.remote.check(
      doing, node,
      fmt::format("{4}m=; o=no; d=no; [ ! -e {1} ] || m=$(cat {1}) || exit 1; [ ! -e {3} ] || d=yes; "
                  "if [ -e {2} ]; then o=given; [ ! -s {2} ] || o=ended; flock -s -n {2} true || o=runs; fi; "
                  "printf 'Timer=%s\\nService=%s\\nFired=%s\\nOrdered=%s\\nDisarmed=%s\\nEnd=1\\n' "
                  "\"$(systemctl is-active {0}.timer)\" \"$(systemctl is-active {0}.service)\" \"$m\" \"$o\" \"$d\"",
                  unit_name(id), fired_mark(id), order_mark(id), disarmed_mark(id), first),
      deadline.sooner(kReadLimit));
  take_line(text, "End", doing);
  return {is_on(take_line(text, "Timer", doing), doing), is_on(take_line(text, "Service", doing), doing),
          take_line(text, "Fired", doing), read_order(text, doing), is_there(text, "Disarmed", doing)};
}

}  // namespace blackstart
