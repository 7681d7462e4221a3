// A TCP relay between a client and a SQL server that can swallow the answer to COMMIT (or another word), and spoil the
// begin of a transaction. With several servers it gives them the connections by turns.
//
// Purpose: the cases that nobody can provoke from outside in time: the server has committed and the client never hears of it,
// and each statement commits by itself. Ownership: owns its threads and sockets. Thread rule: the switches may be used from any
// thread.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loopback.h"

namespace blackstart::test {

class CommitProxy {
 public:
  explicit CommitProxy(int server_port) : CommitProxy(std::vector<int>{server_port}) {}
  explicit CommitProxy(std::vector<int> server_ports) : server_ports_(std::move(server_ports)) {
    bound_.listen(128);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~CommitProxy() {
    stop_ = true;
    acceptor_.join();
    for (auto& relay : relays_) relay.join();
  }
  int port() const { return bound_.port; }
  void swallow_answers(bool on) { swallow_ = on ? "COMMIT" : nullptr; }
  void swallow_answers_to(const char* word) { swallow_ = word; }
  void spoil_transactions(bool on) { spoil_ = on; }
  int swallowed() const { return swallowed_; }

 private:
  void accept_all() {
    while (!stop_) {
      pollfd waiting{bound_.descriptor.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      int client = ::accept4(bound_.descriptor.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      const int server = dial(server_ports_[relays_.size() % server_ports_.size()]);
      relays_.emplace_back([this, client, server] { relay(client, server); });
    }
  }

  static int dial(int port) {
    int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback_address(port);
    ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return server;
  }

  void relay(int client, int server) {
    bool deaf = false;  // from the first word on that is to be swallowed
    while (!stop_) {
      pollfd both[2]{{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(both, 2, 20) <= 0) continue;
      char bytes[4096];
      bool up = both[0].revents != 0;
      ssize_t count = ::recv(up ? client : server, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      std::string text(bytes, static_cast<std::size_t>(count));
      if (auto at = text.find("START TRANSACTION"); up && spoil_ && at != text.npos) text.replace(at, 17, "SELECT 1 AS aaaaa");
      const char* word = swallow_;
      if (up && word && text.find(word) != text.npos) deaf = true, ++swallowed_;
      if (up || !deaf) ::send(up ? server : client, text.data(), text.size(), MSG_NOSIGNAL);
    }
    ::close(server);
    ::close(client);
  }

  std::vector<int> server_ports_;
  BoundSocket bound_;
  std::atomic<bool> stop_ = false, spoil_ = false;
  std::atomic<const char*> swallow_ = nullptr;
  std::atomic<int> swallowed_ = 0;
  std::vector<std::thread> relays_;
  std::thread acceptor_;
};

}  // namespace blackstart::test
