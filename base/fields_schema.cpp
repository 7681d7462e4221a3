// Fields that write a JSON Schema (draft 7), so that editors complete and check the files while they are written.
#include <nlohmann/json.hpp>

#include "base/fields.h"
#include "base/units.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNumber = "^[0-9]+(\\.[0-9]+)? ?";
constexpr const char* kName = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

class SchemaFields final : public Fields {
 public:
  SchemaFields() : schema_({{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}}) {}
  Json take() { return std::move(schema_); }

  bool text(const Field& f, std::string& value) override { return put(f, {{"type", "string"}, {"minLength", 1}}, value); }
  bool name(const Field& f, std::string& value) override { return put(f, {{"type", "string"}, {"pattern", kName}}, value); }
  bool choice(const Field& f, std::string& value, const std::vector<std::string>& allowed) override {
    return put(f, {{"enum", allowed}}, value);
  }
  bool flag(const Field& f, bool& value) override { return add(f, {{"type", "boolean"}, {"default", value}}); }
  bool integer(const Field& f, std::int64_t& value, Range<std::int64_t> range) override {
    Json node = {{"type", "integer"}, {"minimum", range.least}, {"maximum", range.most}};
    if (f.need == Field::optional) node["default"] = value;
    return add(f, node);
  }
  bool duration(const Field& f, Duration& value, Range<Duration>) override {
    return unit(f, "(ns|us|ms|s|min|h|d)$", format_duration(value));
  }
  bool ratio(const Field& f, double& value) override { return unit(f, "%$", format_ratio(value)); }
  bool rate(const Field& f, double& value, Range<double>) override { return unit(f, "/(s|min)$", format_number(value) + "/s"); }
  bool size(const Field& f, std::int64_t& value) override { return unit(f, "(B|KiB|MiB|GiB|TiB)$", format_size(value)); }
  bool texts(const Field& f, std::vector<std::string>&) override {
    Json text = {{"type", "string"}, {"minLength", 1}};
    return add(f, {{"oneOf", Json::array({text, {{"type", "array"}, {"items", text}}})}});
  }
  bool text_lists(const Field& f, std::vector<std::vector<std::string>>&) override {
    const Json text = {{"type", "string"}, {"minLength", 1}};
    const Json item = {{"oneOf", Json::array({text, {{"type", "array"}, {"items", text}}})}};
    return add(f, {{"type", "array"}, {"items", item}});
  }
  bool object(const Field& f, const Describe& describe) override { return add(f, nested(describe)); }
  bool list(const Field& f, const Describe& item) override { return add(f, {{"type", "array"}, {"items", nested(item)}}); }
  bool map(const Field& f, const DescribeEntry& entry) override {
    Json value = nested([&](Fields& inner) { entry("name", inner); });
    return add(f, {{"type", "object"},
                   {"propertyNames", {{"pattern", kName}}},
                   {"additionalProperties", {{"oneOf", Json::array({value, {{"type", "null"}}})}}}});
  }
  bool counts(const Field& f, std::map<std::string, std::int64_t>&) override {
    return add(f, {{"type", "object"},
                   {"propertyNames", {{"pattern", kName}}},
                   {"additionalProperties", {{"type", "integer"}, {"minimum", 0}}}});
  }

  // Each alternative becomes a whole object of its own in `oneOf`, with the fields described before it.
  bool variant(const Field& tag, std::string&, const std::vector<Alternative>& alternatives) override {
    Json all = Json::array();
    for (const auto& alternative : alternatives) {
      SchemaFields inner;
      inner.schema_ = schema_;
      inner.add(tag, {{"const", alternative.name}});
      inner.schema_["properties"][tag.name]["description"] = alternative.doc;
      alternative.describe(inner);
      all.push_back(inner.take());
    }
    one_of_ = true;
    schema_ = {{"oneOf", all}};
    return false;
  }

  void exactly_one() override { schema_["minProperties"] = schema_["maxProperties"] = 1; }
  void problem(const char*, const std::string&, const std::string&) override {}
  bool reading() const override { return false; }
  bool has(const char*) const override { return false; }
  yaml::Place place() const override { return {}; }

 private:
  static Json nested(const Describe& describe) {
    SchemaFields inner;
    describe(inner);
    return inner.take();
  }
  bool unit(const Field& f, const char* units, const std::string& value) {
    return put(f, {{"type", "string"}, {"pattern", std::string(kNumber) + units}}, value);
  }
  bool put(const Field& f, Json node, const std::string& value) {
    if (f.need == Field::optional && !value.empty()) node["default"] = value;
    return add(f, std::move(node));
  }
  bool add(const Field& f, Json node) {
    if (one_of_) {  // a field described after a variant belongs to each alternative
      for (auto& alternative : schema_["oneOf"]) put_into(alternative, f, node);
    } else {
      put_into(schema_, f, node);
    }
    return false;
  }
  static void put_into(Json& schema, const Field& f, Json node) {
    node["description"] = f.doc;
    schema["properties"][f.name] = std::move(node);
    if (f.need == Field::required) schema["required"].push_back(f.name);
  }

  Json schema_;
  bool one_of_ = false;
};

}  // namespace

std::string json_schema(const std::string& title, const Fields::Describe& root) {
  SchemaFields fields;
  root(fields);
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  schema.update(fields.take());
  return schema.dump(2) + "\n";
}

}  // namespace blackstart
