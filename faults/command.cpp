#include "faults/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/facts.h"
#include "faults/looking.h"
#include "faults/script.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 500ms, kAgain = 3s;
constexpr Duration kSpare = 2s;         // of a call's limit, so that the command's own is what ends it
constexpr std::size_t kLongest = 8192;  // bytes of one command: it must fit a command line several times over
constexpr const char* kNodeUndo = "command.node";
constexpr const char* kLocalUndo = "command.local";

struct Commands {
  std::string inject, undo, evidence, gone;
  bool local = false;
  Duration timeout = 10s;
  // Of local ones: where the injection was made, for relative paths mean the same to each of them, whoever undoes it from
  // wherever. Empty, in journals from before: where the caller is.
  std::string folder = {};
};

// One command of the user's, where it belongs. On a node it goes there as the user wrote it, in a shell of its own.
class User {
 public:
  User(const Commands& commands, std::string node, FaultContext context)
      : commands_(commands), node_(std::move(node)), context_(context) {}

  std::string place() const { return commands_.local ? "the runner's machine" : node_; }
  std::string observer() const { return commands_.local ? "runner" : node_; }

  CommandResult run(const std::string& command, const Deadline& deadline) const {
    Remote& where = commands_.local ? context_.local : context_.remote;
    return where.run(node_, in_folder() + plain_command(command), deadline.sooner(commands_.timeout));
  }

  // Looks by `evidence` and, where there is one, by `gone`. Both at once is a contradiction, and so is neither: then nothing is
  // known. Without `gone`, 0 means there, 1 means absent and anything else that it could not be told: as test and grep do.
  bool is_there(Evidence& seen, const Deadline& deadline) const {
    const CommandResult there = run(commands_.evidence, deadline);
    seen.observed = words(there);
    if (commands_.gone.empty()) {
      if (there.ok() || (there.signal.empty() && there.exit_code == 1)) return there.ok();
      throw Error(ErrorKind::unmet, doing(), "the command 'evidence' says neither 0 (there) nor 1 (absent): " + words(there));
    }
    const CommandResult gone = run(commands_.gone, deadline);
    seen.observed += "; gone: " + words(gone);
    if (there.ok() == gone.ok())
      throw Error(ErrorKind::unmet, doing(),
                  fmt::format("'evidence' and 'gone' {}: {}", there.ok() ? "both hold" : "both fail", seen.observed));
    return there.ok();
  }

  std::string doing() const { return fmt::format("looking for the effect of the user's command on {}", place()); }

 private:
  // A folder that is gone says neither "there" nor "absent": 125 is no answer of `evidence`, and no success of any other.
  std::string in_folder() const {
    return commands_.folder.empty() ? "" : fmt::format("cd -- {} || exit 125; ", shell_quote(commands_.folder));
  }
  // "exit code 0: port 7 is down"
  static std::string words(const CommandResult& result) {
    if (!result.ok()) return result.trouble();
    const std::string out = result.out.substr(0, result.out.find('\n')).substr(0, 200);
    return out.empty() ? "exit code 0" : "exit code 0: " + out;
  }

  const Commands& commands_;
  const std::string node_;
  FaultContext context_;
};

class CommandFault final : public TargetFault {
 public:
  CommandFault(Commands commands, const Node& node, FaultContext context)
      : commands_(std::move(commands)), user_(commands_, node.name, context), node_(node.name), context_(context) {}

  void preflight(const Deadline& deadline) override {
    Evidence seen;
    if (user_.is_there(seen, deadline))
      throw Error(ErrorKind::unmet, user_.doing(), "it is there already: " + seen.observed,
                  "take it away first: " + commands_.undo);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{commands_.local ? kLocalUndo : kNodeUndo, node_, {}};
    record.facts = {{"undo", commands_.undo},
                    {"evidence", commands_.evidence},
                    {"timeout-ms", std::to_string(std::chrono::ceil<std::chrono::milliseconds>(commands_.timeout).count())}};
    if (!commands_.gone.empty()) record.facts["gone"] = commands_.gone;
    if (!commands_.folder.empty()) record.facts["folder"] = commands_.folder;
    return record;
  }

  void stage(const Deadline& deadline) override { preflight(deadline); }

  void fire(const Deadline& deadline) override {
    const std::string doing = fmt::format("running the user's command on {}", user_.place());
    if (commands_.local) {
      const CommandResult result = user_.run(commands_.inject, deadline);
      if (!result.ok()) throw Error(ErrorKind::unmet, doing, result.trouble());
    } else {
      context_.remote.check(doing, node_, guarded_order(context_.id, plain_command(commands_.inject)),
                            deadline.sooner(commands_.timeout));
    }
  }

