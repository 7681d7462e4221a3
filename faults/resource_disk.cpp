// resource.disk: a file of ours that fills a file system.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "faults/resource.h"
#include "faults/resource_files.h"
#include "faults/resource_load.h"

namespace blackstart {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kFloor = 1 * kMiB;          // never filled to the last byte
constexpr std::int64_t kSystemFloor = 128 * kMiB;  // where the node itself, its log and our undo live
constexpr std::int64_t kSlack = 2 * kMiB;          // what the evidence may miss: blocks of the file system's own

struct Parameters {
  std::string folder;
  std::int64_t leave = 256 * kMiB;
};

class DiskFill final : public Load {
 public:
  explicit DiskFill(Parameters p) : p_(std::move(p)) {}

  std::string words() const override { return fmt::format("a file that fills {}", p_.folder); }
  std::string expected() const override {
    return fmt::format("at most {} are free in the file system of {}, because of a file of ours", format_size(p_.leave),
                       p_.folder);
  }
  std::string folder() const override { return p_.folder; }
  std::string mount() const override { return mount_; }

  void check(FaultContext context, const std::string& node, const Deadline& deadline) override {
    const FileSystem fs = read_file_system(context, node, p_.folder, deadline);
    const std::string doing = fmt::format("looking at {} on {}", p_.folder, node);
    const std::int64_t floor = fs.is_system ? kSystemFloor : kFloor;
    if (p_.leave < floor)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("to leave {} in {} is less than the floor of {}{}", format_size(p_.leave), fs.mount,
                              format_size(floor), fs.is_system ? ", as the node itself lives there" : ""),
                  "make 'leave' larger");
    if (fs.free <= p_.leave + kSlack)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("only {} are free in {}: it is as full as it should become", format_size(fs.free), fs.mount),
                  "free some space, or make 'leave' smaller");
    free_before_ = fs.free;
    mount_ = fs.mount;
  }

  // It grows whenever somebody gives space back, so that the file system stays full; it never takes what must be left. Space is
  // taken without writing where the file system can; where it can't, by zeros.
  std::string script(const std::string& file) const override {
    return fmt::format(
        "umask 077; : >{0}\n"
        "while :; do\n"
        "  free=$(($(stat -f -c '%a * %S' {1}) - {2})); size=$(stat -c %s {0}) || exit 1\n"
        "  if [ $free -ge 1048576 ]; then\n"
        "    fallocate -o $size -l $free {0} 2>/dev/null || head -c $free /dev/zero >>{0}\n"
        "  fi\n"
        "  sleep 1\n"
        "done",
        file, p_.folder, p_.leave);
  }

  bool look(FaultContext context, const std::string& node, Evidence& evidence, const Deadline& deadline) override {
    const FileSystem fs = read_file_system(context, node, p_.folder, deadline);
    evidence.observed = fmt::format("{} were free, now {}", format_size(free_before_), format_size(fs.free));
    return fs.free <= p_.leave + kSlack;
  }

 private:
  const Parameters p_;
  std::int64_t free_before_ = 0;
  std::string mount_;
};

class DiskSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    describe_folder(f, p_.folder, "folder in the file system that is filled; a file of ours lies in it meanwhile");
    f.size({"leave", "free space that stays; at least 1MiB, and 128MiB where the node's system lives"}, p_.leave);
  }
  std::string summary() const override { return fmt::format("{} filled up to {}", p_.folder, format_size(p_.leave)); }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    return {{"path", p_.folder}, {"leave", format_size(p_.leave)}};
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return make_load_fault(std::make_unique<DiskFill>(p_), node, context);
  }

 private:
  Parameters p_;
};

}  // namespace

const FaultAbout kResourceDiskAbout = {"They stay open; what must write fails with 'no space left on device'.",
                                       "The file system's free space as the node tells it; nobody else can see it.",
                                       "The unit of ours that holds it is stopped and its file removed; without the runner by "
                                       "a systemd timer on the node. The file "
                                       "outlives a restart of the node: 'blackstart recover' removes it then.",
                                       "systemd, stat and fallocate or head on the node."};

std::unique_ptr<FaultSettings> resource_disk_settings() { return std::make_unique<DiskSettings>(); }

}  // namespace blackstart
