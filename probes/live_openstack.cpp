// Nova and Neutron: how often their processes report, and for how long one that does not is called alive.
//
// oslo.config's files: sections in brackets, "name = value" or "name: value", '#' and ';' begin comments; what comes later
// counts. Defaults: nova/conf/service.py; neutron/conf/agent/common.py and database/agents_db.py.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/units.h"
#include "probes/live_readers.h"

namespace blackstart::live {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

struct Said {
  std::string value, from;
};

// What the process' files say of one option; the newest counts.
std::optional<Said> option(const ConfiguredProcess& process, const std::string& section, const std::string& name) {
  std::optional<Said> said;
  for (const ConfigFile& file : process.files) {
    std::string now = "default";
    for (const std::string& line : file.lines) {
      const std::string text = trimmed(line);
      if (text.empty() || text[0] == '#' || text[0] == ';') continue;
      if (text[0] == '[' && text.back() == ']') now = lower(text.substr(1, text.size() - 2));
      const std::size_t equals = text.find_first_of("=:");
      if (equals == std::string::npos || now != section || trimmed(text.substr(0, equals)) != name) continue;
      said = Said{trimmed(text.substr(equals + 1)), file.source()};
    }
  }
  return said;
}

struct Option {
  const char *section, *name, *otherwise, *default_from;
};

LiveSetting read(const ConfiguredProcess& process, const Option& one) {
  const auto said = option(process, one.section, one.name);
  const auto value = parse_duration((said ? said->value : one.otherwise) + std::string("s"));
  if (!value)
    not_understood(process.name + "'s configuration",
                   fmt::format("'{}' is no number of seconds for {}", said->value.substr(0, 40), one.name));
  return {process.name, one.name, format_duration(*value), said ? said->from : one.default_from};
}

// What all of them agree on is the node's own.
void merge(std::vector<LiveSetting>& all, std::vector<LiveSetting> some) {
  const bool same = std::all_of(some.begin(), some.end(), [&](const LiveSetting& one) { return one.value == some[0].value; });
  if (!some.empty() && same) {
    some.resize(1);
    some[0].of.clear();
  }
  all.insert(all.end(), some.begin(), some.end());
}

using Names = bool (*)(const std::string& process);

std::vector<LiveSetting> parse(const std::string& printed, const Option& report, Names reports, const Option& limit,
                               Names judges) {
  std::vector<LiveSetting> reported, judged, all;
  for (const ConfiguredProcess& process : read_processes(printed)) {
    if (reports(process.name)) reported.push_back(read(process, report));
    if (judges(process.name)) judged.push_back(read(process, limit));
  }
  merge(all, std::move(reported));
  merge(all, std::move(judged));
  return all;
}

bool nova_reports(const std::string& name) {
  return name == "nova-compute" || name == "nova-conductor" || name == "nova-scheduler";
}
// They stand for Nova's API, which may run in a web server and has the same file.
bool nova_judges(const std::string& name) {
  return name.rfind("nova-api", 0) == 0 || name == "nova-conductor" || name == "nova-scheduler";
}
bool neutron_reports(const std::string& name) { return name.size() > 6 && name.compare(name.size() - 6, 6, "-agent") == 0; }
bool neutron_judges(const std::string& name) {
  return name == "neutron-server" || name == "neutron-rpc-server" || name == "neutron-api";
}

}  // namespace

std::vector<LiveSetting> parse_nova(const std::string& printed) {
  constexpr const char* kFrom = "default (nova/conf/service.py)";
  return parse(printed, {"default", "report_interval", "10", kFrom}, nova_reports,
               {"default", "service_down_time", "60", kFrom}, nova_judges);
}

std::vector<LiveSetting> parse_neutron(const std::string& printed) {
  return parse(printed, {"agent", "report_interval", "30", "default (neutron/conf/agent/common.py)"}, neutron_reports,
               {"default", "agent_down_time", "75", "default (neutron/conf/agent/database/agents_db.py)"}, neutron_judges);
}

}  // namespace blackstart::live