  Duration fire_limit() const override { return std::max(TargetFault::fire_limit(), commands_.timeout + kSpare); }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    return see({piece(user_.observer(), fmt::format("the user's own evidence on {}: {}", user_.place(), commands_.evidence),
                      [&](Evidence& seen) { return user_.is_there(seen, deadline); })},
               context_.clock, deadline, kPoll);
  }

 private:
  const Commands commands_;
  const User user_;
  const std::string node_;
  FaultContext context_;
};

std::string folder_of_ours() {
  std::error_code trouble;
  const std::filesystem::path folder = std::filesystem::current_path(trouble);
  if (!trouble) return folder.string();
  throw Error(ErrorKind::unmet, "finding out which folder the user's local commands run in", trouble.message(),
              "start the rehearsal from a folder that exists");
}

class CommandSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    command(f, {"inject", "your command that causes it (POSIX shell)", Field::required}, commands_.inject);
    command(
        f, {"undo", "your command that takes it away; it must be fit to run in any state, and more than once", Field::required},
        commands_.undo);
    command(f,
            {"evidence", "your command that exits with 0 where the effect is there, with 1 where it is absent; it only looks",
             Field::required},
            commands_.evidence);
    command(f,
            {"gone", "your command that exits with 0 where the effect is absent, when the exit code of `evidence` can't tell"},
            commands_.gone);
    std::string where = "node";
    if (f.choice({"where", "they run on each target, or on the runner's machine"}, where, {"node", "local"}))
      commands_.local = where == "local";
    f.duration({"timeout", "how long one of them may take"}, commands_.timeout, {1s, 40s});
  }
  std::string summary() const override {
    return fmt::format("the user's own command{}: {}", commands_.local ? " on the runner's machine" : "", commands_.inject);
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {
        {"inject", commands_.inject}, {"undo", commands_.undo}, {"evidence", commands_.evidence}};
    if (!commands_.gone.empty()) all.emplace_back("gone", commands_.gone);
    all.emplace_back("where", commands_.local ? "local" : "node");
    all.emplace_back("timeout", format_duration(commands_.timeout));
    return all;
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    Commands commands = commands_;
    if (commands.local) commands.folder = folder_of_ours();
    return std::make_unique<CommandFault>(std::move(commands), node, context);
  }

 private:
  static void command(Fields& f, const Field& field, std::string& text) {
    const bool given = f.text(field, text);
    if (given && text.find_first_not_of(" \t\n") == std::string::npos) f.problem(field.name, "it is empty");
    if (text.size() > kLongest)
      f.problem(field.name, fmt::format("it is longer than {} bytes", kLongest), "put it into a file");
  }

  Commands commands_;
};

Commands commands_of(const UndoRecord& record) {
  Commands commands;
  commands.undo = fact(record, "undo");
  commands.evidence = fact(record, "evidence");
  commands.gone = fact_or_none(record, "gone");
  commands.folder = fact_or_none(record, "folder");
  commands.local = record.kind == kLocalUndo;
  commands.timeout = std::chrono::milliseconds(number_fact(record, "timeout-ms", 1));
  return commands;
}

}  // namespace

const FaultAbout kCommandAbout = {
    "What the command makes of them: that is for you to say.",
    "Your own command `evidence`, before, during and after it, with what it prints; nobody else looks.",
    "Your own command `undo`, until your evidence says that the effect is gone; without the runner by a systemd timer on the "
    "node, "
    "or, with `where: local`, by a process on the runner's machine.",
    "What your commands need. They stand in the journal and in the report as you wrote them: keep passwords in files."};

std::unique_ptr<FaultSettings> command_settings() { return std::make_unique<CommandSettings>(); }

std::string command_node_command(const UndoRecord& record) { return plain_command(commands_of(record).undo); }

// Once in any case, whatever the evidence says: half an effect may not show.
std::vector<Evidence> command_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    const Commands commands = commands_of(record);
    const User user(commands, record.node, context);
    const auto order = [&] {
      const CommandResult result = user.run(commands.undo, deadline);
      if (!result.ok()) throw Error(ErrorKind::unmet, undoing(record), result.trouble());
    };
    return make_absent(order,
                       {piece(user.observer(), "the user's own evidence on " + user.place() + " is gone: " + commands.evidence,
                              [&](Evidence& seen) { return !user.is_there(seen, deadline); })},
                       context.clock, deadline, kPoll, kAgain);
  } catch (const Error& error) {
    return not_tried("the effect of the user's command for " + record.node + " is gone", error.what());
  }
}

}  // namespace blackstart
