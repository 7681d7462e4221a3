// A page for a terminal: at most 100 columns, entries with their names in a column of their own.
//
// Purpose: layout only. Ownership: a value. Thread rule: one thread.
#pragma once

#include <string>
#include <string_view>

namespace blackstart {

class TextPage {
 public:
  void blank() { text_ += '\n'; }
  void line(std::string_view words) { wrap("", words, 0); }
  void section(std::string_view title);
  void bullet(std::string_view words) { wrap("  - ", words, 4); }
  // "  name          words"; further lines of the words stand under the first.
  void entry(std::string_view name, std::string_view words);
  const std::string& text() const { return text_; }

 private:
  // `words` after `start`, broken at spaces; every further line is indented by `indent` columns.
  void wrap(std::string_view start, std::string_view words, std::size_t indent);

  std::string text_;
};

}  // namespace blackstart
