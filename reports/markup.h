// HTML that cannot be forgotten to be escaped: text becomes Markup only through text().
//
// Purpose: the small vocabulary of the report's pages. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace blackstart::html {

struct Markup {
  std::string html;
  Markup& operator+=(const Markup& more) {
    html += more.html;
    return *this;
  }
};
inline Markup operator+(Markup left, const Markup& right) { return left += right; }

// The user's words: escaped, and cleaned of what HTML can't hold.
Markup text(std::string_view words);
// The same, with what stands in `backticks` as code.
Markup prose(std::string_view words);
// Ours, written in the source.
Markup raw(std::string_view html);
// <name class="style">inner</name>; without class when `style` is empty.
Markup tag(std::string_view name, std::string_view style, const Markup& inner);
// `value` for inside a JSON <script>: no "<" is left.
Markup script_data(std::string_view json);

// A style's name and a mark for each, so that colour is never the only sign.
enum class Sign { good, bad, unknown, broken };
std::string style_of(Sign sign);
Markup mark_of(Sign sign);
// A small word with its mark: "✓ met".
Markup badge(Sign sign, std::string_view words);

struct Column {
  std::string name;
  bool numeric = false;
};

// A table with a caption; in a narrow window its rows become cards (stacked) or it scrolls in a box of its own.
class Table {
 public:
  enum Narrow { stacked, scrolled };
  Table(std::string caption, std::vector<Column> columns, Narrow narrow = stacked);
  // One cell for each column.
  void row(const std::vector<Markup>& cells);
  bool empty() const { return rows_.html.empty(); }
  Markup markup() const;

 private:
  std::string caption_;
  std::vector<Column> columns_;
  Narrow narrow_;
  Markup rows_;
};

// An h2 with an anchor, and what stands below; nothing when `inner` is empty.
Markup section(std::string_view id, std::string_view title, const Markup& inner);
// A list of sentences, each as prose().
Markup list(const std::vector<std::string>& sentences);

// Fills `{{name}}` in one pass, so that braces in the values stay what they are. Throws Error(internal) for an unknown name.
std::string fill(std::string_view page, const std::map<std::string, Markup>& slots);

}  // namespace blackstart::html
