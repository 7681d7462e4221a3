#include "lab/remote.h"

#include <fmt/format.h>

#include "base/error.h"

namespace blackstart {
namespace {

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "";
  const std::size_t newline = text.rfind('\n', end);
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end - begin + 1);
}

}  // namespace

std::string CommandResult::trouble() const {
  if (exit_code == 0 && signal.empty() && cut) return fmt::format("over {} MiB of output", kMostOutput >> 20);
  const std::string how = signal.empty() ? fmt::format("exit code {}", exit_code) : "ended by SIG" + signal;
  const std::string words = last_line(err.empty() ? out : err);
  return words.empty() ? how : how + ": " + words;
}

CommandResult Remote::run_with_input(const std::string& node, const std::string&, const std::string&, const Deadline&) {
  throw Error(ErrorKind::internal, "sending to " + node, "this way to the node takes no input");
}

std::string Remote::check(const std::string& doing, const std::string& node, const std::string& command,
                          const Deadline& deadline) {
  CommandResult result = run(node, command, deadline);
  if (!result.ok()) throw Error(ErrorKind::unmet, doing, result.trouble());
  return std::move(result.out);
}

}  // namespace blackstart
