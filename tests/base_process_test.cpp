#include "base/process.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "tests/support/text_folder.h"

namespace blackstart {
namespace {

ProcessResult shell(const std::string& script, Duration limit = 30s, const ProcessOptions& options = {}) {
  return run_process({"sh", "-c", script}, limit, options);
}

std::size_t open_descriptors() {
  auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// True when no process of this id is left, or only its corpse that nobody has reaped yet.
bool gone(const std::string& pid) {
  const std::string stat = TextFolder::read("/proc/" + pid + "/stat");
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

TEST_CASE("both streams and the exit code of a child come back") {
  const ProcessResult result = shell("echo out; echo err >&2; exit 7");
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 7);
  CHECK(result.signal == 0);
  CHECK_FALSE(result.ok());
  CHECK(result.trouble() == "exit code 7: err");
  CHECK(shell("true").ok());
  CHECK(shell("exit 255").exit_code == 255);
}

TEST_CASE("a child that a signal ends says which") {
  const ProcessResult result = shell("kill -TERM $$");
  CHECK(result.signal == SIGTERM);
  CHECK_FALSE(result.timed_out);
  CHECK_FALSE(result.ok());
  CHECK(result.trouble() == "ended by signal 15");
}

TEST_CASE("the last line that says something is told as the trouble") {
  CHECK(shell("echo first >&2; echo last >&2; echo >&2; exit 1").trouble() == "exit code 1: last");
  CHECK(shell("echo only on stdout; exit 1").trouble() == "exit code 1: only on stdout");
}

TEST_CASE("a child that outlives its limit is ended with its whole group, in time") {
  TextFolder folder;
  const std::string pids = (folder.path / "pids").string();
  const Time before = real_clock().now();
  const ProcessResult result =
      shell("trap '' TERM; sleep 300 & echo $! $$ > " + pids + "; echo started; wait; sleep 300", 500ms);
  CHECK(real_clock().now() - before < 10s);
  CHECK(result.timed_out);
  CHECK_FALSE(result.ok());
  CHECK(result.out == "started\n");
  CHECK(result.trouble() == "no end within its time: started");
  std::istringstream all(TextFolder::read(pids));
  for (std::string pid; all >> pid;) {
    CAPTURE(pid);
    CHECK(wait_until([&] { return gone(pid); }, Deadline(real_clock(), 10s), 5ms));
  }
}

TEST_CASE("a daemon that keeps the pipes open does not keep the call") {
  TextFolder folder;
  const std::string pid = (folder.path / "pid").string();
  const Time before = real_clock().now();
  const ProcessResult result =
      shell("setsid sh -c 'echo $$ > " + pid + "; exec sleep 300' & while ! test -s " + pid + "; do :; done; echo done", 30s);
  CHECK(real_clock().now() - before < 10s);
  CHECK(result.ok());
  CHECK(result.out == "done\n");
  REQUIRE(::kill(std::stoi(TextFolder::read(pid)), SIGKILL) == 0);
}

TEST_CASE("input is fed and then ends") {
  ProcessOptions options;
  options.input = std::string(3 << 20, 'x') + "end";
  const ProcessResult result = run_process({"cat"}, 30s, options);
  CHECK(result.ok());
  CHECK(result.out == options.input);
  CHECK(run_process({"cat"}, 30s).out.empty());
}

TEST_CASE("a child that does not read its input does no harm") {
  ProcessOptions options;
  options.input = std::string(3 << 20, 'x');
  CHECK(run_process({"true"}, 30s, options).ok());
  CHECK(shell("exec <&-; exit 3", 30s, options).exit_code == 3);
}

TEST_CASE("each line is told as it comes, the last one even without its end") {
  ProcessOptions options;
  std::vector<std::string> lines;
  const auto caller = std::this_thread::get_id();
  bool same_thread = true;
  options.on_line = [&](const std::string& line) {
    lines.push_back(line);
    same_thread = same_thread && std::this_thread::get_id() == caller;
  };
  const ProcessResult result = shell("printf 'one\\n\\nthr'; printf 'ee\\nlast'", 30s, options);
  CHECK(lines == std::vector<std::string>{"one", "", "three", "last"});
  CHECK(same_thread);
  CHECK(result.out == "one\n\nthree\nlast");
}

TEST_CASE("lines are told while the child still runs") {
  TextFolder folder;
  const std::string mark = (folder.path / "told").string();
  ProcessOptions options;
  options.on_line = [&](const std::string&) { folder.write("told", "yes"); };
  CHECK(shell("echo ready; while ! test -e " + mark + "; do sleep 0.01; done", 30s, options).ok());
}

TEST_CASE("an exception of on_line comes through, and the child does not outlive it") {
  TextFolder folder;
  const std::string file = (folder.path / "pid").string();
  ProcessOptions options;
  options.on_line = [](const std::string&) { throw std::runtime_error("enough"); };
  CHECK_THROWS_WITH(shell("echo $$ > " + file + "; echo line; exec sleep 300", 30s, options), "enough");
  CHECK(wait_until([&] { return gone(std::to_string(std::stoi(TextFolder::read(file)))); }, Deadline(real_clock(), 10s), 5ms));
}

TEST_CASE("output beyond the cap is dropped and the child still ends") {
  const ProcessResult result = run_process({"head", "-c", std::to_string((64 << 20) + 12345), "/dev/zero"}, 60s);
  CHECK(result.ok());
  CHECK(result.out.size() == 64u << 20);
}

TEST_CASE("what cannot be started is an error that says so") {
  TextFolder folder;
  folder.write("plain", "text");
  const auto script = folder.write("script", "no interpreter line");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  for (const std::string& name : {std::string("no-such-program-here"), std::string("/no/such/program"), folder.path.string(),
                                  (folder.path / "plain").string(), script.string(), std::string("")}) {
    CAPTURE(name);
    try {
      run_process({name}, 5s);
      FAIL("it was started");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::unmet);
      CHECK(error.doing() == "starting " + name);
      CHECK_FALSE(error.why().empty());
    }
  }
}

TEST_CASE("a folder of the program's name in PATH is passed over") {
  TextFolder folder;
  std::filesystem::create_directories(folder.path / "true");
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (folder.path.string() + "::" + before).c_str(), 1);
  CHECK(run_process({"true"}, 30s).ok());
  ::setenv("PATH", "/nonexistent", 1);
  CHECK(run_process({"true"}, 30s).ok());
  ::setenv("PATH", before.c_str(), 1);
}

TEST_CASE("environment comes on top of ours") {
  ProcessOptions options;
  options.extra_environment = {"BLACKSTART_TEST_A=1 2", "HOME=/elsewhere"};
  CHECK(shell("echo \"$BLACKSTART_TEST_A:$HOME:${PATH:+set}\"", 30s, options).out == "1 2:/elsewhere:set\n");
  CHECK(std::string(std::getenv("HOME")) != "/elsewhere");
}

TEST_CASE("arguments reach the child as they are, without a shell") {
  CHECK(run_process({"printf", "%s|", "a b", "", "$HOME", "*", "'\"\\"}, 30s).out == "a b||$HOME|*|'\"\\|");
}

TEST_CASE("run_checked gives the output, or an error that begins with what was being done") {
  CHECK(run_checked("saying hello", {"echo", "hello"}, 30s) == "hello\n");
  try {
    run_checked("looking around", {"sh", "-c", "echo no such thing >&2; exit 4"}, 30s);
    FAIL("it returned");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    CHECK(std::string(error.what()) == "looking around: sh: exit code 4: no such thing");
  }
  CHECK_THROWS_WITH(run_checked("waiting", {"sleep", "300"}, 50ms), "waiting: sleep: no end within its time");
}

TEST_CASE("a hundred children from four threads: each gets its own output, and no descriptor stays open") {
  shell("true");
  const std::size_t before = open_descriptors();
  std::vector<std::string> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&wrong, t] {
        for (int i = 0; i < 25; ++i) {
          ProcessOptions options;
          options.input = std::to_string(t * 1000 + static_cast<std::size_t>(i));
          const ProcessResult result = run_process({"cat"}, 30s, options);
          if (!result.ok() || result.out != options.input) wrong[t] += result.trouble() + " '" + result.out + "'; ";
        }
      });
  }
  CHECK(wrong == std::vector<std::string>(4));
  CHECK(open_descriptors() == before);
}

TEST_CASE("a child inherits nothing but its three streams, whatever runs beside it") {
  std::vector<std::string> seen(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&seen, t] {
        for (int i = 0; i < 25; ++i)
          seen[t] += run_process({"sh", "-c", "for f in /proc/$$/fd/*; do echo -n \"$(readlink $f) \"; done"}, 30s).out + "\n";
      });
  }
  for (const std::string& all : seen) {
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      std::istringstream words(line);
      int pipes = 0;
      for (std::string word; words >> word;) pipes += word.starts_with("pipe:");
      CHECK(pipes <= 3 + 1);  // the command substitution has a pipe of its own
    }
  }
}

TEST_CASE("a quoted word is read back by a shell as it was") {
  for (const std::string text : {"", "plain", "it's", "a b\tc\nd", "$HOME `id` \\ \" * ? ~ # ; &", "''", "-n", "ä"}) {
    CAPTURE(text);
    CHECK(shell("printf %s " + shell_quote(text)).out == text);
  }
}

}  // namespace
}  // namespace blackstart
