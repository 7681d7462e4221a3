// Words of foreign systems in every report: whatever stands in them, JUnit, JSON, HTML and metrics stay well-formed, nothing of
// them becomes markup, and nothing reaches a terminal that it would obey.
//
// The first byte of an input is the rehearsal whose texts are replaced, the second who writes it; then come the texts, each
// after its length in a byte. The same text of the rehearsal always gets the same one, so that what is linked by name stays
// linked.
#include <libxml/parser.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "reports/series.h"
#include "tests/fuzz/html_shape.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/each_text.h"
#include "tests/support/sample_record.h"

using namespace blackstart;
using Json = nlohmann::json;

namespace {

constexpr std::uint64_t kOperations = 20;  // of each series: that is what the most time goes into

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<Judged> samples() {
  std::vector<Judged> all{sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending()};
  for (Judged& one : all)
    for (ProbeRecord& probe : one.record.probes)
      erase_if(probe.operations, [](const Operation& operation) { return operation.number >= kOperations; });
  return all;
}

class Words {
 public:
  explicit Words(std::string_view rest) {
    while (!rest.empty()) {
      const std::string_view word = rest.substr(1, static_cast<unsigned char>(rest[0]));
      all_.emplace_back(word);
      rest.remove_prefix(1 + word.size());
    }
  }
  void replace(std::string& text) const {
    if (!all_.empty() && !text.empty()) text = all_[std::hash<std::string>()(text) % all_.size()];
  }

 private:
  std::vector<std::string> all_;
};

void replace_all(Judged& run, const Words& words) {
  const auto replace = [&](std::string& text) { words.replace(text); };
  trace::each_text(run.record, replace);
  trace::each_text(run.judgement, replace);
}

// Each element, whose names are ours, and the number of cases that the suite says it has.
void look_at_xml(const std::string& text) {
  const std::unique_ptr<xmlDoc, void (*)(xmlDocPtr)> document(
      xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE),
      xmlFreeDoc);
  require(document != nullptr);
  static const std::set<std::string> known{"testsuites", "testsuite", "properties", "property",  "testcase",
                                           "failure",    "error",     "skipped",    "system-out"};
  std::size_t cases = 0;
  for (xmlNodePtr node = xmlDocGetRootElement(document.get()), root = node; node != nullptr;) {
    if (node->type == XML_ELEMENT_NODE) {
      require(known.count(reinterpret_cast<const char*>(node->name)) == 1);
      cases += xmlStrEqual(node->name, reinterpret_cast<const xmlChar*>("testcase")) != 0;
    }
    xmlNodePtr next = node->children;
    while (next == nullptr && node != nullptr && node != root) {
      next = node->next;
      node = node->parent;
    }
    node = next;
  }
  require(text.find("tests=\"" + std::to_string(cases) + "\"") != text.npos);
}

// Well-formed UTF-8 (the JSON library looks at that) with no character that a terminal would obey.
void look_at_text(const std::string& text) {
  require(Json::accept(Json(text).dump(-1, ' ', false, Json::error_handler_t::strict)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    require(byte >= 0x20 ? byte != 0x7F : byte == '\n' || byte == '\t');
    require(byte != 0xC2 || static_cast<unsigned char>(text[at + 1]) >= 0xA0);
  }
}

void look_at_page(const std::string& text, const std::set<std::string>& known) {
  const auto shape = fuzz::shape_of(text);
  require(shape.has_value());
  look_at_text(shape->words);
  for (const std::string& tag : shape->tags) require(known.count(tag) == 1);
  require(shape->data.empty() || Json::accept(shape->data));
}

// name{label="value",…} number; quotes, backslashes and ends of lines in a value are escaped.
void look_at_sample(std::string_view line) {
  const std::size_t open = line.find('{');
  require(open != line.npos && line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == open);
  bool quoted = false;
  std::size_t at = open + 1;
  for (; at < line.size() && (quoted || line[at] != '}'); ++at) {
    if (quoted && line[at] == '\\')
      ++at;
    else if (line[at] == '"')
      quoted = !quoted;
  }
  require(line.substr(std::min(at, line.size())).starts_with("} "));
  char* end = nullptr;
  const std::string number(line.substr(at + 2));
  require(std::isfinite(std::strtod(number.c_str(), &end)) && end == number.c_str() + number.size() && !number.empty());
}

void look_at_metrics(const std::string& text) {
  look_at_text(text);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!line.starts_with("# ")) look_at_sample(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
}

const std::set<std::string>& known_tags(const std::vector<Judged>& plain) {
  static const std::set<std::string> known = [&] {
    std::set<std::string> tags{"code", "/code"};  // what stands in backticks
    std::vector<std::string> pages{series_html(plain), series_html(sample::series()),
                                   batch_html(sample::batch_plan(), sample::batch())};
    for (const Judged& one : plain) pages.push_back(html_report(one.record, one.judgement));
    for (const std::string& page : pages) tags.merge(fuzz::shape_of(page).value().tags);
    return tags;
  }();
  return known;
}

void look_at(const Judged& run, int writer, const std::set<std::string>& known) {
  const Record& record = run.record;
  const Judgement& judgement = run.judgement;
  switch (writer % 5) {
    case 0: return look_at_xml(junit_xml(record, judgement));
    case 1: return require(Json::accept(record_json(record, judgement)));
    case 2: return look_at_text(text_summary(record, judgement));
    case 3: return look_at_metrics(prometheus_text(record, judgement));
    default: return look_at_page(html_report(record, judgement), known);
  }
}

void look_at_series(const std::vector<Judged>& runs, int writer, const std::set<std::string>& known) {
  switch (writer % 4) {
    case 0: return look_at_xml(series_junit(runs));
    case 1: return require(Json::accept(series_json(runs)));
    case 2: return look_at_text(series_summary(runs));
    default: return look_at_page(series_html(runs), known);
  }
}

void look_at_batch(const Judged& run, int writer, const Words& words, const std::set<std::string>& known) {
  BatchPlan plan = sample::batch_plan();
  const auto replace = [&](std::string& text) { words.replace(text); };
  for (std::string* text : {&plan.name, &plan.cloud, &plan.version, &plan.stopped}) replace(*text);
  std::vector<BatchRun> runs;
  for (BatchItem& item : plan.items) {
    trace::each_text(item, replace);
    runs.push_back({item, run.judgement.verdict, {run}, true});
  }
  if (writer % 3 == 0) look_at_xml(batch_junit(runs));
  if (writer % 3 == 1) look_at_text(batch_summary(plan, runs));
  if (writer % 3 == 2) look_at_page(batch_html(plan, runs), known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const std::vector<Judged> plain = samples();
  const std::set<std::string>& known = known_tags(plain);
  const Words words(fuzz::text_of(data, size).substr(2));
  Judged run = plain[data[0] % plain.size()];
  replace_all(run, words);
  if (data[0] & 0x10) run.judgement = judge(run.record);  // the judge's own sentences about them
  if (data[0] & 0x20) return look_at_series({run, run}, data[1], known), 0;
  if (data[0] & 0x40) return look_at_batch(run, data[1], words, known), 0;
  look_at(run, data[1], known);
  return 0;
}
