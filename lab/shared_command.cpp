#include "lab/shared_command.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {

std::string shared_command(const std::vector<std::string>& commands, const std::string& mark) {
  std::string all = "exec 2>&1\n";
  for (const std::string& command : commands) all += fmt::format("(\n{}\n)\nprintf '\\n%s %s\\n' {} $?\n", command, mark);
  return all;
}

std::vector<CommandResult> shared_results(const std::string& out, std::size_t count, const std::string& mark) {
  std::vector<CommandResult> results;
  const std::string before = "\n" + mark + " ";
  for (std::size_t begin = 0; results.size() < count;) {
    const std::size_t at = out.find(before, begin);
    const std::size_t end = at == std::string::npos ? at : out.find('\n', at + before.size());
    const auto code =
        end == std::string::npos ? std::nullopt : parse_integer(out.substr(at + before.size(), end - at - before.size()));
    if (!code)
      throw Error(ErrorKind::unmet, "running commands that share a round trip",
                  fmt::format("the answer to {} of {} is missing", count - results.size(), count));
    CommandResult result;
    result.exit_code = static_cast<int>(*code);
    result.out = out.substr(begin, at - begin);
    results.push_back(result);
    begin = end + 1;
  }
  return results;
}

}  // namespace blackstart
