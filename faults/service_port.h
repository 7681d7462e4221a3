// The third party's side of a service fault: what the runner sees at a TCP port that the service answered on before.
//
// Purpose: find that port at preflight, and tell an ended, a refusing and a silent service apart. Ownership: owns its
// connections, refers to the FaultContext's parts. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

struct Listener {
  std::string address;  // "0.0.0.0", "*", "::", "198.18.20.11"
  int port = 0;
  bool operator==(const Listener&) const = default;
};
// The TCP sockets that `pid` listens on, ascending by port, out of the answer of `ss -Hltnp`. Throws Error(unmet).
std::vector<Listener> parse_listeners(const std::string& text, std::int64_t pid, const std::string& doing);

struct Endpoint {
  std::string host;
  int port = 0;
  std::string text() const;  // "198.18.20.11:3306", "[fd00::1]:3306"
};

// How long it took from connecting to the answer; nullopt when no answer came by the deadline.
std::optional<Duration> answer_time(FaultContext context, const Endpoint& where, const Deadline& deadline);

// The shell condition: a process of this control group, known by a part of its path, listens on the port, or `ss` (how it is
// called) can't say: then `pid`, which is one of them, is not known to have stopped serving. By the processes, since another
// service may listen on the same port at another address.
std::string group_listens(const std::string& ss, int port, std::int64_t pid, const std::string& group);

class ServicePort {
 public:
  // What was seen, and when at the latest it was so.
  struct Seen {
    std::string words;
    Time at;
  };

  // The first port of the process that answers at an address of the node's own (a virtual IP may lead elsewhere); with `port`
  // only that one, and it is an Error(unmet) if it does not answer. Empty: none answers.
  static std::unique_ptr<ServicePort> find(FaultContext context, const Node& node, std::int64_t pid, std::optional<int> port,
                                           const Deadline& deadline);
  ServicePort(FaultContext context, Endpoint where, Duration answer) : context_(context), where_(where), answer_(answer) {}
  const Endpoint& where() const { return where_; }

  // Makes sure of an open, young connection. Throws Error(unmet) when there is none to be had.
  void hold(const Deadline& deadline);
  // Each looks once. nullopt: not so (yet), and trouble() says what was seen instead.
  std::optional<Seen> ended(const Deadline& deadline);              // the held connection ended, or a new one is refused
  std::optional<Seen> ended_and_refused(const Deadline& deadline);  // and after that a new one (again) is refused
  std::optional<Seen> silent(const Deadline& deadline);             // no answer for at least 1 s; it used to come sooner
  const std::string& trouble() const { return trouble_; }

 private:
  bool held_younger_than(Duration age) const;
  bool connect(const Deadline& deadline, bool& refused);
  bool held_ended();
  bool refuses_beside(const Deadline& deadline);

  FaultContext context_;
  Endpoint where_;
  Duration answer_;
  std::unique_ptr<TcpConnection> held_;
  Time opened_{0};
  bool seen_ended_ = false;    // the open connection
  bool seen_refused_ = false;  // a new one, while the open one may still have been there
  Time next_attempt_{0};
  int beside_ = 0;  // connections that were tried beside the held one
  std::string trouble_ = "not looked at";
};

}  // namespace blackstart
