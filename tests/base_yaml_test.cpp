#include "base/yaml.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "tests/support/text_folder.h"

namespace blackstart::yaml {
namespace {

struct Parsed {
  Value value;
  std::vector<std::string> problems;
};

Parsed parsed(const std::string& text) {
  std::vector<Problem> problems;
  Parsed result{parse(text, "f", problems), {}};
  for (const auto& problem : problems) result.problems.push_back(format(problem));
  return result;
}

using Problems = std::vector<std::string>;

TEST_CASE("a problem is written as compilers write theirs") {
  CHECK(format({"a.yaml", {3, 7}, "unknown key 'x'", "did you mean 'y'?"}) ==
        "a.yaml:3:7: unknown key 'x' (did you mean 'y'?)");
  CHECK(format({"a.yaml", {1, 1}, "the file is empty", ""}) == "a.yaml:1:1: the file is empty");
}

TEST_CASE("a tree keeps order, places and scalars as written") {
  const auto [root, problems] = parsed("b: 010\na:\n  - 'it''s'\n  - {x: \"\", y: }\nc: |\n  two\n  lines\n");
  CHECK(problems.empty());
  REQUIRE(root.kind == Value::Kind::map);
  REQUIRE(root.entries.size() == 3);
  CHECK(root.entries[0].key == "b");
  CHECK(root.entries[0].value.scalar == "010");
  CHECK(root.entries[0].value.place.line == 1);
  CHECK(root.entries[0].value.place.column == 4);
  const Value* list = root.find("a");
  REQUIRE(list);
  REQUIRE(list->kind == Value::Kind::list);
  CHECK(list->items[0].scalar == "it's");
  CHECK(list->items[0].place.line == 3);
  CHECK(list->items[0].place.column == 5);
  const Value& inner = list->items[1];
  REQUIRE(inner.kind == Value::Kind::map);
  CHECK(inner.find("x")->kind == Value::Kind::scalar);
  CHECK(inner.find("x")->scalar.empty());
  CHECK(inner.find("y")->kind == Value::Kind::null);
  CHECK(inner.entries[1].place.column == 13);
  CHECK(root.find("c")->scalar == "two\nlines\n");
  CHECK(root.find("d") == nullptr);
}

TEST_CASE("a key that stands twice is refused at its second place, at any depth") {
  CHECK(parsed("a: 1\nb: 2\na: 3\n").problems == Problems{"f:3:1: key 'a' stands twice (first at line 1)"});
  CHECK(parsed("x:\n  - k: 1\n    k: 1\n").problems == Problems{"f:3:5: key 'k' stands twice (first at line 2)"});
  CHECK(parsed("{a: 1, 'a': 2}").problems == Problems{"f:1:8: key 'a' stands twice (first at line 1)"});
}

TEST_CASE("keys that are no plain text are refused") {
  CHECK(parsed("? [a]\n: 1\n").problems == Problems{"f:1:3: a key must be plain text"});
  CHECK(parsed("{a: 1}: 2\n").problems.size() == 1);
}

TEST_CASE("one file holds one document") {
  CHECK(parsed("a: 1\n---\nb: 2\n").problems == Problems{"f:2:1: a second YAML document; one file holds one"});
  CHECK(parsed("a: 1\n---\n").problems.size() == 1);
  CHECK(parsed("---\na: 1\n...\n").problems.empty());
}

TEST_CASE("an empty file is said to be empty") {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~", "null"}) {
    CAPTURE(text);
    CHECK(parsed(text).problems == Problems{"f:1:1: the file is empty"});
  }
}

TEST_CASE("what is no YAML is refused at its place") {
  auto [text, line] = GENERATE(table<const char*, int>({{"a: [1, 2\nb: 3\n", 2},
                                                        {"a: \"open\n", 1},
                                                        {"a: 'open\nb: 2\nc: 3\n\n", 3},
                                                        {"a: 'open\n# c\n", 2},
                                                        {"a: 1\n\tb: 2\n", 2},
                                                        {"a: *nobody\n", 1},
                                                        {"a: b: c\n", 1},
                                                        {"]", 1},
                                                        {",", 1},
                                                        {"a: 1\n, b: 2\n", 2},
                                                        {", a: 1\nb: 2\n", 1},
                                                        {"a: \"\\uD800\"\n", 1},
                                                        {"%YAML 3.0\n---\na: 1\n", 1}}));
  CAPTURE(text);
  std::vector<Problem> problems;
  parse(text, "f", problems);
  REQUIRE(problems.size() >= 1);
  CHECK(problems[0].place.line == line);
  CHECK(problems[0].place.column >= 1);
  CHECK_FALSE(problems[0].message.empty());
}

TEST_CASE("aliases may repeat a value") {
  const auto [root, problems] = parsed("a: &x {k: 1}\nb: *x\n");
  CHECK(problems.empty());
  CHECK(root.find("b")->find("k")->scalar == "1");
}

TEST_CASE("aliases that explode are refused quickly") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  const Problems problems = parsed(bomb).problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::Contains("too many values (aliases repeat what they name)"));
}

