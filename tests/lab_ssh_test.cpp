#include "lab/ssh.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "base/error.h"
#include "lab/shared_command.h"
#include "tests/support/error_of.h"
#include "tests/support/sshd.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

Deadline in(Duration length) { return {real_clock(), length}; }

Sshd& server() {
  static Sshd sshd;
  return sshd;
}

Error error_of_run(Remote& remote, const std::string& command, Duration limit) {
  return error_of([&] { remote.run("n1", command, in(limit)); });
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// A command that keeps n1's line busy, and is under way.
class Occupied {
 public:
  Occupied(Remote& remote, const std::string& command)
      : other_([&remote, command, mark = mark_] { remote.run("n1", fmt::format("touch {}; {}", mark, command), in(10s)); }) {
    CHECK(wait_until([&] { return std::filesystem::exists(mark_); }, in(5s), 5ms));
  }
  ~Occupied() {
    other_.join();
    std::filesystem::remove(mark_);
  }

 private:
  const std::string mark_ = server().path("began");
  std::thread other_;
};

}  // namespace

TEST_CASE("SSH: output, standard error and exit code come back apart") {
  const auto remote = make_ssh(server().cloud());
  const CommandResult result = remote->run("n1", "echo out; echo err >&2; exit 7", in(5s));
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 7);
  CHECK(result.signal.empty());
  CHECK(!result.ok());
  CHECK(result.trouble() == "exit code 7: err");
  CHECK(remote->run("n1", "true", in(5s)).ok());
  CHECK(remote->check("saying hello", "n1", "echo hello", in(5s)) == "hello\n");
}

TEST_CASE("SSH: a command that fails is an Error only for check()") {
  const auto remote = make_ssh(server().cloud());
  const Error error = error_of([&] { remote->check("trying", "n1", "echo broken >&2; exit 3", in(5s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK(std::string(error.what()) == "trying: exit code 3: broken");
}

TEST_CASE("SSH: a command ended by a signal") {
  const auto remote = make_ssh(server().cloud());
  const CommandResult result = remote->run("n1", "kill -KILL $$", in(5s));
  CHECK(result.signal == "KILL");
  CHECK(!result.ok());
  CHECK(result.trouble() == "ended by SIGKILL");
}

TEST_CASE("SSH: a command finds its standard input at its end") {
  CHECK(make_ssh(server().cloud())->run("n1", "cat; echo done", in(5s)).out == "done\n");
}

TEST_CASE("SSH: what a command is given to read arrives whole, whatever bytes it has and however long it is") {
  const auto remote = make_ssh(server().cloud());
  std::string input(5'000'000, '\0');
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<char>(i * 7 + i / 256);
  const CommandResult echo = remote->run_with_input("n1", "cat", input, in(20s));
  CHECK(echo.ok());
  CHECK(echo.out == input);  // both ways at the same time: neither fills up
  CHECK(remote->run_with_input("n1", "cat; echo done", "", in(5s)).out == "done\n");
}

TEST_CASE("SSH: a command that doesn't read its input ends as it ends, or by the deadline") {
  const auto remote = make_ssh(server().cloud());
  const std::string input(8'000'000, 'x');  // more than any buffer on the way takes
  const CommandResult ended = remote->run_with_input("n1", "echo enough; exit 3", input, in(20s));
  CHECK(ended.exit_code == 3);
  CHECK(ended.out == "enough\n");
  const Error error = error_of([&] { remote->run_with_input("n1", "sleep 60", input, in(500ms)); });
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("did not take its input in time"));
  CHECK(remote->run("n1", "echo again", in(5s)).out == "again\n");
}

TEST_CASE("SSH: 5 MB come whole, more than the cap is cut and said") {
  const auto remote = make_ssh(server().cloud());
  CHECK(remote->run("n1", "head -c 5000000 /dev/zero", in(20s)).out.size() == 5'000'000);
  const CommandResult result = remote->run("n1", "head -c 17000000 /dev/zero", in(20s));
  CHECK(result.out.size() == kMostOutput);
  CHECK(result.cut);
  CHECK(!result.ok());
  CHECK(result.trouble() == "over 16 MiB of output");
}

TEST_CASE("SSH: the deadline ends a command that doesn't end, and the next one works") {
  const auto remote = make_ssh(server().cloud());
  CHECK(remote->run("n1", "true", in(5s)).ok());
  const Time begin = real_clock().now();
  const Error error = error_of_run(*remote, "sleep 60", 300ms);
  const Duration took = real_clock().now() - begin;
  CHECK(took >= 300ms);
  CHECK(took < 10s);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("running 'sleep 60' on n1 (127.0.0.1:") && Contains("did not end in time"));
  CHECK(remote->run("n1", "echo again", in(5s)).out == "again\n");
}

TEST_CASE("SSH: who waits for the turn waits no longer than the deadline") {
  const auto remote = make_ssh(server().cloud());
  CHECK(remote->run("n1", "true", in(5s)).ok());
  const Occupied occupied(*remote, "sleep 1");
  const Error error = error_of_run(*remote, "true", 200ms);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("another command was still running"));
}

TEST_CASE("SSH: a host that is not in known_hosts is refused, with its fingerprint") {
  Cloud cloud = server().cloud();
  cloud.ssh.known_hosts = server().file("empty_known_hosts", "");
  const auto remote = make_ssh(cloud);
  const Error error = error_of_run(*remote, "true", 5s);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("opening an SSH session to n1 (127.0.0.1:") &&
                               Contains("is not in " + cloud.ssh.known_hosts) && Contains("SHA256:") &&
                               Contains("ssh-keyscan"));
}

