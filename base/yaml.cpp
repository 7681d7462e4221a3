#include "base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/yaml_text.h"

namespace blackstart::yaml {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostText = 4 << 20;
constexpr int kMostLevels = 64;
constexpr int kMostValues = 200'000;
constexpr std::size_t kMostCopied = 4 * kMostText;

Place place_of(const YAML::Mark& mark, const Places& places) { return places.at(mark.line, mark.column); }

// Copies yaml-cpp's nodes; aliases are copied where they are used, so the count of values and of their bytes bounds what they
// can blow up to.
class Copier {
 public:
  Copier(const std::string& file, const Places& places, std::vector<Problem>& problems)
      : file_(file), places_(places), problems_(problems) {}

  Value copy(const YAML::Node& node, int level) {
    Value value;
    value.place = place_of(node.Mark(), places_);
    if (level > kMostLevels) return stop(value, "nested too deeply");
    if (++values_ > kMostValues) return stop(value, "too many values");
    if (node.IsScalar()) {
      value.kind = Value::Kind::scalar;
      if ((copied_ += node.Scalar().size()) > kMostCopied) return stop(value, "too much text");
      value.scalar = node.Scalar();
      refuse_escapes(value.scalar, value.place);
    } else if (node.IsSequence()) {
      copy_list(node, level, value);
    } else if (node.IsMap()) {
      copy_map(node, level, value);
    }
    return value;
  }

 private:
  Value stop(const Value& value, const char* why) {
    if (!full_) problem(value.place, why, "aliases repeat what they name");
    full_ = true;
    return value;
  }

  // "\0" and "\e" in quotes bring in what the text itself must not hold.
  void refuse_escapes(const std::string& text, Place place) {
    if (auto bad = find_bad_byte(text)) problem(place, bad->message + " in a quoted text");
  }

  void problem(Place place, std::string message, std::string hint = "") {
    problems_.push_back({file_, place, std::move(message), std::move(hint)});
  }

  void copy_list(const YAML::Node& node, int level, Value& value) {
    value.kind = Value::Kind::list;
    for (const auto& item : node) {
      if (full_) return;
      value.items.push_back(copy(item, level + 1));
    }
  }

  void copy_map(const YAML::Node& node, int level, Value& value) {
    value.kind = Value::Kind::map;
    std::map<std::string, Place> seen;
    for (const auto& pair : node) {
      if (full_) return;
      Place place = place_of(pair.first.Mark(), places_);
      if (!pair.first.IsScalar()) {
        problem(place, "a key must be plain text");
        continue;
      }
      refuse_escapes(pair.first.Scalar(), place);
      auto [first, fresh] = seen.emplace(pair.first.Scalar(), place);
      if (!fresh) {
        problem(place, fmt::format("key '{}' stands twice", pair.first.Scalar()),
                fmt::format("first at line {}", first->second.line));
        continue;
      }
      value.entries.push_back({pair.first.Scalar(), place, copy(pair.second, level + 1)});
      // Nothing stands nowhere: yaml-cpp may say the next line.
      if (pair.second.IsNull()) value.entries.back().value.place = place;
    }
  }

  const std::string& file_;
  const Places& places_;
  std::vector<Problem>& problems_;
  int values_ = 0;
  std::size_t copied_ = 0;  // bytes of scalars
  bool full_ = false;
};

// Where the documents of a text begin.
class Documents final : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> starts;

  void OnDocumentStart(const YAML::Mark& mark) override { starts.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// At most two: from a stray ',' on, yaml-cpp 0.7 finds empty documents without end, which is why YAML::LoadAll is of no use
// here. It notices a quote that is never closed only when the last line has no end: so that is taken off.
std::vector<YAML::Mark> first_documents(const std::string& text) {
  std::istringstream stream(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
  YAML::Parser parser(stream);
  Documents documents;
  while (documents.starts.size() < 2 && parser.HandleNextDocument(documents)) {
  }
  return documents.starts;
}

}  // namespace

std::string format(const Problem& problem) {
  std::string text = fmt::format("{}:{}:{}: {}", problem.file, problem.place.line, problem.place.column, problem.message);
  if (!problem.hint.empty()) text += " (" + problem.hint + ")";
  return text;
}

const Value* Value::find(const std::string& key) const {
  for (const auto& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Value parse(const std::string& text, const std::string& file, std::vector<Problem>& problems) {
  auto problem = [&](Place place, std::string message) { problems.push_back({file, place, std::move(message), ""}); };
  if (text.size() > kMostText) {
    problem({}, "the file is larger than 4 MiB");
    return {};
  }
  const std::string plain = text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
  const Places places(plain);
  if (auto bad = find_bad_byte(plain)) {
    problem(places.at_offset(bad->offset), bad->message);
    return {};
  }
  try {
    const std::vector<YAML::Mark> documents = first_documents(plain);
    if (documents.size() > 1) {
      const bool stray = documents[0].pos == documents[1].pos;
      problem(place_of(documents[1], places),
              stray ? "not YAML: no value can begin like this" : "a second YAML document; one file holds one");
      return {};
    }
    const YAML::Node root = YAML::Load(plain);
    if (root.IsNull()) problem({}, "the file is empty");
    return Copier(file, places, problems).copy(root, 0);
  } catch (const YAML::Exception& error) {
    problem(place_of(error.mark, places), "not YAML: " + error.msg);
  }
  return {};
}

std::string slurp(const std::filesystem::path& file) {
  const std::string doing = "reading " + file.string();
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) throw Error(ErrorKind::bad_file, doing, "it is a folder");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(ErrorKind::bad_file, doing, "there is no such file, or it may not be read");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace blackstart::yaml
