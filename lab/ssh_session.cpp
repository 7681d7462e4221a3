#include "lab/ssh_session.h"

#include <fmt/format.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "lab/tcp_socket.h"

namespace blackstart {
namespace {

// libssh reads ahead into buffers of its own, which poll does not see: no wait is longer than this.
constexpr Duration kLongestWait = 50ms;

struct KeyFree {
  void operator()(ssh_key key) const { ::ssh_key_free(key); }
};
using Key = std::unique_ptr<ssh_key_struct, KeyFree>;

Key import_key(const std::string& text) {
  ssh_key key = nullptr;
  return Key(::ssh_pki_import_privkey_base64(text.c_str(), nullptr, nullptr, nullptr, &key) == SSH_OK ? key : nullptr);
}

std::string opening(const SshTarget& target) { return "opening an SSH session to " + target.name(); }

[[noreturn]] void unreachable(const SshTarget& target, const std::string& why, const std::string& hint = "") {
  throw Error(ErrorKind::unreachable, opening(target), why, hint);
}

// Small packets at once, and a peer that fell silent is given up within 15 s even when nothing is asked of it.
void tune(int fd) {
  const auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set(IPPROTO_TCP, TCP_KEEPCNT, 5);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 15000);
}

Descriptor connect(const SshTarget& target, const Deadline& deadline) {
  TcpSocket socket = connect_socket(target.address, target.port, deadline);
  if (!socket.descriptor.open()) unreachable(target, socket.why, "does the node run, and its SSH server?");
  tune(socket.descriptor.get());
  return std::move(socket.descriptor);
}

std::string fingerprint(ssh_session session) {
  ssh_key raw = nullptr;
  if (::ssh_get_server_publickey(session, &raw) != SSH_OK) return "unknown";
  const Key key(raw);
  unsigned char* hash = nullptr;
  std::size_t length = 0;
  if (::ssh_get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0) return "unknown";
  char* text = ::ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
  ::ssh_clean_pubkey_hash(&hash);
  std::string copy = text ? text : "unknown";
  ::ssh_string_free_char(text);
  return copy;
}

void set(ssh_session session, ssh_options_e option, const void* value, const char* what) {
  if (::ssh_options_set(session, option, value) != SSH_OK)
    throw Error(ErrorKind::internal, fmt::format("setting libssh's option {}", what), ::ssh_get_error(session));
}

// Nothing but what the cloud file says: no configuration, agent or key of whoever runs this.
void configure(ssh_session session, const SshTarget& target) {
  const bool no = false;
  set(session, SSH_OPTIONS_PROCESS_CONFIG, &no, "process-config");
  set(session, SSH_OPTIONS_HOST, target.address.c_str(), "host");
  set(session, SSH_OPTIONS_PORT, &target.port, "port");
  set(session, SSH_OPTIONS_USER, target.user.c_str(), "user");
  set(session, SSH_OPTIONS_KNOWNHOSTS, target.known_hosts.c_str(), "known-hosts");
  set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null", "global-known-hosts");
}

struct Ending {
  bool known = false;
  int exit_code = -1;
  std::string signal;
};

void on_exit_status(ssh_session, ssh_channel, int exit_status, void* ending) {
  *static_cast<Ending*>(ending) = {true, exit_status, ""};
}

void on_exit_signal(ssh_session, ssh_channel, const char* name, int, const char*, const char*, void* ending) {
  *static_cast<Ending*>(ending) = {true, -1, name};
}

// libssh keeps a pointer to the callbacks as long as the channel lives: they are taken out before `ending` goes.
class EndingWatch {
 public:
  explicit EndingWatch(ssh_channel channel) : channel_(channel) {
    std::memset(&callbacks_, 0, sizeof callbacks_);
    callbacks_.size = sizeof callbacks_;
    callbacks_.userdata = &ending;
    callbacks_.channel_exit_status_function = on_exit_status;
    callbacks_.channel_exit_signal_function = on_exit_signal;
    ::ssh_add_channel_callbacks(channel_, &callbacks_);
  }
  EndingWatch(const EndingWatch&) = delete;
  EndingWatch& operator=(const EndingWatch&) = delete;
  ~EndingWatch() { ::ssh_remove_channel_callbacks(channel_, &callbacks_); }
  Ending ending;

