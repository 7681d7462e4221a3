// HAProxy's configuration, as much of it as says how soon a server is taken out.
//
// Its configuration manual, 4.2 (default-server, timeout), 5.2 (inter, fall, …), 2.4 (time units); defaults: defaults.h
// (DEF_CHKINTR 2000, DEF_FALLTIME 3, DEF_RISETIME 2).
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "base/units.h"
#include "lab/cloud.h"
#include "probes/live_readers.h"

namespace blackstart::live {
namespace {

constexpr const char* kWhat = "HAProxy's configuration";
constexpr const char* kDefault = "default (HAProxy: defaults.h)";
constexpr std::size_t kMostServers = 5000;

using Words = std::vector<std::string>;

// Blanks end words unless they are quoted or behind a backslash; '#' begins a comment.
Words words_of(const std::string& line) {
  Words words;
  std::string word;
  char quote = 0;
  bool there = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i], there = true;
    } else if ((c == '"' || c == '\'') && (quote == 0 || quote == c)) {
      quote = quote == 0 ? c : 0, there = true;
    } else if (quote == 0 && c == '#') {
      break;
    } else if (quote == 0 && blank) {
      if (there) words.push_back(word);
      word.clear(), there = false;
    } else {
      word += c, there = true;
    }
  }
  if (there) words.push_back(word);
  return words;
}

// Milliseconds unless a unit says otherwise.
std::string time_of(const std::string& text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const std::string unit = digits == std::string::npos ? "ms" : text.substr(digits) == "m" ? "min" : text.substr(digits);
  const auto value = parse_duration(text.substr(0, digits) + unit);
  if (!value) not_understood(kWhat, fmt::format("'{}' is no time", text.substr(0, 40)));
  return format_duration(*value);
}

std::string count_of(const std::string& text) {
  const auto value = parse_integer(text);
  if (!value || *value < 1) not_understood(kWhat, fmt::format("'{}' is no count", text.substr(0, 40)));
  return std::to_string(*value);
}

struct Said {
  std::string value, from;
};
// What holds for the servers of a section.
struct Section {
  std::map<std::string, Said> timeouts;  // "check", "connect"
  std::map<std::string, Said> checks;    // "inter", "fall", …
  bool checked = false;
};

class Reader {
 public:
  explicit Reader(const Cloud& cloud) : cloud_(cloud) {}

  void line(const std::string& text, const std::string& from) {
    const Words words = words_of(text);
    if (words.empty()) return;
    from_ = from;
    if (words[0][0] == '.') not_understood(kWhat, "it has conditional blocks");
    if (begins_section(words)) return;
    if (global_ && words[0] == "spread-checks" && words.size() > 1)
      settings.push_back({"", "spread-checks", count_of(words[1]), from});
    if (global_ || !proxy_) return;
    if (words[0] == "timeout" && words.size() > 2 && (words[1] == "check" || words[1] == "connect"))
      now_.timeouts[words[1]] = {time_of(words[2]), from};
    if (words[0] == "default-server") read_checks(words, 1, now_);
    if (words[0] == "server" && words.size() > 2) pending_.push_back({words, from});
  }
  // A server may stand above the timeouts of its section.
  void end() {
    for (const auto& [words, from] : pending_) server(words, from);
    pending_.clear();
    if (name_.empty() && proxy_) defaults_[defaults_name_] = now_;
  }

  std::vector<LiveSetting> settings;

 private:
  // "defaults web from base", "backend b from web"
  static std::string origin(const Words& words) {
    for (std::size_t i = 1; i + 1 < words.size(); ++i)
      if (words[i] == "from") return words[i + 1];
    return "";
  }

  bool begins_section(const Words& words) {
    static const std::set<std::string> kProxies{"frontend", "backend", "listen"};
    static const std::set<std::string> kOthers{"global",   "peers",     "userlist",    "resolvers",  "cache",
                                               "program",  "mailers",   "http-errors", "ring",       "log-forward",
                                               "fcgi-app", "crt-store", "traces",      "log-profile"};
    const bool proxy = kProxies.count(words[0]) > 0, defaults = words[0] == "defaults";
    if (!proxy && !defaults && kOthers.count(words[0]) == 0) return false;
    end();
    global_ = words[0] == "global";
    proxy_ = proxy || defaults;
    name_ = proxy && words.size() > 1 ? words[1] : "";
    const std::string from = origin(words);
    if (proxy) now_ = defaults_[from.empty() ? defaults_name_ : from];
    if (defaults) {
      now_ = from.empty() ? Section{} : defaults_[from];
      defaults_name_ = words.size() > 1 && words[1] != "from" ? words[1] : fmt::format(" {}", ++unnamed_);
    }
    return true;
  }

  void read_checks(const Words& words, std::size_t first, Section& into) const {
    for (std::size_t i = first; i < words.size(); ++i) {
      const std::string& word = words[i];
      const bool more = i + 1 < words.size();
      if (word == "check") into.checked = true;
      if (word == "no-check" || word == "disabled") into.checked = false;
      if (more && (word == "inter" || word == "fastinter" || word == "downinter"))
        into.checks[word] = {time_of(words[++i]), from_};
      if (more && (word == "fall" || word == "rise")) into.checks[word] = {count_of(words[++i]), from_};
      if (more && (word == "observe" || word == "track")) into.checks[word] = {words[++i], from_};
    }
  }

  std::string node_of(const std::string& server, const std::string& address) const {
    const std::string host = address.substr(0, address.find(':'));
    for (const Node& node : cloud_.nodes)
      if (host == node.address || host == node.data_address() || host == node.name) return node.name;
    return cloud_.find(server) != nullptr && host.find_first_not_of("0123456789.") != std::string::npos ? server : "";
  }

  void server(const Words& words, const std::string& from) {
    Section own = now_;
    from_ = from;
    read_checks(words, 3, own);
    // One that follows the checks of another has none.
    if (!own.checked || own.checks.count("track") > 0) return;
    if (++servers_ > kMostServers) not_understood(kWhat, "it has more than 5,000 servers");
    const std::string of = name_ + "/" + words[1];
    if (const std::string node = node_of(words[1], words[2]); !node.empty())
      settings.push_back({of, "node", node, "cloud.yaml"});
    own.checks.try_emplace("inter", Said{"2s", kDefault});
    own.checks.try_emplace("fall", Said{"3", kDefault});
    own.checks.try_emplace("rise", Said{"2", kDefault});
    for (const auto& [name, said] : own.checks) settings.push_back({of, name, said.value, said.from});
    for (const auto& [name, said] : own.timeouts) settings.push_back({of, "timeout " + name, said.value, said.from});
  }

  const Cloud& cloud_;
  std::map<std::string, Section> defaults_;
  std::string defaults_name_;
  int unnamed_ = 0;
  Section now_;
  bool global_ = false, proxy_ = false;
  std::string name_;  // of the proxy; empty in defaults
  std::string from_;
  std::vector<std::pair<Words, std::string>> pending_;
  std::size_t servers_ = 0;
};

}  // namespace

std::vector<LiveSetting> parse_haproxy(const std::string& printed, const Cloud& cloud) {
  Reader reader(cloud);
  for (const ConfiguredProcess& process : read_processes(printed))
    for (const ConfigFile& file : process.files)
      for (const std::string& line : file.lines) reader.line(line, file.source());
  reader.end();
  return std::move(reader.settings);
}

}  // namespace blackstart::live
