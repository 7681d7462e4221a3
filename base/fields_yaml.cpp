// Fields that fill members in from a YAML tree, and say everything that is wrong with it at once.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/fields.h"
#include "base/units.h"

namespace blackstart {
namespace {

using yaml::Value;

const char* kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null: return "nothing";
    case Value::Kind::scalar: return "a plain value";
    case Value::Kind::list: return "a list";
    case Value::Kind::map: return "a block of keys";
  }
  return "";
}

bool name_ok(const std::string& text) {
  auto fine = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 64 && std::isalnum(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), fine);
}

class YamlFields final : public Fields {
 public:
  YamlFields(const Value& value, const std::string& file, std::vector<yaml::Problem>& problems)
      : value_(value), file_(file), problems_(problems) {
    if (value.kind != Value::Kind::map)
      report(value.place, fmt::format("expected a block of keys, found {}", kind_name(value.kind)));
  }

  // What nobody asked for is unknown; call once every field has been described.
  void finish() const {
    for (const auto& entry : value_.entries)
      if (std::find(known_.begin(), known_.end(), entry.key) == known_.end())
        report(entry.place, fmt::format("unknown key '{}'", entry.key), suggestion(entry.key, known_));
  }

  bool text(const Field& field, std::string& value) override {
    const Value* found = scalar(field);
    return found && filled(*found, field) && (value = found->scalar, true);
  }

  bool name(const Field& field, std::string& value) override {
    return quantity(field, value, "a name of letters, digits, '-', '_' or '.', at most 64", "",
                    [](const std::string& text) { return name_ok(text) ? std::optional(text) : std::nullopt; });
  }

  bool choice(const Field& field, std::string& value, const std::vector<std::string>& allowed) override {
    const Value* found = scalar(field);
    if (!found) return false;
    if (std::find(allowed.begin(), allowed.end(), found->scalar) != allowed.end()) return value = found->scalar, true;
    report(found->place, fmt::format("'{}' is no {}", found->scalar, field.name), suggestion(found->scalar, allowed));
    return false;
  }

  bool flag(const Field& field, bool& value) override {
    return quantity(field, value, "true or false", "", [](const std::string& text) -> std::optional<bool> {
      if (text == "true") return true;
      if (text == "false") return false;
      return std::nullopt;
    });
  }

  bool integer(const Field& field, std::int64_t& value, Range<std::int64_t> range) override {
    return ranged(field, value, "a whole number", "decimal digits, as in 10", range, parse_integer,
                  [](std::int64_t n) { return std::to_string(n); });
  }
  bool duration(const Field& field, Duration& value, Range<Duration> range) override {
    return ranged(field, value, "a duration with its unit", "as in 250ms, 5s, 2min, 1h", range, parse_duration,
                  format_duration);
  }
  bool ratio(const Field& field, double& value) override {
    return quantity(field, value, "a share in percent", "as in 99.9%", parse_ratio);
  }
  bool rate(const Field& field, double& value, Range<double> range) override {
    return ranged(field, value, "a rate with its unit", "as in 50/s or 30/min", range, parse_rate,
                  [](double n) { return format_number(n) + "/s"; });
  }
  bool size(const Field& field, std::int64_t& value) override {
    return quantity(field, value, "a size with its unit", "as in 512MiB, 2GiB", parse_size);
  }

  bool texts(const Field& field, std::vector<std::string>& value) override {
    const Value* found = find(field);
    if (!found) return false;
    auto read = texts_of(*found, field);
    return read && (value = std::move(*read), true);
  }

  bool text_lists(const Field& field, std::vector<std::vector<std::string>>& value) override {
    const Value* found = find(field);
    if (!found || !expect(*found, field, Value::Kind::list)) return false;
    std::vector<std::vector<std::string>> read;
    for (const auto& item : found->items)
      if (auto texts = texts_of(item, field)) read.push_back(std::move(*texts));
    return read.size() == found->items.size() && (value = std::move(read), true);
  }

  bool object(const Field& field, const Describe& describe) override {
    const Value* found = find(field);
    if (!found || !expect(*found, field, Value::Kind::map)) return false;
    nested(*found, describe);
    return true;
  }

  bool list(const Field& field, const Describe& item) override {
    const Value* found = find(field);
    if (!found || !expect(*found, field, Value::Kind::list)) return false;
    for (const auto& each : found->items) nested(each, item);
    return true;
  }

  bool map(const Field& field, const DescribeEntry& entry) override {
    const Value* found = find(field);
    if (!found || !expect(*found, field, Value::Kind::map)) return false;
    for (const auto& each : found->entries) {
      check_key(each);
      // "dc1:" with nothing behind it is an entry whose fields are all left to their defaults.
      static const Value kEmpty{Value::Kind::map, {}, {}, {}, {}};
      Value placed = kEmpty;
      placed.place = each.place;
      nested(each.value.kind == Value::Kind::null ? placed : each.value, [&](Fields& f) { entry(each.key, f); });
    }
    return true;
  }

  bool counts(const Field& field, std::map<std::string, std::int64_t>& value) override {
    const Value* found = find(field);
    if (!found || !expect(*found, field, Value::Kind::map)) return false;
    for (const auto& each : found->entries) {
      check_key(each);
      const auto number = each.value.kind == Value::Kind::scalar ? parse_integer(each.value.scalar) : std::nullopt;
      if (number && *number >= 0)
        value[each.key] = *number;
      else
        report(each.value.place, fmt::format("'{}' must be a whole number", each.key), "decimal digits, as in 10");
    }
    return true;
  }

