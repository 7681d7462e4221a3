// One declaration of a structure's fields serves reading it from YAML, its JSON Schema and its documentation.
//
// Purpose: a type has `void describe(Fields& f)` that names each field with its unit, limits and sense; what `f` is decides
// what happens: YamlFields fills the members in, SchemaFields writes the schema, HelpFields the text for people.
// A member's value before the call is its default. Ownership: refers to members only during the call. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/yaml.h"

namespace blackstart {

struct Field {
  const char* name;
  const char* doc;
  enum Need { optional, required } need = optional;
};

template <class T>
struct Range {
  T least;
  T most;
};

class Fields {
 public:
  using Describe = std::function<void(Fields&)>;
  using DescribeEntry = std::function<void(const std::string& key, Fields&)>;
  struct Alternative {
    std::string name;
    std::string doc;
    Describe describe;
  };

  virtual ~Fields() = default;

  // Each returns true when the file gave a (valid) value; the member is untouched otherwise.
  virtual bool text(const Field& field, std::string& value) = 0;
  // A name: letters, digits, '-', '_', '.', at most 64; what ends up in file names and identifiers.
  virtual bool name(const Field& field, std::string& value) = 0;
  virtual bool choice(const Field& field, std::string& value, const std::vector<std::string>& allowed) = 0;
  virtual bool flag(const Field& field, bool& value) = 0;
  virtual bool integer(const Field& field, std::int64_t& value,
                       Range<std::int64_t> range = {0, std::numeric_limits<std::int64_t>::max()}) = 0;
  virtual bool duration(const Field& field, Duration& value, Range<Duration> range = {0s, 87600h}) = 0;
  virtual bool ratio(const Field& field, double& value) = 0;
  virtual bool rate(const Field& field, double& value, Range<double> range = {0, 1e6}) = 0;
  virtual bool size(const Field& field, std::int64_t& value) = 0;
  // A list of texts; a single text stands for a list of one.
  virtual bool texts(const Field& field, std::vector<std::string>& value) = 0;
  // A list of such lists: [[a], [b, c]].
  virtual bool text_lists(const Field& field, std::vector<std::vector<std::string>>& value) = 0;
  virtual bool object(const Field& field, const Describe& describe) = 0;
  // `item` is called once for each item and appends to the member itself.
  virtual bool list(const Field& field, const Describe& item) = 0;
  // Keys are the user's; `entry` is called once for each, in the file's order.
  virtual bool map(const Field& field, const DescribeEntry& entry) = 0;
  // Whole numbers, none of them negative, by names of the user's.
  virtual bool counts(const Field& field, std::map<std::string, std::int64_t>& value) = 0;
  // The value of `tag` chooses whose fields follow in this same object.
  virtual bool variant(const Field& tag, std::string& value, const std::vector<Alternative>& alternatives) = 0;
  // This object must have exactly one of the fields named so far.
  virtual void exactly_one() = 0;

  // Checks that go beyond one field: reported at the named field's value, or at the object when it isn't there.
  // Only a reader of a file calls anything a problem; the others ignore it.
  virtual void problem(const char* field, const std::string& message, const std::string& hint = "") = 0;
  // True while a file is read: cross checks make no sense otherwise.
  virtual bool reading() const = 0;
  // True when the file that is read has this field here, valid or not.
  virtual bool has(const char* field) const = 0;
  virtual yaml::Place place() const = 0;
};

// Reads `file` strictly; throws Error(bad_file) that lists every problem, one line each.
void read_file(const std::string& file, const Fields::Describe& root);
// The same for text in memory, `file` is only its name in messages.
void read_text(const std::string& text, const std::string& file, const Fields::Describe& root);
// As read_text, but returns the problems: for tools that go on to the next file.
std::vector<yaml::Problem> check_text(const std::string& text, const std::string& file, const Fields::Describe& root);

// JSON Schema, draft 7, indented.
std::string json_schema(const std::string& title, const Fields::Describe& root);
// One line a field: name, kind, default, limits, sense; nested ones indented.
std::string fields_help(const Fields::Describe& root);

// The candidate nearest to `word` if it is near enough to be a slip, else "".
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);
// "did you mean 'x'?", or "known: a, b, c", or "".
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace blackstart
