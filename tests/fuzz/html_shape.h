// What an HTML page is made of: its tags with the names of their attributes, as an attacker's words must not change them.
//
// Purpose: words that break out of their place show as a tag or an attribute that no page has. Stricter than a browser: what is
// not written as our writers write it is not well-formed. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace blackstart::fuzz {

struct HtmlShape {
  std::set<std::string> tags;  // "th scope data-label"
  std::string data;            // what stands in <script type="application/json">
  std::string words;           // everything outside of scripts and styles
};

// Takes ` name="value"` or ` name` from the front of `rest` and adds the name to `tag`; false when it is neither.
inline bool take_attribute(std::string_view& rest, std::string& tag) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:";
  rest.remove_prefix(rest.find_first_not_of(" \n"));
  const std::size_t end = std::min(rest.find_first_not_of(kName), rest.size());
  if (end == 0) return false;
  tag += " " + std::string(rest.substr(0, end));
  rest.remove_prefix(end);
  if (!rest.starts_with("=")) return true;
  const std::size_t close = rest.starts_with("=\"") ? rest.find('"', 2) : rest.npos;
  if (close == rest.npos || rest.substr(2, close - 2).find_first_of("<>") != rest.npos) return false;
  rest.remove_prefix(close + 1);
  return true;
}

// What stands between '<' and '>'.
inline std::optional<std::string> tag_of(std::string_view inside) {
  const std::size_t end = std::min(inside.find_first_of(" \n"), inside.size());
  std::string tag(inside.substr(0, end));
  std::string_view rest = inside.substr(end);
  while (rest.find_first_not_of(" \n/") != rest.npos)
    if (!take_attribute(rest, tag)) return std::nullopt;
  return tag;
}

// Nothing when it is not well-formed.
inline std::optional<HtmlShape> shape_of(std::string_view page) {
  HtmlShape shape;
  for (std::size_t at; (at = page.find('<')) != page.npos;) {
    shape.words += page.substr(0, at);
    page.remove_prefix(at + 1);
    const std::size_t end = page.find('>');
    const auto tag = end == page.npos ? std::nullopt : tag_of(page.substr(0, end));
    if (!tag) return std::nullopt;
    const bool data = page.substr(0, end).find("application/json") != page.npos;
    shape.words += page.substr(0, end);
    page.remove_prefix(end + 1);
    shape.tags.insert(*tag);
    if (!tag->starts_with("script") && !tag->starts_with("style")) continue;
    const std::size_t close = page.find(tag->starts_with("script") ? "</script>" : "</style>");
    if (close == page.npos) return std::nullopt;
    if (data) shape.data = page.substr(0, close);
    page.remove_prefix(close);
  }
  return shape;
}

}  // namespace blackstart::fuzz