  bool variant(const Field& tag, std::string& value, const std::vector<Alternative>& alternatives) override {
    std::vector<std::string> names;
    for (const auto& alternative : alternatives) names.push_back(alternative.name);
    if (!choice(tag, value, names)) {
      for (const auto& entry : value_.entries) known_.push_back(entry.key);  // which keys it may have can't be told
      return false;
    }
    alternatives[std::find(names.begin(), names.end(), value) - names.begin()].describe(*this);
    return true;
  }

  void exactly_one() override {
    if (value_.kind != Value::Kind::map) return;
    auto given = std::count_if(value_.entries.begin(), value_.entries.end(), [&](const auto& entry) {
      return std::find(known_.begin(), known_.end(), entry.key) != known_.end();
    });
    if (given == 1) return;
    std::string all;
    for (const auto& known : known_) all += (all.empty() ? "" : ", ") + known;
    if (given > 1 || value_.entries.empty()) report(value_.place, "exactly one is wanted of: " + all);
  }

  void problem(const char* field, const std::string& message, const std::string& hint) override {
    const Value* found = value_.find(field);
    report(found ? found->place : value_.place, message, hint);
  }
  bool reading() const override { return true; }
  bool has(const char* field) const override { return value_.find(field) != nullptr; }
  yaml::Place place() const override { return value_.place; }

 private:
  const Value* find(const Field& field) {
    known_.push_back(field.name);
    const Value* found = value_.find(field.name);
    if (!found && field.need == Field::required && value_.kind == Value::Kind::map)
      report(value_.place, fmt::format("'{}' is missing", field.name), field.doc);
    return found;
  }

  void check_key(const Value::Entry& entry) const {
    if (!name_ok(entry.key))
      report(entry.place, fmt::format("'{}' is no name", entry.key), "letters, digits, '-', '_' or '.', at most 64");
  }

  bool expect(const Value& found, const Field& field, Value::Kind kind) {
    if (found.kind == kind) return true;
    report(found.place, fmt::format("'{}' must be {}, found {}", field.name, kind_name(kind), kind_name(found.kind)));
    return false;
  }

  bool filled(const Value& found, const Field& field) {
    if (found.scalar.empty()) report(found.place, fmt::format("'{}' is empty", field.name));
    return !found.scalar.empty();
  }

  // Of a list of plain values, or of a single one.
  std::optional<std::vector<std::string>> texts_of(const Value& found, const Field& field) {
    if (found.kind == Value::Kind::scalar)
      return filled(found, field) ? std::optional(std::vector<std::string>{found.scalar}) : std::nullopt;
    if (!expect(found, field, Value::Kind::list)) return std::nullopt;
    std::vector<std::string> read;
    for (const auto& item : found.items)
      if (expect(item, field, Value::Kind::scalar) && filled(item, field)) read.push_back(item.scalar);
    return read.size() == found.items.size() ? std::optional(std::move(read)) : std::nullopt;
  }

  const Value* scalar(const Field& field) {
    const Value* found = find(field);
    return found && expect(*found, field, Value::Kind::scalar) ? found : nullptr;
  }

  template <class T, class Parse>
  bool quantity(const Field& field, T& value, const char* what, const char* example, Parse parse) {
    const Value* found = scalar(field);
    if (!found) return false;
    if (auto parsed = parse(found->scalar)) return value = *parsed, true;
    report(found->place, fmt::format("'{}' must be {}, found '{}'", field.name, what, found->scalar), example);
    return false;
  }

  template <class T, class Parse, class Format>
  bool ranged(const Field& field, T& value, const char* what, const char* example, Range<T> range, Parse parse, Format format) {
    T read{};
    if (!quantity(field, read, what, example, parse)) return false;
    if (read >= range.least && read <= range.most) return value = read, true;
    report(value_.find(field.name)->place, fmt::format("'{}' must be from {} to {}, found {}", field.name, format(range.least),
                                                       format(range.most), format(read)));
    return false;
  }

  void nested(const Value& value, const Describe& describe) {
    YamlFields inner(value, file_, problems_);
    describe(inner);
    inner.finish();
  }

  void report(yaml::Place place, std::string message, std::string hint = "") const {
    problems_.push_back({file_, place, std::move(message), std::move(hint)});
  }

  const Value& value_;
  const std::string& file_;
  std::vector<yaml::Problem>& problems_;
  std::vector<std::string> known_;
};

}  // namespace

std::vector<yaml::Problem> check_text(const std::string& text, const std::string& file, const Fields::Describe& root) {
  std::vector<yaml::Problem> problems;
  Value tree = yaml::parse(text, file, problems);
  if (!problems.empty()) return problems;
  YamlFields fields(tree, file, problems);
  root(fields);
  fields.finish();
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  return problems;
}

void read_text(const std::string& text, const std::string& file, const Fields::Describe& root) {
  std::string all;
  for (const auto& problem : check_text(text, file, root)) all += (all.empty() ? "" : "\n") + format(problem);
  if (!all.empty()) throw Error(ErrorKind::bad_file, "", all);
}

void read_file(const std::string& file, const Fields::Describe& root) { read_text(yaml::slurp(file), file, root); }

}  // namespace blackstart
