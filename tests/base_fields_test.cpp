#include "base/fields.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "tests/support/text_folder.h"

namespace blackstart {
namespace {

using Problems = std::vector<std::string>;

Problems problems_of(const std::string& text, const Fields::Describe& root) {
  Problems all;
  for (const auto& problem : check_text(text, "f", root)) all.push_back(yaml::format(problem));
  return all;
}

// One field of each kind, as a reader sees them.
struct Everything {
  std::string text = "old", name = "old", choice = "old";
  bool flag = false;
  std::int64_t integer = -1, size = -1;
  Duration duration{-1};
  double ratio = -1, rate = -1;
  std::vector<std::string> texts = {"old"};

  void describe(Fields& f) {
    f.text({"text", "a text"}, text);
    f.name({"name", "a name"}, name);
    f.choice({"choice", "one of them"}, choice, {"apple", "pear"});
    f.flag({"flag", "yes or no"}, flag);
    f.integer({"integer", "a count"}, integer, {1, 10});
    f.duration({"duration", "a time"}, duration, {1s, 1h});
    f.ratio({"ratio", "a share"}, ratio);
    f.rate({"rate", "a rate"}, rate, {1, 1000});
    f.size({"size", "a size"}, size);
    f.texts({"texts", "several"}, texts);
  }
};

Problems everything(const std::string& text) {
  Everything it;
  return problems_of(text, [&](Fields& f) { it.describe(f); });
}

TEST_CASE("good values are filled in") {
  Everything it;
  read_text(
      "text: hello world\nname: a.b-c_1\nchoice: pear\nflag: true\ninteger: 10\nduration: 250000ms\nratio: 99.9%\nrate: "
      "60/min\nsize: 2KiB\n"
      "texts: [a, 'b c']\n",
      "f", [&](Fields& f) { it.describe(f); });
  CHECK(it.text == "hello world");
  CHECK(it.name == "a.b-c_1");
  CHECK(it.choice == "pear");
  CHECK(it.flag);
  CHECK(it.integer == 10);
  CHECK(it.duration == 250s);
  CHECK(it.ratio == Approx(0.999));
  CHECK(it.rate == 1.0);
  CHECK(it.size == 2048);
  CHECK(it.texts == std::vector<std::string>{"a", "b c"});
}

TEST_CASE("a single text stands for a list of one") {
  Everything it;
  read_text("texts: only", "f", [&](Fields& f) { it.describe(f); });
  CHECK(it.texts == std::vector<std::string>{"only"});
}

TEST_CASE("what is not there leaves the default, and says false") {
  Everything it;
  std::vector<bool> given;
  read_text("{}", "f", [&](Fields& f) {
    it.describe(f);
    given = {f.text({"a", ""}, it.text), f.object({"b", ""}, [](Fields&) { FAIL("there is none"); }),
             f.map({"c", ""}, [](const std::string&, Fields&) { FAIL("there is none"); })};
  });
  CHECK(it.text == "old");
  CHECK(it.integer == -1);
  CHECK(it.texts == std::vector<std::string>{"old"});
  CHECK(given == std::vector<bool>{false, false, false});
}

TEST_CASE("every kind of wrong value is told with its place and what would be right") {
  auto [text, expected] = GENERATE(table<const char*, const char*>({
      {"text: ''", "f:1:7: 'text' is empty"},
      {"text: [a]", "f:1:7: 'text' must be a plain value, found a list"},
      {"text:", "f:1:1: 'text' must be a plain value, found nothing"},
      {"text: {a: 1}", "f:1:7: 'text' must be a plain value, found a block of keys"},
      {"name: -a", "f:1:7: 'name' must be a name of letters, digits, '-', '_' or '.', at most 64, found '-a'"},
      {"name: ../x", "f:1:7: 'name' must be a name of letters, digits, '-', '_' or '.', at most 64, found '../x'"},
      {"choice: aple", "f:1:9: 'aple' is no choice (did you mean 'apple'?)"},
      {"choice: zzzzzzz", "f:1:9: 'zzzzzzz' is no choice (known: apple, pear)"},
      {"flag: yes", "f:1:7: 'flag' must be true or false, found 'yes'"},
      {"flag: True", "f:1:7: 'flag' must be true or false, found 'True'"},
      {"integer: 010", "f:1:10: 'integer' must be a whole number, found '010' (decimal digits, as in 10)"},
      {"integer: 0x1", "f:1:10: 'integer' must be a whole number, found '0x1' (decimal digits, as in 10)"},
      {"integer: 11", "f:1:10: 'integer' must be from 1 to 10, found 11"},
      {"integer: 0", "f:1:10: 'integer' must be from 1 to 10, found 0"},
      {"integer: 99999999999999999999",
       "f:1:10: 'integer' must be a whole number, found '99999999999999999999' (decimal digits, as in 10)"},
      {"duration: 5", "f:1:11: 'duration' must be a duration with its unit, found '5' (as in 250ms, 5s, 2min, 1h)"},
      {"duration: 999ms", "f:1:11: 'duration' must be from 1s to 1h, found 999ms"},
      {"duration: 61min", "f:1:11: 'duration' must be from 1s to 1h, found 61min"},
      {"ratio: 0.999", "f:1:8: 'ratio' must be a share in percent, found '0.999' (as in 99.9%)"},
      {"rate: 50", "f:1:7: 'rate' must be a rate with its unit, found '50' (as in 50/s or 30/min)"},
      {"rate: 100000/s", "f:1:7: 'rate' must be from 1/s to 1000/s, found 100000/s"},
      {"size: 1MB", "f:1:7: 'size' must be a size with its unit, found '1MB' (as in 512MiB, 2GiB)"},
      {"texts: {a: 1}", "f:1:8: 'texts' must be a list, found a block of keys"},
      {"texts:", "f:1:1: 'texts' must be a list, found nothing"},
      {"texts: [a, [b]]", "f:1:12: 'texts' must be a plain value, found a list"},
      {"texts: [a, '']", "f:1:12: 'texts' is empty"},
      {"texts: ''", "f:1:8: 'texts' is empty"},
      {"txet: a", "f:1:1: unknown key 'txet' (did you mean 'text'?)"},
      {"nothing-like-it: a",
       "f:1:1: unknown key 'nothing-like-it' (known: text, name, choice, flag, integer, duration, ratio, rate, size, texts)"},
      {"- a", "f:1:1: expected a block of keys, found a list"},
      {"a", "f:1:1: expected a block of keys, found a plain value"},
  }));
  CAPTURE(text);
  CHECK(everything(text) == Problems{expected});
}

TEST_CASE("a wrong value leaves the member as it was") {
  for (const char* text :
       {"texts: [a, [b]]", "texts: ''", "integer: 11", "duration: 2h", "rate: 0.1/s", "choice: x", "name: 'a b'", "text: ''"}) {
    CAPTURE(text);
    Everything it;
    CHECK(check_text(text, "f", [&](Fields& f) { it.describe(f); }).size() == 1);
    CHECK((it.texts == std::vector<std::string>{"old"} && it.integer == -1 && it.duration.count() == -1 && it.rate == -1));
    CHECK((it.choice == "old" && it.name == "old" && it.text == "old"));
  }
}

TEST_CASE("bounds themselves are allowed, names have 64 characters at most") {
  CHECK(everything("integer: 1\nduration: 1h\nrate: 1000/s\nratio: 100%\n").empty());
  CHECK(everything("name: " + std::string(64, 'a')).empty());
  CHECK(everything("name: " + std::string(65, 'a')).size() == 1);
}

TEST_CASE("all problems are told at once, in the order of the file") {
  CHECK(everything("size: x\nunknown-thing: 1\ntext: ''\nflag: maybe\n") ==
        Problems{
            "f:1:7: 'size' must be a size with its unit, found 'x' (as in 512MiB, 2GiB)",
            "f:2:1: unknown key 'unknown-thing' (known: text, name, choice, flag, integer, duration, ratio, rate, size, texts)",
            "f:3:7: 'text' is empty", "f:4:7: 'flag' must be true or false, found 'maybe'"});
  CHECK(everything("{flag: 1, text: ''}").front() == "f:1:8: 'flag' must be true or false, found '1'");
}

TEST_CASE("what YAML itself refuses is told alone: the rest would be noise") {
  CHECK(everything("text: a\ntext: b\nunknown: 1\n") == Problems{"f:2:1: key 'text' stands twice (first at line 1)"});
}

TEST_CASE("a required field that is missing is told at its block, with its sense") {
  std::string value;
  auto root = [&](Fields& f) {
    f.text({"claim", "the sentence", Field::required}, value);
    f.object({"inner", "a block"}, [&](Fields& in) { in.name({"id", "its name", Field::required}, value); });
  };
  CHECK(problems_of("{}", root) == Problems{"f:1:1: 'claim' is missing (the sentence)"});
  CHECK(problems_of("claim: x\ninner:\n  {}\n", root) == Problems{"f:3:3: 'id' is missing (its name)"});
  CHECK(problems_of("claim: x\ninner:\n", root) == Problems{"f:2:1: 'inner' must be a block of keys, found nothing"});
  CHECK(problems_of("claim:\n", root) == Problems{"f:1:1: 'claim' must be a plain value, found nothing"});
}

TEST_CASE("a list calls once for each item, in order") {
  std::vector<std::string> ids;
  auto root = [&](Fields& f) {
    f.list({"steps", "what is done"}, [&](Fields& item) {
      item.name({"id", "its name", Field::required}, ids.emplace_back());
    });
  };
  CHECK(problems_of("steps:\n  - id: a\n  - id: b\n", root).empty());
  CHECK(ids == std::vector<std::string>{"a", "b"});
  CHECK(problems_of("steps: []", root).empty());
  CHECK(problems_of("steps:\n", root) == Problems{"f:1:1: 'steps' must be a list, found nothing"});
  CHECK(problems_of("steps: {id: a}\n", root) == Problems{"f:1:8: 'steps' must be a list, found a block of keys"});
  CHECK(problems_of("steps: a\n", root) == Problems{"f:1:8: 'steps' must be a list, found a plain value"});
  CHECK(problems_of("steps:\n  - a\n", root) == Problems{"f:2:5: expected a block of keys, found a plain value"});
  CHECK(problems_of("steps:\n  -\n", root).size() == 1);
  CHECK(problems_of("steps:\n  - id: a\n    di: b\n", root) == Problems{"f:3:5: unknown key 'di' (known: id)"});
}

TEST_CASE("a map calls once for each key, in the file's order; an entry with nothing behind it has defaults") {
  std::vector<std::string> seen;
  auto root = [&](Fields& f) {
    f.map({"sites", "by name"}, [&](const std::string& key, Fields& site) {
      std::string region = "none";
      site.text({"region", "where"}, region);
      seen.push_back(key + "=" + region);
    });
  };
  CHECK(problems_of("sites:\n  z: {region: north}\n  a:\n  m: {}\n", root).empty());
  CHECK(seen == std::vector<std::string>{"z=north", "a=none", "m=none"});
  CHECK(problems_of("sites:\n  a b: {}\n", root) ==
        Problems{"f:2:3: 'a b' is no name (letters, digits, '-', '_' or '.', at most 64)"});
  CHECK(problems_of("sites:\n  a: 1\n", root) == Problems{"f:2:6: expected a block of keys, found a plain value"});
  CHECK(problems_of("sites: [a]\n", root) == Problems{"f:1:8: 'sites' must be a block of keys, found a list"});
}

TEST_CASE("a required field of an empty entry is told at the entry") {
  auto root = [&](Fields& f) {
    f.map({"nodes", "by name"}, [](const std::string&, Fields& node) {
      std::string site;
      node.name({"site", "where it stands", Field::required}, site);
    });
  };
  CHECK(problems_of("nodes:\n  c1:\n", root) == Problems{"f:2:3: 'site' is missing (where it stands)"});
}

// A fault with parameters of its own, as scenarios have them.
void describe_fault(Fields& f, std::string& kind, std::int64_t& a, std::int64_t& b) {
  f.variant({"fault", "what is done", Field::required}, kind,
            {{"service.kill", "ends it",
              [&](Fields& in) {
                in.integer({"signal", "which"}, a);
              }},
             {"service.stop", "stops it", [&](Fields& in) {
                in.integer({"wait", "how long", Field::required}, b);
              }}});
}

TEST_CASE("the tag of a variant chooses whose fields follow") {
  std::string kind;
  std::int64_t a = 9, b = 0;
  auto root = [&](Fields& f) { describe_fault(f, kind, a, b); };
  CHECK(problems_of("wait: 5\nfault: service.stop\n", root).empty());
  CHECK((kind == "service.stop" && a == 9 && b == 5));
  CHECK(problems_of("fault: service.stop\n", root) == Problems{"f:1:1: 'wait' is missing (how long)"});
  CHECK(problems_of("fault: service.stop\nwait: 1\nsignal: 9\n", root) ==
        Problems{"f:3:1: unknown key 'signal' (known: fault, wait)"});
}

TEST_CASE("an unknown tag is told alone: whose keys the others are cannot be known") {
  std::string kind;
  std::int64_t a = 0, b = 0;
  auto root = [&](Fields& f) { describe_fault(f, kind, a, b); };
  CHECK(problems_of("fault: service.kil\nsignal: x\n", root) ==
        Problems{"f:1:8: 'service.kil' is no fault (did you mean 'service.kill'?)"});
  CHECK(problems_of("signal: 1\n", root) == Problems{"f:1:1: 'fault' is missing (what is done)"});
  CHECK(problems_of("fault: [service.kill]\n", root) == Problems{"f:1:8: 'fault' must be a plain value, found a list"});
}

TEST_CASE("exactly one of several fields") {
  std::string a, b;
  auto root = [&](Fields& f) {
    f.text({"a", ""}, a);
    f.text({"b", ""}, b);
    f.exactly_one();
  };
  CHECK(problems_of("a: 1", root).empty());
  CHECK(problems_of("a: 1\nb: 2", root) == Problems{"f:1:1: exactly one is wanted of: a, b"});
  CHECK(problems_of("{}", root) == Problems{"f:1:1: exactly one is wanted of: a, b"});
  CHECK(problems_of("c: 1", root) == Problems{"f:1:1: unknown key 'c' (did you mean 'a'?)"});
  CHECK(problems_of("a: 1\nc: 1", root) == Problems{"f:2:1: unknown key 'c' (did you mean 'a'?)"});
}

TEST_CASE("a cross check is told at the field's value, or at the block when it is not there") {
  auto root = [](Fields& f) {
    f.object({"inner", ""}, [](Fields& in) {
      std::string text;
      in.text({"x", ""}, text);
      CHECK(in.reading());
      CHECK(in.place().line == 2);
      CHECK((in.has("x") && !in.has("y")));
      in.problem("x", "x is odd", "make it even");
      in.problem("y", "no y");
    });
  };
  CHECK(problems_of("inner:\n  x: a\n", root) == Problems{"f:2:3: no y", "f:2:6: x is odd (make it even)"});
}

TEST_CASE("read_text and read_file throw one error with a line for each problem") {
  auto root = [](Fields& f) {
    bool flag = false;
    f.flag({"flag", ""}, flag);
  };
  TextFolder folder;
  const std::string file = folder.write("a.yaml", "flag: 1\nx: 2\n").string();
  try {
    read_file(file, root);
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_file);
    CHECK(std::string(error.what()) ==
          file + ":1:7: 'flag' must be true or false, found '1'\n" + file + ":2:1: unknown key 'x' (known: flag)");
  }
  CHECK_NOTHROW(read_text("flag: true", "f", root));
  CHECK_THROWS_AS(read_file(file + ".none", root), Error);
}

TEST_CASE("slips are found, and words that are far away are not") {
  const std::vector<std::string> words = {"hold", "inject", "undo", "parallel"};
  CHECK(nearest("injct", words) == "inject");
  CHECK(nearest("Undo", words) == "undo");
  CHECK(nearest("paralell", words) == "parallel");
  CHECK(nearest("wait", words).empty());
  CHECK(nearest(std::string(100, 'x'), words).empty());
  CHECK(nearest("x", {}).empty());
  CHECK(suggestion("injct", words) == "did you mean 'inject'?");
  CHECK(suggestion("zzzzzz", words) == "known: hold, inject, undo, parallel");
  CHECK(suggestion("zzzzzz", {}).empty());
  CHECK(suggestion("zzzzzz", std::vector<std::string>(17, "aaaaaaaaaaaa")).empty());
}

TEST_CASE("the help names each field with its kind, its default and its sense") {
  Everything it;
  it.duration = 5s;
  it.rate = 50;
  const std::string help = fields_help([&](Fields& f) {
    it.describe(f);
    f.object({"inner", "a block"}, [](Fields& in) {
      std::string id;
      in.name({"id", "its name", Field::required}, id);
      CHECK_FALSE(in.reading());
    });
  });
  CHECK_THAT(help, Catch::Contains("  duration             a time (duration, default 5s)\n"));
  CHECK_THAT(help, Catch::Contains("  rate                 a rate (rate, default 50/s)\n"));
  CHECK_THAT(help, Catch::Contains("  choice               one of them (apple|pear, default old)\n"));
  CHECK_THAT(help, Catch::Contains(
                       "  inner                a block (block, optional)\n    id                 its name (name, required)\n"));
}

}  // namespace
}  // namespace blackstart
