#include "base/error.h"

#include <catch2/catch.hpp>
#include <cerrno>

namespace blackstart {
namespace {

TEST_CASE("an error says what was being done, why it failed and what to do") {
  const Error error(ErrorKind::unreachable, "opening an SSH session to c1", "connection refused", "is sshd running?");
  CHECK(std::string(error.what()) == "opening an SSH session to c1: connection refused (is sshd running?)");
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK(error.doing() == "opening an SSH session to c1");
  CHECK(error.why() == "connection refused");
  CHECK(error.hint() == "is sshd running?");
}

TEST_CASE("parts of an error that are missing leave no punctuation behind") {
  CHECK(std::string(Error(ErrorKind::usage, "reading x", "it is a folder").what()) == "reading x: it is a folder");
  CHECK(std::string(Error(ErrorKind::bad_file, "", "f:1:2: no").what()) == "f:1:2: no");
}

TEST_CASE("each kind of error has its exit code") {
  CHECK(exit_code_of(ErrorKind::usage) == 64);
  CHECK(exit_code_of(ErrorKind::bad_file) == 65);
  CHECK(exit_code_of(ErrorKind::unmet) == 2);
  CHECK(exit_code_of(ErrorKind::unreachable) == 2);
  CHECK(exit_code_of(ErrorKind::internal) == 70);
  CHECK((kPassed == 0 && kFailed == 1 && kInconclusive == 2 && kUndoPending == 3));
}

TEST_CASE("an errno becomes words") {
  try {
    throw_errno("reading /x", ENOENT);
    FAIL("it returned");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    CHECK(std::string(error.what()) == "reading /x: No such file or directory");
  }
}

}  // namespace
}  // namespace blackstart
