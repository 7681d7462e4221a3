#include "probes/open_files.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr rlim_t kOtherFiles = 256;  // what the rest of the process may have open

}  // namespace

void require_open_files(std::int64_t most, const std::string& whose) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = static_cast<rlim_t>(most) + kOtherFiles;
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  if (limit.rlim_cur < needed || ::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw Error(ErrorKind::unmet, "checking the limit of open files",
                fmt::format("{} may need {} in an outage, the limit is {}", whose, needed, limit.rlim_max),
                "raise it with 'ulimit -n', or lower the probe's rates or deadline");
}

}  // namespace blackstart