TEST_CASE("SSH: a host whose key changed is refused") {
  Cloud cloud = server().cloud();
  cloud.ssh.known_hosts = server().file("other_known_hosts", server().known_hosts_line("client_key.pub"));
  const auto remote = make_ssh(cloud);
  const Error error = error_of_run(*remote, "true", 5s);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("the host key is not the one in " + cloud.ssh.known_hosts) && Contains("ssh-keygen -f"));
}

TEST_CASE("SSH: a key that the node doesn't know is refused") {
  Cloud cloud = server().cloud();
  cloud.ssh.key = server().path("host_key");
  const auto remote = make_ssh(cloud);
  const Error error = error_of_run(*remote, "true", 5s);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("login as " + cloud.ssh.user + " with key " + cloud.ssh.key + " was refused"));
}

TEST_CASE("SSH: a key or known_hosts file that can't be read is a bad file, at once") {
  Cloud cloud = server().cloud();
  SECTION("no key") { cloud.ssh.key = server().path("nowhere"); }
  SECTION("no known_hosts") { cloud.ssh.known_hosts = server().path("nowhere"); }
  SECTION("not a key") { cloud.ssh.key = server().file("garbage", "garbage\n"); }
  CHECK(error_of([&] { make_ssh(cloud); }).kind() == ErrorKind::bad_file);
}

