#include "faults/resource_files.h"

#include <fmt/format.h>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/facts.h"

namespace blackstart {
namespace {

// stat -f: %a free blocks for users, %b blocks, %S their size; df -P has the mount point in its last column.
constexpr const char* kRead =
    "cd {0} && stat -f -c 'Free=%a\nBlocks=%b\nBlock=%S\nType=%T' . && m=$(df -P . | tail -n 1) && echo \"Mount=${{m##* }}\" "
    "&& "
    "printf 'Device=%s\\nSystem=%s\\nEnd=1\\n' \"$(stat -c %d .)\" \" $(stat -c %d / /run /tmp | tr '\\n' ' ')\"";

}  // namespace

FileSystem read_file_system(FaultContext context, const std::string& node, const std::string& folder,
                            const Deadline& deadline) {
  const std::string doing = fmt::format("looking at the file system of {} on {}", folder, node);
  const Answer answer(context.remote, doing, node, fmt::format(kRead, folder), deadline);
  const std::int64_t block = answer.number("Block");
  FileSystem fs;
  fs.mount = answer.text("Mount");
  fs.type = answer.text("Type");
  fs.size = answer.number("Blocks") * block;
  fs.free = answer.number("Free") * block;
  fs.is_system = answer.text("System").find(" " + answer.text("Device") + " ") != std::string::npos;
  return fs;
}

void describe_folder(Fields& f, std::string& folder, const char* doc) {
  f.text({"path", doc, Field::required}, folder);
  if (!folder.empty() && !is_plain_path(folder))
    f.problem("path", fmt::format("'{}' is no plain absolute path", folder), "letters, digits and -_./+: only: /var/lib/mysql");
}

}  // namespace blackstart