 private:
  ssh_channel channel_;
  ssh_channel_callbacks_struct callbacks_;
};

std::string shortened(const std::string& command) {
  const std::string line = command.substr(0, command.find('\n'));
  return line.size() == command.size() && line.size() <= 60 ? line : line.substr(0, 57) + "...";
}

}  // namespace

std::string SshTarget::name() const { return fmt::format("{} ({}:{})", node, address, port); }

void check_private_key(const std::string& file, const std::string& text) {
  if (!import_key(text))
    throw Error(ErrorKind::bad_file, "reading the SSH key " + file, "it is no private key that works without a passphrase",
                "make one with: ssh-keygen -t ed25519 -N '' -f KEY");
}

// libssh leaves a socket that it was given open; told that it has none of ours, it closes the one it works with.
void SshSession::Free::operator()(ssh_session_struct* session) const {
  ::ssh_options_set(session, SSH_OPTIONS_FD, nullptr);
  ::ssh_disconnect(session);
  ::ssh_free(session);
}

void SshSession::Free::operator()(ssh_channel_struct* channel) const { ::ssh_channel_free(channel); }

SshSession::SshSession(const SshTarget& target, const Deadline& deadline) : target_(target), session_(::ssh_new()) {
  if (!session_) throw Error(ErrorKind::internal, opening(target), "out of memory");
  configure(session_.get(), target);
  Descriptor descriptor = connect(target, deadline);
  const socket_t fd = descriptor.release();
  set(session_.get(), SSH_OPTIONS_FD, &fd, "fd");
  ::ssh_set_blocking(session_.get(), 0);
  exchange_keys(deadline);
  check_host_key();
  log_in(deadline);
}

std::string SshSession::last_error() const {
  const std::string words = ::ssh_get_error(session_.get());
  return words.empty() ? "the connection ended" : words;
}

// Repeats `step` until it says something other than SSH_AGAIN; SSH_AGAIN comes back only when the deadline has passed.
template <class Step>
int SshSession::drive(Step step, const Deadline& deadline) const {
  while (true) {
    const int result = step();
    if (result != SSH_AGAIN || deadline.passed()) return result;
    const int wanted = ::ssh_get_poll_flags(session_.get());
    const short events = wanted & SSH_WRITE_PENDING ? POLLIN | POLLOUT : POLLIN;
    wait_ready(::ssh_get_fd(session_.get()), events, deadline.sooner(kLongestWait));
  }
}

void SshSession::exchange_keys(const Deadline& deadline) {
  const int result = drive([this] { return ::ssh_connect(session_.get()); }, deadline);
  if (result == SSH_AGAIN) unreachable(target_, "connected, but the key exchange did not end in time", "is it an SSH server?");
  if (result != SSH_OK) unreachable(target_, last_error(), "journalctl -u ssh on the node may tell more");
}

void SshSession::check_host_key() {
  const ssh_known_hosts_e known = ::ssh_session_is_known_server(session_.get());
  if (known == SSH_KNOWN_HOSTS_OK) return;
  const std::string& file = target_.known_hosts;
  const std::string host = target_.port == 22 ? target_.address : fmt::format("[{}]:{}", target_.address, target_.port);
  if (known == SSH_KNOWN_HOSTS_CHANGED || known == SSH_KNOWN_HOSTS_OTHER)
    unreachable(target_, fmt::format("the host key is not the one in {}, it is {}", file, fingerprint(session_.get())),
                fmt::format("if the node was installed anew: ssh-keygen -f {} -R '{}', then add its new key", file, host));
  if (known == SSH_KNOWN_HOSTS_ERROR)
    unreachable(target_, fmt::format("checking the host key against {}: {}", file, last_error()));
  unreachable(
      target_, fmt::format("the host key {} is not in {}", fingerprint(session_.get()), file),
      fmt::format("compare it with the node's own, then: ssh-keyscan -p {} {} >> {}", target_.port, target_.address, file));
}

void SshSession::log_in(const Deadline& deadline) {
  const Key key = import_key(target_.key_text);
  const auto step = [&] {
    const int answer = ::ssh_userauth_publickey(session_.get(), nullptr, key.get());
    return answer == SSH_AUTH_AGAIN ? SSH_AGAIN : answer;
  };
  const int result = drive(step, deadline);
  if (result == SSH_AUTH_SUCCESS) return;
  const std::string login = fmt::format("login as {} with key {}", target_.user, target_.key_file);
  if (result == SSH_AGAIN) unreachable(target_, login + " was not answered in time");
  if (result == SSH_AUTH_DENIED)
    unreachable(target_, login + " was refused", "is the public key in the node's authorized_keys?");
  if (result == SSH_AUTH_PARTIAL) unreachable(target_, login + " is not enough, the node asks for more");
  unreachable(target_, login + " failed: " + last_error());
}

