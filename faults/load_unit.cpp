#include "faults/load_unit.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/script.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms, kAgain = 2s;
constexpr Duration kReadLimit = 3s;
constexpr Duration kOrderLimit = 10s;  // systemd ends a unit's processes at once by the signal that load_order() names

// The longest dead-man that a scenario may ask for is 168 h.
constexpr const char* kLongest = "169h";

std::string file_of(const UndoRecord& record) {
  if (fact_or_none(record, "folder").empty()) return "";
  return load_file(id_fact(record), path_fact(record, "folder"));
}

Piece unit_gone(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string unit = load_unit(id_fact(record));
  const std::string doing = fmt::format("looking for {} on {}", unit, record.node);
  const std::string ask = fmt::format("systemctl show {} -p ActiveState && echo End=1", unit);
  return piece(record.node, fmt::format("{} on {} is gone", unit, record.node), [=](Evidence& evidence) {
    const std::string state = Answer(context.remote, doing, record.node, ask, deadline.sooner(kReadLimit)).text("ActiveState");
    evidence.observed = "it is " + state;
    return state == "inactive" || state == "failed";
  });
}

std::string mount_of(const UndoRecord& record) {
  return fact_or_none(record, "mount").empty() ? "" : path_fact(record, "mount");
}

// A folder that can't be looked into is no proof that the file is gone, and neither is one of another file system: the mount
// point of one that is not mounted is an empty folder. Where it is mounted is asked first, as it may be mounted meanwhile.
Piece file_gone(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string file = file_of(record), folder = path_fact(record, "folder");
  const std::string doing = fmt::format("looking for {} on {}", file, record.node);
  const std::string mount = mount_of(record), inside = (folder == "/" ? "" : folder) + "/.";
  const std::string gone = mount.empty() ? "f=gone" : fmt::format("f=gone; [ \"${{m##* }}\" = {} ] || f=elsewhere", mount);
  const std::string ask = fmt::format(
      "f=there; m=$(df -P {1} | tail -n 1); if [ -e {0} ] || [ -h {0} ]; then :; elif ls -d {1} >/dev/null; then {2}; "
      "else f=unknown; fi; printf 'File=%s\\nEnd=1\\n' $f",
      file, inside, gone);
  return piece(record.node, fmt::format("{} on {} is gone", file, record.node), [=](Evidence& evidence) {
    const std::string state = Answer(context.remote, doing, record.node, ask, deadline.sooner(kReadLimit)).text("File");
    if (state == "unknown")
      evidence.observed = "its folder can't be looked into: is its file system mounted?";
    else if (state == "elsewhere")
      evidence.observed = fmt::format("its file system is not mounted: it was at {}; mount it again", mount);
    else
      evidence.observed = "it is " + state;
    return state == "gone";
  });
}

}  // namespace

std::string load_unit(const std::string& id) { return fmt::format("blackstart-{}-load.service", id); }

std::string load_file(const std::string& id, const std::string& folder) {
  return fmt::format("{}/blackstart-{}.load", folder == "/" ? "" : folder, id);
}

std::string load_order(const std::string& id, const std::string& script, const std::string& file) {
  const std::string clean = file.empty() ? "" : fmt::format(" -p {}", shell_quote("ExecStopPost=/bin/rm -f " + file));
  return fmt::format(
      "systemd-run --quiet --collect --unit={0} -p BindsTo=blackstart-{1}.timer -p After=blackstart-{1}.timer "
      "-p RuntimeMaxSec={2} -p OOMScoreAdjust=1000 -p OOMPolicy=continue -p KillSignal=KILL -p CPUAccounting=yes{3} /bin/sh -c "
      "{4}",
      load_unit(id), id, kLongest, clean, shell_quote("exec " + plain_command(script)));
}

UndoRecord load_absent_record(const std::string& id, const std::string& node, const std::string& folder,
                              const std::string& mount) {
  UndoRecord record{"load.absent", node, {{"id", id}}};
  if (!folder.empty()) record.facts["folder"] = folder;
  if (!mount.empty()) record.facts["mount"] = mount;
  return record;
}

std::string load_absent_command(const UndoRecord& record) {
  const std::string stop = fmt::format("systemctl stop {} 2>/dev/null; ", load_unit(id_fact(record)));
  const std::string file = file_of(record);
  mount_of(record);  // not needed here, but a record that makes no sense is refused as a whole
  return stop + (file.empty() ? "true" : "rm -f " + file);
}

std::vector<Evidence> load_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    const std::string command = load_absent_command(record), doing = undoing(record);
    std::vector<Piece> pieces = {unit_gone(record, context, deadline)};
    if (!file_of(record).empty()) pieces.push_back(file_gone(record, context, deadline));
    const auto order = [&] { context.remote.check(doing, record.node, command, deadline.sooner(kOrderLimit)); };
    return make_absent(order, std::move(pieces), context.clock, deadline, kPoll, kAgain);
  } catch (const Error& error) {
    return not_tried("the load on " + record.node + " is gone", error.what());
  }
}

}  // namespace blackstart
