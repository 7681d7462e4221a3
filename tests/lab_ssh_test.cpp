#include "lab/ssh.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/error.h"
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
  const auto mark = server().path("began");
  std::thread other([&] { remote->run("n1", fmt::format("touch {}; sleep 1", mark), in(10s)); });
  CHECK(wait_until([&] { return std::filesystem::exists(mark); }, in(5s), 5ms));
  const Error error = error_of_run(*remote, "true", 200ms);
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Contains("another command was still running"));
  other.join();
  std::filesystem::remove(mark);
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