bool SshSession::open_channel(const Deadline& deadline) {
  channel_.reset(::ssh_channel_new(session_.get()));
  if (!channel_) return false;
  return drive([this] { return ::ssh_channel_open_session(channel_.get()); }, deadline) == SSH_OK;
}

CommandResult SshSession::exec(const std::string& command, const std::string& input, const Deadline& deadline) {
  const std::string doing = fmt::format("running '{}' on {}", shortened(command), target_.name());
  const auto fail = [&](const std::string& why) -> Error {
    return {ErrorKind::unreachable, doing, why, "the command may have been carried out"};
  };
  EndingWatch watch(channel_.get());
  const int asked = drive([&] { return ::ssh_channel_request_exec(channel_.get(), command.c_str()); }, deadline);
  if (asked == SSH_AGAIN) throw fail("no answer in time");
  if (asked != SSH_OK) throw fail(last_error());
  CommandResult result;
  if (!write(input, result, deadline)) throw fail(deadline.passed() ? "it did not take its input in time" : last_error());
  ::ssh_channel_send_eof(channel_.get());
  if (!read_to_end(result, deadline, watch.ending.known))
    throw fail(deadline.passed() ? "it did not end in time" : last_error());
  result.exit_code = watch.ending.exit_code;
  result.signal = watch.ending.signal;
  return result;
}

// Takes what is there. False: the session broke.
bool SshSession::read(int is_stderr, std::string& text, bool& cut) {
  std::array<char, 32768> chunk;
  int count = 0;
  while ((count = ::ssh_channel_read_nonblocking(channel_.get(), chunk.data(), chunk.size(), is_stderr)) > 0) {
    const std::size_t room = kMostOutput - text.size();
    text.append(chunk.data(), std::min<std::size_t>(count, room));
    cut = cut || static_cast<std::size_t>(count) > room;
  }
  return count != SSH_ERROR;
}

// Sends what the command is to read, as the other side makes room for it; one that has ended takes no more. False: the session
// broke or the deadline passed.
bool SshSession::write(const std::string& input, CommandResult& result, const Deadline& deadline) {
  constexpr std::size_t kMost = 32768;  // one packet
  std::size_t sent = 0;
  const auto step = [&] {
    if (!read(0, result.out, result.cut) || !read(1, result.err, result.cut)) return SSH_ERROR;
    if (::ssh_channel_is_eof(channel_.get()) || ::ssh_channel_is_closed(channel_.get())) return SSH_OK;
    while (sent < input.size() && ::ssh_channel_window_size(channel_.get()) > 0) {
      const std::size_t room = std::min<std::size_t>(kMost, ::ssh_channel_window_size(channel_.get()));
      const int count = ::ssh_channel_write(channel_.get(), input.data() + sent,
                                            static_cast<std::uint32_t>(std::min(room, input.size() - sent)));
      if (count < 0) return count == SSH_AGAIN ? SSH_AGAIN : SSH_ERROR;
      sent += static_cast<std::size_t>(count);
    }
    return sent == input.size() ? SSH_OK : SSH_AGAIN;
  };
  return input.empty() || drive(step, deadline) == SSH_OK;
}

// Reads both streams to their end and on to how the command ended. False: the session broke or the deadline passed.
bool SshSession::read_to_end(CommandResult& result, const Deadline& deadline, const bool& ending_known) {
  const auto step = [&] {
    if (!read(0, result.out, result.cut) || !read(1, result.err, result.cut)) return SSH_ERROR;
    // A session that breaks closes the channel too: only with its end of file is the output whole.
    const bool whole = ::ssh_channel_is_eof(channel_.get()) != 0;
    if (whole) ::ssh_channel_get_exit_status(channel_.get());  // behind the end of file only this takes in what came
    if (whole && ending_known) return SSH_OK;
    const bool broken = ::ssh_channel_is_closed(channel_.get()) || !::ssh_is_connected(session_.get());
    return broken ? SSH_ERROR : SSH_AGAIN;
  };
  return drive(step, deadline) == SSH_OK;
}

}  // namespace blackstart