TEST_CASE("SSH: an unknown node gets a suggestion") {
  const auto remote = make_ssh(server().cloud());
  const Error error = error_of([&] { remote->run("n11", "true", in(5s)); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK_THAT(error.what(), Contains("the cloud has no such node"));
}

TEST_CASE("SSH: nobody listens, or who listens never speaks") {
  Cloud cloud = server().cloud();
  const Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  cloud.nodes[0].ssh_port = bind_loopback(listening.get());
  const auto remote = make_ssh(cloud);
  const Time begin = real_clock().now();
  SECTION("refused") { CHECK_THAT(error_of_run(*remote, "true", 5s).what(), Contains("Connection refused")); }
  SECTION("mute") {
    REQUIRE(::listen(listening.get(), 8) == 0);
    const Error error = error_of_run(*remote, "true", 300ms);
    CHECK(error.kind() == ErrorKind::unreachable);
    CHECK_THAT(error.what(), Contains("the key exchange did not end in time"));
    CHECK(real_clock().now() - begin >= 300ms);
  }
  CHECK(real_clock().now() - begin < 4s);
}

TEST_CASE("SSH: a session that breaks in a command is an Error, and the next call opens a new one") {
  const auto remote = make_ssh(server().cloud());
  const auto mark = server().path("mark");
  const Time begin = real_clock().now();
  const Error error = error_of_run(*remote, fmt::format("echo x >>{}; kill -KILL $PPID; sleep 5", mark), 4s);
  CHECK(real_clock().now() - begin < 3s);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("the command may have been carried out"));
  CHECK(remote->run("n1", "cat " + mark, in(5s)).out == "x\n");  // once: never repeated
  std::filesystem::remove(mark);
}

TEST_CASE("SSH: a session that broke while idle is replaced without a word") {
  const auto remote = make_ssh(server().cloud());
  const pid_t session = std::stoi(remote->run("n1", "echo $PPID", in(5s)).out);
  REQUIRE(session > 1);
  REQUIRE(::kill(session, SIGKILL) == 0);
  const CommandResult result = remote->run("n1", "echo $PPID", in(5s));
  CHECK(result.ok());
  CHECK(std::stoi(result.out) != session);
}

TEST_CASE("SSH: a session whose server is frozen is replaced") {
  const auto remote = make_ssh(server().cloud());
  const pid_t session = std::stoi(remote->run("n1", "echo $PPID", in(5s)).out);
  REQUIRE(::kill(session, SIGSTOP) == 0);
  const CommandResult result = remote->run("n1", "echo $PPID", in(10s));
  ::kill(session, SIGKILL);
  CHECK(std::stoi(result.out) != session);
}

TEST_CASE("SSH: one session serves all calls to a node") {
  const auto remote = make_ssh(server().cloud());
  const std::string first = remote->run("n1", "echo $PPID", in(5s)).out;
  for (int call = 0; call < 20; ++call) CHECK(remote->run("n1", "echo $PPID", in(5s)).out == first);
}

TEST_CASE("SSH: four threads to one node and four to several") {
  const auto remote = make_ssh(server().cloud());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      const std::string node = thread < 4 ? "n1" : fmt::format("n{}", thread - 2);
      for (int call = 0; call < 10; ++call) {
        const std::string word = fmt::format("{}-{}", thread, call);
        right += remote->run(node, "echo " + word, in(20s)).out == word + "\n";
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(right == 80);
}

TEST_CASE("SSH: commands that wait at the same moment share a round trip, and each gets its own answer") {
  const auto remote = make_ssh(server().cloud());
  const Occupied occupied(*remote, "sleep 1");
  std::vector<CommandResult> results(20);
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i)
    threads.emplace_back([&, i] {
      results[i] = remote->run_shared("n1", fmt::format("echo $$; echo out{0}; echo err{0} >&2; exit {0}", i), in(10s));
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> shells;
  for (int i = 0; i < 20; ++i) {
    const std::string text = results[i].out + results[i].err;
    CHECK(results[i].exit_code == i);
    CHECK(text.substr(text.find('\n') + 1) == fmt::format("out{0}\nerr{0}\n", i));
    shells.insert(text.substr(0, text.find('\n')));
  }
  CHECK(shells.size() < 20);
}

TEST_CASE("SSH: who would share a round trip waits no longer than the deadline") {
  const auto remote = make_ssh(server().cloud());
  {
    const Occupied occupied(*remote, "sleep 1");
    const Error error = error_of([&] { remote->run_shared("n1", "true", in(100ms)); });
    CHECK_THAT(error.what(), Contains("another command was still running"));
  }
  CHECK(remote->run_shared("n1", "echo fine", in(5s)).out == "fine\n");
}

TEST_CASE("SSH: those who share a round trip are all told when it fails") {
  const auto remote = make_ssh(server().cloud());
  std::vector<std::string> said(3);
  {
    const Occupied occupied(*remote, "sleep 1");
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < said.size(); ++i)
      threads.emplace_back([&, i] { said[i] = error_of([&] { remote->run_shared("n1", "sleep 30", in(2s)); }).what(); });
    for (std::thread& thread : threads) thread.join();
  }
  for (const std::string& each : said) CHECK(!each.empty());
  CHECK(remote->run_shared("n1", "echo fine", in(5s)).out == "fine\n");
}

TEST_CASE("shared commands: an answer that lacks one is an Error, never an empty one") {
  CHECK(shared_results("a=1\n\nM 0\n\nM 3\n", 2, "M")[0].out == "a=1\n");
  CHECK(shared_results("a=1\n\nM 0\n\nM 3\n", 2, "M")[1].exit_code == 3);
  for (const char* out : {"", "a=1\n\nM 0\n", "a=1\n\nM 0\nb=2\n\nM ", "a=1\n\nM 0\nb=2\n\nM x\n"})
    CHECK_THAT(error_of([&] { shared_results(out, 2, "M"); }).what(), Contains("is missing"));
}

TEST_CASE("SSH: nothing stays open, whatever happened") {
  server();
  const std::size_t before = open_descriptors();
  {
    Cloud wrong = server().cloud();
    wrong.ssh.key = server().path("host_key");
    const auto remote = make_ssh(server().cloud());
    const auto refused = make_ssh(wrong);
    CHECK(remote->run("n1", "true", in(5s)).ok());
    CHECK_THROWS_AS(refused->run("n1", "true", in(5s)), Error);
    CHECK_THROWS_AS(remote->run("n1", "sleep 60", in(100ms)), Error);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("SSH: with sudo the command goes through one shell, quoted") {
  Cloud cloud = server().cloud();
  cloud.ssh.sudo = true;
  const CommandResult result = make_ssh(cloud)->run("n1", "echo \"it's $((1 + 1))\"", in(5s));
  CHECK(result.out == "sudo -n sh -c: it's 2\n");
}
