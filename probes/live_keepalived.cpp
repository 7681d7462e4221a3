// keepalived.conf(5), as much of it as says how soon another node takes the virtual IP.
//
// Its defaults: keepalived.conf(5); vrrp.h and vrrp_track.h of keepalived 2.2.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/units.h"
#include "probes/live_readers.h"

namespace blackstart::live {
namespace {

constexpr const char* kWhat = "keepalived's configuration";
constexpr const char* kDefault = "default (keepalived.conf(5))";

using Words = std::vector<std::string>;

// A line of words, and the block that it opens.
struct Statement {
  Words words;
  std::vector<Statement> inner;
  std::string from;  // the file
  const std::string& word(std::size_t at) const {
    static const std::string none;
    return at < words.size() ? words[at] : none;
  }
};

// Words of a line; braces are words of their own, '#' and '!' begin a comment.
Words words_of(const std::string& line) {
  Words words;
  std::string word;
  char quote = 0;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : line) {
    if (quote == 0 && (c == '#' || c == '!')) break;
    if (c == '"' || c == '\'') {
      quote = quote == 0 ? c : quote == c ? 0 : quote;
      if (quote != 0 && quote != c) word += c;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '{' || c == '}')) {
      end_word();
      if (c == '{' || c == '}') words.emplace_back(1, c);
    } else {
      word += c;
    }
  }
  end_word();
  return words;
}

void refuse_what_hides(const Words& words) {
  const std::string& first = words.front();
  if (first.rfind("include", 0) == 0) not_understood(kWhat, "it includes other files, which are not read");
  if (first[0] == '@' || first[0] == '$' || first[0] == '~')
    // What follows a '=' is a value, perhaps a password's.
    not_understood(kWhat, fmt::format("'{}' depends on keepalived's own conditions or variables",
                                      first.substr(0, std::min<std::size_t>(40, first.find('=')))));
}

// Blocks of at most eight levels: the real ones have three.
class Reader {
 public:
  void line(const std::string& text, const std::string& from) {
    Words words = words_of(text);
    if (words.empty()) return;
    refuse_what_hides(words);
    Words statement;
    for (const std::string& word : words) {
      if (word == "{") {
        open(statement, from);
        statement.clear();
      } else if (word == "}") {
        add(statement, from);
        statement.clear();
        close();
      } else {
        statement.push_back(word);
      }
    }
    add(statement, from);
  }
  std::vector<Statement> end() {
    if (open_.size() != 1) not_understood(kWhat, "a block is not closed");
    return std::move(open_.front().inner);
  }

 private:
  void add(const Words& words, const std::string& from) {
    if (!words.empty()) open_.back().inner.push_back({words, {}, from});
  }
  // The brace may stand on a line of its own.
  void open(const Words& words, const std::string& from) {
    if (open_.size() > 8) not_understood(kWhat, "its blocks are nested too deeply");
    Statement block{words, {}, from};
    if (words.empty() && !open_.back().inner.empty()) {
      block = open_.back().inner.back();
      open_.back().inner.pop_back();
    }
    open_.push_back(block);
  }
  void close() {
    if (open_.size() < 2) not_understood(kWhat, "a block is closed that was not opened");
    Statement block = std::move(open_.back());
    open_.pop_back();
    open_.back().inner.push_back(std::move(block));
  }

  std::vector<Statement> open_{1};
};

const Statement* find(const std::vector<Statement>& all, const std::string& first, const std::string& second = "") {
  const Statement* found = nullptr;  // the last one counts
  for (const Statement& one : all)
    if (one.word(0) == first && (second.empty() || one.word(1) == second)) found = &one;
  return found;
}

// Seconds, with decimals.
std::string seconds_of(const std::string& text) {
  const auto value = parse_duration(text + "s");
  if (!value) not_understood(kWhat, fmt::format("'{}' is no number of seconds", text.substr(0, 40)));
  return format_duration(*value);
}

