#include "reports/text_page.h"

#include <algorithm>

#include "reports/words.h"

namespace blackstart {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNames = 18;  // columns for an entry's name, its margins included

// Code points; good enough for columns, as nothing we write is wide.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// The longest start of `word` that fits into `room` columns.
std::string_view fitting(std::string_view word, std::size_t room) {
  std::size_t length = word.size();
  while (columns(word.substr(0, length)) > room) --length;
  while (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0U) == 0x80U) --length;
  return word.substr(0, length);
}

// The next word; what must not be torn apart counts as one.
std::string_view next_word(std::string_view rest) {
  std::size_t end = rest.find_first_of(" \n\t");
  while (end != std::string_view::npos && rest[end] == ' ' && holds_together(rest.substr(0, end), rest.substr(end + 1)))
    end = rest.find_first_of(" \n\t", end + 1);
  return rest.substr(0, end);
}

}  // namespace

void TextPage::section(std::string_view title) {
  blank();
  line(title);
}

void TextPage::entry(std::string_view name, std::string_view words) {
  if (columns(name) > kWidth / 2) {
    wrap("  ", name, 4);
    name = "";
  }
  std::string start = "  " + clean_text(name);
  std::size_t used = columns(start);
  start += used + 2 <= kNames ? std::string(kNames - used, ' ') : "  ";
  wrap(start, words, kNames);
}

void TextPage::wrap(std::string_view start, std::string_view words, std::size_t indent) {
  std::string clean = clean_text(words);
  std::string_view rest = clean;
  std::string line(start);
  bool fresh = true;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n\t"), rest.size()));
    if (rest.empty()) break;
    std::string_view word = next_word(rest);
    if (!fresh && columns(line) + 1 + columns(word) > kWidth) {
      text_ += line + '\n';
      line.assign(indent, ' ');
      fresh = true;
    }
    if (fresh) word = fitting(word, kWidth - std::min(columns(line), kWidth - 1));
    line += (fresh ? "" : " ") + std::string(word);
    fresh = false;
    rest.remove_prefix(word.size());
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text_ += line + '\n';
}

}  // namespace blackstart
