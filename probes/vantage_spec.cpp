#include "probes/vantage_spec.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

// What the scenario says of vantage points is no part of the probe.
constexpr const char* kFrom = "from";

// JSON is YAML, too, and each scalar was read as text.
Json json_of(const yaml::Value& value) {
  switch (value.kind) {
    case yaml::Value::Kind::null: return nullptr;
    case yaml::Value::Kind::scalar: return value.scalar;
    case yaml::Value::Kind::list: {
      Json list = Json::array();
      for (const yaml::Value& item : value.items) list.push_back(json_of(item));
      return list;
    }
    case yaml::Value::Kind::map: {
      Json map = Json::object();
      for (const auto& entry : value.entries)
        if (entry.key != kFrom) map[entry.key] = json_of(entry.value);
      return map;
    }
  }
  return nullptr;
}

std::vector<Fields::Alternative> kinds_of(std::shared_ptr<ProbeSettings>& chosen) {
  std::vector<Fields::Alternative> alternatives;
  for (const ProbeKind& kind : probe_kinds())
    alternatives.push_back({kind.name, kind.doc, [&chosen, make = kind.settings](Fields& f) {
                              chosen = make();
                              chosen->describe(f);
                            }});
  return alternatives;
}

}  // namespace

void VantageSpec::describe(Fields& f) {
  f.text({"name", "of the probe in the record", Field::required}, name);
  f.name({"vantage", "the node that it is sent from", Field::required}, vantage);
  f.duration({"lifetime", "it ends by itself after this", Field::required}, lifetime, {1s, 87600h});
  f.size({"most-bytes", "of operations on this disk", Field::required}, most_bytes);
  f.object({"probe", "as the scenario has it", Field::required}, [&](Fields& inner) {
    inner.variant({"kind", "the workload", Field::required}, kind, kinds_of(settings));
  });
}

std::unique_ptr<Probe> VantageSpec::make(const Cloud& cloud) const {
  const auto there = settings->sent_from(vantage);
  if (!there)
    throw Error(ErrorKind::unmet, fmt::format("making probe '{}'", name),
                fmt::format("a probe of the kind '{}' with these settings can't be sent from a node", kind));
  return there->make(name, cloud);
}

std::string write_spec(const VantageSpec& spec, const yaml::Value& probe) {
  Json text;
  text["name"] = spec.name;
  text["vantage"] = spec.vantage;
  text["lifetime"] = format_duration(spec.lifetime);
  text["most-bytes"] = fmt::format("{}B", spec.most_bytes);
  text["probe"] = json_of(probe);
  return text.dump(1) + "\n";
}

}  // namespace blackstart
