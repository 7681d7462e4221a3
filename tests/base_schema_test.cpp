// The schema that editors get, against the reader that decides: what the reader takes, the schema must take.
#include <catch2/catch.hpp>

#include "base/fields.h"
#include "tests/support/schema_check.h"

namespace blackstart {
namespace {

struct Kitchen {
  std::string name = "n", claim, choice = "apple", kind, id;
  bool flag = true;
  std::int64_t count = 3, size = 2048, wait = 0, signal = 9;
  Duration length{90s};
  double share = 0.999, rate = 100000;
  std::vector<std::string> roles;

  void describe(Fields& f) {
    f.name({"name", "a name", Field::required}, name);
    f.text({"claim", "a text"}, claim);
    f.choice({"choice", "one of them"}, choice, {"apple", "pear"});
    f.flag({"flag", "yes or no"}, flag);
    f.integer({"count", "how many"}, count, {1, 10});
    f.duration({"length", "a time"}, length, {1s, 1h});
    f.ratio({"share", "a share"}, share);
    f.rate({"rate", "a rate"}, rate);
    f.size({"size", "a size"}, size);
    f.texts({"roles", "several"}, roles);
    f.object({"inner", "a block"}, [&](Fields& in) { in.name({"id", "its name", Field::required}, id); });
    f.map({"sites", "by name"}, [&](const std::string&, Fields& site) { site.text({"region", "where"}, claim); });
    f.list({"steps", "what is done"}, [&](Fields& step) {
      step.duration({"hold", "wait"}, length);
      step.object({"inject", "a fault"}, [&](Fields& inject) {
        inject.name({"id", "its name", Field::required}, id);
        inject.variant({"fault", "what", Field::required}, kind,
                       {{"service.kill", "ends it",
                         [&](Fields& in) {
                           in.integer({"signal", "which"}, signal);
                         }},
                        {"service.stop", "stops it", [&](Fields& in) {
                           in.integer({"wait", "how long", Field::required}, wait);
                         }}});
        inject.flag({"late", "a field after the variant"}, flag);
      });
      step.exactly_one();
    });
  }
};

std::string reader(const std::string& text) {
  Kitchen it;
  std::string all;
  for (const auto& problem : check_text(text, "f", [&](Fields& f) { it.describe(f); })) all += yaml::format(problem) + "\n";
  return all;
}

const std::string& schema() {
  static const std::string text = json_schema("a kitchen", [](Fields& f) { Kitchen().describe(f); });
  return text;
}

TEST_CASE("good documents pass the reader and the schema") {
  const std::string text =
      GENERATE("name: a", "name: a\nclaim: 'true'\nchoice: pear\nflag: false\ncount: 10\nlength: 1.5s\n",
               "name: a\nshare: 99.9%\nrate: 50/s\nsize: 2 GiB\nlength: 5 min\n", "name: a\nroles: one\n",
               "name: a\nroles: [one, two]\n", "name: a\ninner: {id: x}\n", "name: a\nsites:\n  dc1:\n  dc2: {region: north}\n",
               "name: a\nsteps:\n  - hold: 5s\n  - inject: {id: k, fault: service.kill}\n  - inject: {id: k, fault: "
               "service.stop, wait: 3, late: true}\n");
  CAPTURE(text);
  CHECK(reader(text) == "");
  CHECK(schema_complaint(schema(), text) == "");
}

TEST_CASE("bad documents are refused by the reader and by the schema") {
  const std::string text = GENERATE(
      "{}", "nmae: a", "name: a\nunknown: 1", "name: 'a b'", "name: ''", "name: -a", "name: a\nclaim: ''",
      "name: a\nchoice: plum", "name: a\nflag: yes", "name: a\ncount: 0", "name: a\ncount: 11", "name: a\ncount: 1.5",
      "name: a\ncount: x", "name: a\nlength: 5", "name: a\nlength: 5 sec", "name: a\nlength: -5s", "name: a\nshare: 0.5",
      "name: a\nrate: 50", "name: a\nrate: 5/h", "name: a\nsize: 1GB", "name: a\nroles: {a: b}", "name: a\nroles: [[a]]",
      "name: a\nroles: ['']", "name: a\nroles: ''", "name: a\ninner: {}", "name: a\ninner: x",
      "name: a\ninner:", "name: a\nsites: []", "name: a\nsites: {'a b': {}}", "name: a\nsites: {a: {regoin: x}}",
      "name: a\nsteps: {}", "name: a\nsteps: [{}]", "name: a\nsteps: [x]",
      "name: a\nsteps: [{hold: 5s, inject: {id: k, fault: service.kill}}]", "name: a\nsteps: [{inject: {id: k}}]",
      "name: a\nsteps: [{inject: {id: k, fault: service.burn}}]", "name: a\nsteps: [{inject: {id: k, fault: service.stop}}]",
      "name: a\nsteps: [{inject: {id: k, fault: service.kill, wait: 3}}]", "- a", "a");
  CAPTURE(text);
  CHECK(reader(text) != "");
  CHECK(schema_complaint(schema(), text) != "");
}

TEST_CASE("defaults and senses stand in the schema, and defaults are values that it accepts itself") {
  const auto json = nlohmann::json::parse(schema());
  CHECK(json["$schema"] == "http://json-schema.org/draft-07/schema#");
  CHECK(json["title"] == "a kitchen");
  CHECK(json["required"] == nlohmann::json{"name"});
  const auto& properties = json["properties"];
  CHECK(properties["length"]["default"] == "90s");
  CHECK(properties["rate"]["default"] == "100000/s");
  CHECK(properties["share"]["default"] == "99.9%");
  CHECK(properties["size"]["default"] == "2KiB");
  CHECK(properties["count"]["default"] == 3);
  CHECK(properties["flag"]["default"] == true);
  CHECK(properties["length"]["description"] == "a time");
  std::string all = "name: a\n";
  for (const auto& [name, property] : properties.items())
    if (property.contains("default")) all += name + ": " + property["default"].dump() + "\n";
  CAPTURE(all);
  CHECK(schema_complaint(schema(), all) == "");
  CHECK(reader(all) == "");
}

TEST_CASE("fields after a variant belong to each alternative") {
  const auto fault = nlohmann::json::parse(schema())["properties"]["steps"]["items"]["properties"]["inject"]["oneOf"];
  REQUIRE(fault.size() == 2);
  for (const auto& alternative : fault) {
    CHECK(alternative["properties"].contains("late"));
    CHECK(alternative["properties"].contains("id"));
    CHECK(alternative["additionalProperties"] == false);
  }
  CHECK(fault[0]["properties"]["fault"]["const"] == "service.kill");
  CHECK(fault[0]["properties"].contains("signal"));
  CHECK_FALSE(fault[0]["properties"].contains("wait"));
}

}  // namespace
}  // namespace blackstart