std::string whole(const std::string& text) {
  const auto value = parse_integer(text);
  if (!value) not_understood(kWhat, fmt::format("'{}' is no whole number", text.substr(0, 40)));
  return std::to_string(*value);
}

class Settings {
 public:
  // `read` turns what was written into the record's form.
  void take(const std::string& of, const std::vector<Statement>& block, const char* name, const char* otherwise,
            std::string (*read)(const std::string&)) {
    const Statement* found = find(block, name);
    all.push_back({of, name, read(found == nullptr ? otherwise : found->word(1)), found == nullptr ? kDefault : found->from});
  }
  std::vector<LiveSetting> all;
};

bool holds(const Statement& instance, const std::string& vip) {
  for (const char* block : {"virtual_ipaddress", "virtual_ipaddress_excluded"})
    if (const Statement* addresses = find(instance.inner, block))
      for (const Statement& one : addresses->inner)
        if (one.word(0).substr(0, one.word(0).find('/')) == vip) return true;
  return false;
}

// Says that a script looks at HAProxy, never how: a command may hold a password.
bool speaks_of_haproxy(const Statement& script) {
  for (const Words& words :
       {script.words, find(script.inner, "script") != nullptr ? find(script.inner, "script")->words : Words{}})
    for (const std::string& word : words)
      if (word.find("haproxy") != std::string::npos) return true;
  return false;
}

void add_script(Settings& settings, const std::vector<Statement>& config, const Statement& instance, const Statement& tracked) {
  const std::string& name = tracked.word(0);
  const Statement* script = find(config, "vrrp_script", name);
  if (script == nullptr) not_understood(kWhat, fmt::format("it tracks '{}', which is no script of it", name.substr(0, 40)));
  settings.all.push_back({instance.word(1), "track_script", name, instance.from});
  settings.take(name, script->inner, "interval", "1", seconds_of);
  settings.take(name, script->inner, "fall", "1", whole);
  if (tracked.word(1) == "weight")
    settings.all.push_back({name, "weight", whole(tracked.word(2)), tracked.from});
  else
    settings.take(name, script->inner, "weight", "0", whole);
  if (speaks_of_haproxy(*script)) settings.all.push_back({name, "watches", "haproxy", script->from});
}

void add_version(Settings& settings, const std::vector<Statement>& config, const Statement& instance) {
  const Statement* own = find(instance.inner, "version");
  const Statement* global = find(config, "global_defs");
  const Statement* common = global == nullptr ? nullptr : find(global->inner, "vrrp_version");
  const Statement* said = own != nullptr ? own : common;
  settings.all.push_back({instance.word(1), "vrrp_version", said == nullptr ? "2" : whole(said->word(1)),
                          said == nullptr ? kDefault : said->from});
}

void add_instance(Settings& settings, const std::vector<Statement>& config, const Statement& instance, const std::string& vip) {
  const std::string& name = instance.word(1);
  settings.all.push_back({name, "virtual_ipaddress", vip, instance.from});
  settings.take(name, instance.inner, "advert_int", "1", seconds_of);
  settings.take(name, instance.inner, "priority", "100", whole);
  settings.take(name, instance.inner, "down_timer_adverts", "3", whole);
  add_version(settings, config, instance);
  if (const Statement* tracked = find(instance.inner, "track_script"))
    for (const Statement& one : tracked->inner) add_script(settings, config, instance, one);
}

}  // namespace

std::vector<LiveSetting> parse_keepalived(const std::string& printed, const std::string& vip) {
  Reader reader;
  for (const ConfiguredProcess& process : read_processes(printed))
    for (const ConfigFile& file : process.files)
      for (const std::string& line : file.lines) reader.line(line, file.source());
  const std::vector<Statement> config = reader.end();
  Settings settings;
  for (const Statement& one : config)
    if (one.word(0) == "vrrp_instance" && holds(one, vip)) add_instance(settings, config, one, vip);
  return std::move(settings.all);
}

}  // namespace blackstart::live
