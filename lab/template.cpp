#include "lab/template.h"

#include "base/error.h"

namespace blackstart {

std::string fill_template(std::string_view text, const Values& values) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t hole = text.find("{{", at);
    out += text.substr(at, hole == std::string_view::npos ? hole : hole - at);
    if (hole == std::string_view::npos) return out;
    const std::size_t end = text.find("}}", hole);
    if (end == std::string_view::npos) throw Error(ErrorKind::internal, "filling in a template", "a '{{' without its '}}'");
    const auto found = values.find(std::string(text.substr(hole + 2, end - hole - 2)));
    if (found == values.end())
      throw Error(ErrorKind::internal, "filling in a template",
                  "no value for '" + std::string(text.substr(hole, end + 2 - hole)) + "'");
    out += found->second;
    at = end + 2;
  }
}

}  // namespace blackstart