TEST_CASE("one long text that many aliases repeat is refused as well") {
  std::string text = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  for (int i = 0; i < 100'000; ++i) text += "*a,";
  const Problems problems = parsed(text + "]\n").problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::Contains("too much text (aliases repeat what they name)"));
}

TEST_CASE("an alias within what it names is refused") {
  for (const char* text : {"a: &a [*a]\n", "&r {a: *r}\n", "a: &a {b: {c: *a}}\n"}) {
    CAPTURE(text);
    CHECK(parsed(text).problems.size() == 1);
  }
}

TEST_CASE("64 levels are read, more are refused, a hundred thousand do not crash") {
  auto deep = [](int levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(parsed(deep(64)).problems.empty());
  CHECK_THAT(parsed(deep(66)).problems.at(0), Catch::Contains("nested too deeply"));
  CHECK(parsed(deep(100'000)).problems.size() == 1);
  std::string maps;
  for (int i = 0; i < 20'000; ++i) maps += "{a: ";
  CHECK(parsed(maps).problems.size() == 1);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(parsed(lines).problems.size() == 1);
}

TEST_CASE("many values on one long line do not take long") {
  std::string text = "[";
  for (int i = 0; i < 190'000; ++i) text += "äöüäöüäöü,";
  std::vector<Problem> problems;
  const Value root = parse(text + "]", "f", problems);
  CHECK(problems.empty());
  REQUIRE(root.items.size() == 190'000);
  CHECK(root.items.back().place.column == 2 + 189'999 * 10);
}

TEST_CASE("a text of over 4 MiB is refused unread") {
  CHECK(parsed("a: " + std::string(4 << 20, 'x')).problems == Problems{"f:1:1: the file is larger than 4 MiB"});
  CHECK(parsed("a: " + std::string(3 << 20, 'x')).problems.empty());
}

TEST_CASE("control characters are refused at their place: yaml-cpp would end the file at one of them") {
  using namespace std::string_literals;
  CHECK_THAT(parsed("a: 1\n\x04\nunknown: 2\n").problems.at(0), Catch::StartsWith("f:2:1: "));
  CHECK_THAT(parsed("a: x\0y\n"s).problems.at(0), Catch::StartsWith("f:1:5: "));
  CHECK_THAT(parsed("a: \x1b[0m\n").problems.at(0), Catch::StartsWith("f:1:4: "));
  CHECK(parsed("a:  x\r\nb: y\r\n").problems.empty());
  CHECK(parsed("a: \"x\ty\"\n").problems.empty());
  CHECK(parsed("a: \"x\\0y\"\n").problems.size() == 1);
}

TEST_CASE("text that is not UTF-8 is refused, with its place") {
  CHECK(parsed("a: Zürich €𝄞\n").problems.empty());
  CHECK(parsed("\xEF\xBB\xBF"
               "a: 1\n")
            .problems.empty());
  for (const char* bad : {"\xFF", "\xC3", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                          "\xFF\xFE"
                          "a"}) {
    CAPTURE(bad);
    CHECK(parsed("a: 1\nb: " + std::string(bad) + "\n").problems.size() == 1);
    CHECK_THAT(parsed("a: 1\nb: " + std::string(bad) + "\n").problems.at(0), Catch::StartsWith("f:2:4: the file is not UTF-8"));
  }
}

TEST_CASE("columns count characters, as editors do") {
  const auto [root, problems] = parsed("{zürich: 1, b: 2}\n");
  CHECK(problems.empty());
  CHECK(root.entries[1].place.column == 13);
  CHECK(parsed("{ü: 1, ü: 2}").problems == Problems{"f:1:8: key 'ü' stands twice (first at line 1)"});
}

TEST_CASE("a file is read as it is, and what cannot be read is said") {
  TextFolder folder;
  CHECK(slurp(folder.write("x.yaml", "a: 1\r\n")) == "a: 1\r\n");
  CHECK(slurp(folder.write("empty.yaml", "")).empty());
  auto refused = [](const std::filesystem::path& file) {
    try {
      slurp(file);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_file);
      return std::string(error.what());
    }
    return std::string("it was read");
  };
  CHECK(refused(folder.path) == "reading " + folder.path.string() + ": it is a folder");
  CHECK_THAT(refused(folder.path / "none.yaml"), Catch::Contains("there is no such file"));
}

}  // namespace
}  // namespace blackstart::yaml
