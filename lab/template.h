// Text with holes: "{{name}}" becomes the value of that name.
//
// Pure function; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace blackstart {

using Values = std::map<std::string, std::string>;

// Throws Error(internal) when the template names something that has no value, or a hole has no end.
std::string fill_template(std::string_view text, const Values& values);

}  // namespace blackstart
