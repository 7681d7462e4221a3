#include "runner/state.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/error_of.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

// Another process that holds the lease until it is told to end, however it ends.
class OtherHolder {
 public:
  explicit OtherHolder(const std::string& cloud) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      Lease lease(cloud, "run 1 of process " + std::to_string(::getpid()));
      [[maybe_unused]] auto told = ::write(ready[1], "y", 1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }
  ~OtherHolder() { end(SIGKILL); }
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  std::string name() const { return "run 1 of process " + std::to_string(pid_); }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("the state folder is where BLACKSTART_STATE says") {
  StateFolder state;
  CHECK(state_folder() == state.path);
  ::setenv("BLACKSTART_STATE", "", 1);
  CHECK(state_folder() == (::geteuid() == 0 ? std::filesystem::path("/var/lib/blackstart")
                                            : std::filesystem::path(std::getenv("HOME")) / ".local/state/blackstart"));
}

TEST_CASE("a lease is one rehearsal's at a time, and names its holder") {
  StateFolder state;
  CHECK_FALSE(lease_holder("lab"));
  {
    Lease lease("lab", "run 1");
    CHECK(lease_holder("lab") == "run 1");
    const Error error = error_of([] { Lease second("lab", "run 2"); });
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.what(), Catch::Contains("run 1 is using it"));
    CHECK(lease_holder("lab") == "run 1");
    CHECK_NOTHROW(Lease("another", "run 3"));
  }
  CHECK_FALSE(lease_holder("lab"));
  Lease again("lab", "r");
  CHECK(lease_holder("lab") == "r");
}

TEST_CASE("a lease holds against another process, and is given back when that is killed") {
  StateFolder state;
  OtherHolder other("lab");
  CHECK(lease_holder("lab") == other.name());
  CHECK_THAT(error_of([] { Lease mine("lab", "run 2"); }).what(), Catch::Contains(other.name() + " is using it"));
  other.end(SIGKILL);
  CHECK_FALSE(lease_holder("lab"));
  CHECK_NOTHROW(Lease("lab", "run 2"));
}

TEST_CASE("asking who holds a lease never keeps anybody from taking it") {
  StateFolder state;
  const pid_t asker = ::fork();
  if (asker == 0)
    for (;;) lease_holder("lab");
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    try {
      Lease lease("lab", "run");
    } catch (const Error&) {
      ++refused;
    }
  }
  ::kill(asker, SIGKILL);
  ::waitpid(asker, nullptr, 0);
  CHECK(refused == 0);
}

TEST_CASE("a state folder that can't be made is said, with what to do") {
  StateFolder state;
  ::setenv("BLACKSTART_STATE", state.write("file", "").c_str(), 1);
  const Error error = error_of([] { Lease lease("lab", "run"); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("BLACKSTART_STATE"));
}

TEST_CASE("a halt stays until it is lifted, for its cloud alone") {
  StateFolder state;
  CHECK_FALSE(halt_reason("lab"));
  CHECK_FALSE(lift_halt("lab"));
  halt_cloud("lab", "maintenance");
  halt_cloud("lab", "a fire");
  CHECK(halt_reason("lab") == "a fire");
  CHECK_FALSE(halt_reason("other"));
  CHECK(lift_halt("lab"));
  CHECK_FALSE(halt_reason("lab"));
  CHECK_FALSE(lift_halt("lab"));
}

TEST_CASE("what is no name of a cloud makes no file anywhere") {
  StateFolder state;
  for (const char* name : {"", ".", "..", ".lab", "../lab", "/tmp/lab", "north/lab", "lab/"}) {
    CAPTURE(name);
    CHECK(error_of([&] { halt_cloud(name, "x"); }).kind() == ErrorKind::usage);
    CHECK(error_of([&] { lift_halt(name); }).kind() == ErrorKind::usage);
    CHECK(error_of([&] { Lease lease(name, "run"); }).kind() == ErrorKind::usage);
  }
  CHECK(std::filesystem::is_empty(state.path));
}

TEST_CASE("a halt without a reason is a halt") {
  StateFolder state;
  halt_cloud("lab", "");
  CHECK(halt_reason("lab"));
}

}  // namespace
}  // namespace blackstart
