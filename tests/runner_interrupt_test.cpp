#include "runner/interrupt.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "runner/status.h"
#include "tests/support/text_folder.h"

namespace blackstart {
namespace {

TEST_CASE("each signal that should end a rehearsal asks it to stop, says so, and the first one is the reason") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  std::mutex mutex;
  std::string said;
  Interrupt interrupt([&](const std::string& line) {
    std::lock_guard lock(mutex);
    said += line + "\n";
  });
  CHECK_FALSE(interrupt.token().stop_requested());
  CHECK(interrupt.reason().empty());
  ::kill(::getpid(), signal);
  REQUIRE(wait_until([&] { return interrupt.token().stop_requested(); }, Deadline(real_clock(), 10s), 1ms));
  const std::string name = signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP";
  CHECK(interrupt.reason() == name);
  ::kill(::getpid(), SIGTERM);
  auto lines = [&] {
    std::lock_guard lock(mutex);
    return std::count(said.begin(), said.end(), '\n');
  };
  CHECK(wait_until([&] { return lines() == 2; }, Deadline(real_clock(), 10s), 1ms));
  CHECK(interrupt.reason() == name);
}

TEST_CASE("afterwards signals do what they did before") {
  sigset_t before, after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    Interrupt interrupt([](const std::string&) {});
  }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) CHECK(sigismember(&before, signal) == sigismember(&after, signal));
}

TEST_CASE("text is cut by characters, not by bytes") {
  CHECK(elide("short", 10) == "short");
  CHECK(elide("exactly ten", 11) == "exactly ten");
  CHECK(elide("too long a text", 8) == "too lon…");
  CHECK(elide("äöüäöü", 6) == "äöüäöü");
  CHECK(elide("äöüäöü", 4) == "äöü…");
  CHECK(elide("", 4).empty());
}

TEST_CASE("where there is no terminal, status lines are plain lines with the time") {
  TextFolder folder;
  std::FILE* out = std::fopen((folder.path / "out").c_str(), "w");
  REQUIRE(out);
  {
    Status status(out, real_clock());
    status.phase("steady");
    status.pulse([] { return "bank 50/s"; });
    status.line("the bank is steady");
    status.line("c1 is hit");
  }
  std::fclose(out);
  const std::string text = TextFolder::read(folder.path / "out");
  CHECK_THAT(text, Catch::Matches("\\[ +[0-9.]+ s\\] the bank is steady\n\\[ +[0-9.]+ s\\] c1 is hit\n"));
  CHECK(text.find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace blackstart
