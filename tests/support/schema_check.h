// Does a JSON Schema accept a YAML text? What an editor would say about it.
//
// Purpose: holds json_schema() against valijson, a validator that is not ours. Scalars get the type that YAML's core schema
// gives them (plain true, 10, 1.5; a quoted one is a text), as in an editor. Thread rule: plain functions.
#pragma once

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace blackstart {

inline nlohmann::json typed_json(const YAML::Node& node) {
  if (node.IsNull()) return nullptr;
  if (node.IsSequence()) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& item : node) list.push_back(typed_json(item));
    return list;
  }
  if (node.IsMap()) {
    nlohmann::json map = nlohmann::json::object();
    for (const auto& entry : node) map[entry.first.Scalar()] = typed_json(entry.second);
    return map;
  }
  const std::string& text = node.Scalar();
  if (node.Tag() != "?") return text;
  static const std::regex integer("-?(0|[1-9][0-9]*)"), decimal("-?[0-9]+\\.[0-9]+");
  if (text == "true" || text == "false") return text == "true";
  if (std::regex_match(text, integer) && text.size() < 19) return std::stoll(text);
  if (std::regex_match(text, decimal)) return std::stod(text);
  return text;
}

// "" when the schema accepts the text, otherwise what it says against it.
inline std::string schema_complaint(const std::string& schema_text, const std::string& yaml_text) {
  const nlohmann::json schema_json = nlohmann::json::parse(schema_text);
  const nlohmann::json document = typed_json(YAML::Load(yaml_text));
  valijson::Schema schema;
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::ValidationResults results;
  valijson::Validator validator;
  if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results)) return "";
  std::string all;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const auto& part : error.context) all += part;
    all += ": " + error.description + "; ";
  }
  return all.empty() ? "refused" : all;
}

}  // namespace blackstart
