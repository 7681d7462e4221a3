#include "base/error.h"

#include <cstring>

namespace blackstart {
namespace {

std::string sentence(const std::string& doing, const std::string& why, const std::string& hint) {
  std::string text = doing.empty() ? why : doing + ": " + why;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, std::string doing, std::string why, std::string hint)
    : std::runtime_error(sentence(doing, why, hint)),
      kind_(kind),
      doing_(std::move(doing)),
      why_(std::move(why)),
      hint_(std::move(hint)) {}

ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return kUsage;
    case ErrorKind::bad_file: return kBadFile;
    case ErrorKind::unmet:
    case ErrorKind::unreachable: return kInconclusive;
    case ErrorKind::internal: return kInternal;
  }
  return kInternal;
}

void throw_errno(const std::string& doing, int error_number) {
  throw Error(ErrorKind::internal, doing, std::strerror(error_number));
}

}  // namespace blackstart
