// Fields that write one line each for people: `blackstart faults NAME`, `blackstart probes NAME` and the reference pages.
#include <fmt/format.h>

#include "base/fields.h"
#include "base/units.h"

namespace blackstart {
namespace {

class HelpFields final : public Fields {
 public:
  explicit HelpFields(int level) : level_(level) {}
  std::string take() { return std::move(text_); }

  bool text(const Field& f, std::string& value) override { return line(f, "text", value); }
  bool name(const Field& f, std::string& value) override { return line(f, "name", value); }
  bool choice(const Field& f, std::string& value, const std::vector<std::string>& allowed) override {
    return line(f, fmt::format("{}", fmt::join(allowed, "|")), value);
  }
  bool flag(const Field& f, bool& value) override { return line(f, "true|false", value ? "true" : "false"); }
  bool integer(const Field& f, std::int64_t& value, Range<std::int64_t>) override {
    return line(f, "whole number", std::to_string(value));
  }
  bool duration(const Field& f, Duration& value, Range<Duration>) override {
    return line(f, "duration", format_duration(value));
  }
  bool ratio(const Field& f, double& value) override { return line(f, "percent", format_ratio(value)); }
  bool rate(const Field& f, double& value, Range<double>) override { return line(f, "rate", format_number(value) + "/s"); }
  bool size(const Field& f, std::int64_t& value) override { return line(f, "size", format_size(value)); }
  bool texts(const Field& f, std::vector<std::string>& value) override {
    return line(f, "list of texts", fmt::format("{}", fmt::join(value, ", ")));
  }
  bool text_lists(const Field& f, std::vector<std::vector<std::string>>&) override {
    return line(f, "list of lists of texts", "");
  }
  bool object(const Field& f, const Describe& describe) override { return line(f, "block", "", describe); }
  bool list(const Field& f, const Describe& item) override { return line(f, "list of blocks", "", item); }
  bool map(const Field& f, const DescribeEntry& entry) override {
    return line(f, "blocks by name", "", [&](Fields& inner) { entry("name", inner); });
  }
  bool counts(const Field& f, std::map<std::string, std::int64_t>&) override { return line(f, "whole numbers by name", ""); }
  bool variant(const Field& tag, std::string&, const std::vector<Alternative>& alternatives) override {
    std::vector<std::string> names;
    for (const auto& alternative : alternatives) names.push_back(alternative.name);
    return line(tag, fmt::format("{}", fmt::join(names, "|")), "");
  }
  void exactly_one() override {}
  void problem(const char*, const std::string&, const std::string&) override {}
  bool reading() const override { return false; }
  bool has(const char*) const override { return false; }
  yaml::Place place() const override { return {}; }

 private:
  bool line(const Field& f, const std::string& kind, const std::string& value, const Describe& nested = {}) {
    std::string left = fmt::format("{:{}}{}", "", level_ * 2, f.name);
    std::string rest = f.need == Field::required ? "required" : value.empty() ? "optional" : "default " + value;
    text_ += fmt::format("  {:<20} {} ({}, {})\n", left, f.doc, kind, rest);
    if (nested) {
      HelpFields inner(level_ + 1);
      nested(inner);
      text_ += inner.take();
    }
    return false;
  }

  int level_;
  std::string text_;
};

}  // namespace

std::string fields_help(const Fields::Describe& root) {
  HelpFields fields(0);
  root(fields);
  return fields.take();
}

}  // namespace blackstart
