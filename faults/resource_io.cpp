// resource.io: processes of ours that write to a file of ours past the page cache.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/load_unit.h"
#include "faults/resource.h"
#include "faults/resource_files.h"
#include "faults/resource_load.h"

namespace blackstart {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kFloor = 64 * kMiB;  // of free space, beside our file

struct Parameters {
  std::string folder;
  std::int64_t workers = 2;
  std::int64_t size = 64 * kMiB;
  std::int64_t block = kMiB;
};

class IoLoad final : public Load {
 public:
  explicit IoLoad(Parameters p) : p_(std::move(p)) {}

  std::string words() const override { return fmt::format("{} processes that write to {}", p_.workers, p_.folder); }
  std::string expected() const override {
    return fmt::format("{} of ours write to {} past the cache: {} have reached the device", p_.workers, p_.folder,
                       format_size(p_.size));
  }
  std::string folder() const override { return p_.folder; }
  std::string mount() const override { return mount_; }

  void check(FaultContext context, const std::string& node, const Deadline& deadline) override {
    const FileSystem fs = read_file_system(context, node, p_.folder, deadline);
    const std::string doing = fmt::format("looking at {} on {}", p_.folder, node);
    if (fs.type == "tmpfs" || fs.type == "ramfs")
      throw Error(ErrorKind::unmet, doing, fmt::format("{} is a {}: there is no device behind it", fs.mount, fs.type),
                  "name a folder on a disk");
    if (fs.free - p_.size < kFloor)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("{} of the {} that are free in {} would leave less than {}", format_size(p_.size),
                              format_size(fs.free), fs.mount, format_size(kFloor)),
                  "make 'size' smaller");
    mount_ = fs.mount;
  }

  // All write to the same file, over and over; each round is waited for, so that what was written counts for the unit's first
  // process.
  std::string script(const std::string& file) const override {
    return fmt::format(
        "while :; do i=0; while [ $i -lt {} ]; do dd if=/dev/zero of={} bs={} count={} oflag=direct conv=notrunc 2>/dev/null "
        "|| "
        "sleep 1 & i=$((i + 1)); done; wait; done",
        p_.workers, file, p_.block, p_.size / p_.block);
  }

  bool look(FaultContext context, const std::string& node, Evidence& evidence, const Deadline& deadline) override {
    const std::int64_t written = read_written(context, node, deadline);
    evidence.observed = format_size(written) + " written";
    if (!again_) return written >= p_.size;
    if (!before_) before_ = written;
    const std::int64_t more = std::max<std::int64_t>(written - *before_, 0);
    evidence.observed += fmt::format(", {} of it since this look began", format_size(more));
    return written >= p_.size && more >= p_.block;
  }

  // The total never falls: only what is added to it shows that there is still somebody who writes.
  void begin_again() override {
    again_ = true;
    before_.reset();
  }

 private:
  // Of a process that has ended the first one has the count, of one that still writes it has itself: a slow disk takes longer
  // for one round than we look. The first one comes first, so that nothing counts twice.
  static std::int64_t read_written(FaultContext context, const std::string& node, const Deadline& deadline) {
    const std::string ask = fmt::format(
        "n() {{ sed -n 's/^write_bytes: //p' /proc/$1/io; }}; p=$(systemctl show {0} -p MainPID --value) && "
        "g=$(systemctl show {0} -p ControlGroup --value) && [ -n \"$g\" ] && s=$(n $p) || exit 1; "
        "for q in $(cat /sys/fs/cgroup$g/cgroup.procs /sys/fs/cgroup/systemd$g/cgroup.procs 2>/dev/null); do "
        "[ $q = $p ] || {{ v=$(n $q 2>/dev/null); s=$((s + ${{v:-0}})); }}; done; echo Written=$s; echo End=1",
        load_unit(context.id));
    return Answer(context.remote, "measuring what is written on " + node, node, ask, deadline).number("Written");
  }

  const Parameters p_;
  std::string mount_;
  bool again_ = false;
  std::optional<std::int64_t> before_;
};

class IoSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    describe_folder(f, p_.folder, "folder on the disk that is loaded; a file of ours lies in it meanwhile");
    f.integer({"workers", "processes that write at the same time"}, p_.workers, {1, 64});
    f.size({"size", "of the file, which is written over and over"}, p_.size);
    f.size({"block", "of one write, past the cache; a multiple of 4KiB"}, p_.block);
    if (p_.block < 4096 || p_.block % 4096 != 0)
      f.problem("block", "it is no multiple of 4KiB");
    else if (p_.size < p_.block || p_.size % p_.block != 0)
      f.problem("size", "it is no multiple of 'block'");
  }
  std::string summary() const override {
    return fmt::format("{} processes that write to a file in {} past the cache", p_.workers, p_.folder);
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    return {{"path", p_.folder},
            {"workers", std::to_string(p_.workers)},
            {"size", format_size(p_.size)},
            {"block", format_size(p_.block)}};
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return make_load_fault(std::make_unique<IoLoad>(p_), node, context);
  }

 private:
  Parameters p_;
};

}  // namespace

const FaultAbout kResourceIoAbout = {
    "They stay open; whatever waits for the disk answers later.",
    "The kernel's count of what our processes have written to the device (/proc/PID/io); nobody else can see it.",
    "The unit of ours is stopped and its file removed; without the runner by a systemd timer on the node.",
    "systemd and dd on the node, and a file system that takes direct writes (not tmpfs)."};

std::unique_ptr<FaultSettings> resource_io_settings() { return std::make_unique<IoSettings>(); }

}  // namespace blackstart
