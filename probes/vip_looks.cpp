#include "probes/vip_looks.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "lab/ipv4.h"
#include "probes/arp_looks.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;

std::uint32_t number_of(const std::string& address) {
  const auto number = parse_ipv4(address);
  if (!number) throw Error(ErrorKind::unmet, "watching a virtual IP", fmt::format("'{}' is no IPv4 address", address), "");
  return *number;
}

class ByArp final : public VipLooks {
 public:
  ByArp(asio::io_context& io, const std::string& interface, std::uint32_t address, MacNames names)
      : arp_(io, interface), address_(address), names_(std::move(names)) {}

  void look(const Deadline& deadline, Done done) override {
    arp_.ask(address_, deadline, [this, done = std::move(done)](const ArpLooks::Seen& seen) {
      VipSeen told{{}, seen.trouble, {}};
      for (const Mac& mac : seen.macs) told.holders.push_back(name_of(mac, told.holders));
      std::sort(told.holders.begin(), told.holders.end());
      done(told);
    });
  }

 private:
  // Two that share a virtual MAC are two answers, and can't be told apart.
  std::string name_of(const Mac& mac, const std::vector<std::string>& taken) const {
    const auto known = names_.find(mac_text(mac));
    const std::string name = known == names_.end() ? mac_text(mac) : known->second;
    const bool again = std::find(taken.begin(), taken.end(), name) != taken.end();
    return again ? fmt::format("{} ({})", name, taken.size() + 1) : name;
  }

  ArpLooks arp_;
  std::uint32_t address_;
  MacNames names_;
};

// Exits with 0 whether the node has the address or not; prints a line for it if so. Root runs it, so nothing but an address may
// get into it.
std::string command_for(const std::string& address) {
  number_of(address);
  return fmt::format("ip -o -4 address show to {}/32", address);
}

// Their calls last no longer than the look's deadline, which the pool waits for at its end.
class ByNodes final : public VipLooks {
 public:
  ByNodes(asio::io_context& io, Remote& remote, const std::string& address, std::vector<std::string> nodes)
      : io_(io), remote_(remote), nodes_(std::move(nodes)), command_(command_for(address)), pool_(2 * nodes_.size()) {
    std::sort(nodes_.begin(), nodes_.end());
  }
  ~ByNodes() override { pool_.join(); }

  void look(const Deadline& deadline, Done done) override {
    auto look = std::make_shared<Look>(io_, nodes_, std::move(done));
    look->end.expires_after(deadline.left());
    look->end.async_wait([look](boost::system::error_code cancelled) {
      if (!cancelled) look->finish();
    });
    for (const std::string& node : nodes_) asio::post(pool_, [this, look, node, deadline] { ask(look, node, deadline); });
  }

 private:
  struct Look {
    Look(asio::io_context& io, const std::vector<std::string>& nodes, Done done_)
        : end(io), missing(nodes.size()), done(std::move(done_)) {
      seen.silent = nodes;
    }
    // `holds` is empty when it could not say.
    void answered(const std::string& node, std::optional<bool> holds) {
      if (holds) std::erase(seen.silent, node);
      if (holds && *holds) seen.holders.push_back(node);
      if (--missing == 0) finish();
    }
    void finish() {
      if (!done) return;
      end.cancel();
      std::sort(seen.holders.begin(), seen.holders.end());
      std::exchange(done, nullptr)(seen);
    }
    asio::steady_timer end;
    std::size_t missing;
    Done done;
    VipSeen seen;
  };

  // What goes wrong here must not end the runner, which has something to undo: the node is silent then.
  void ask(const std::shared_ptr<Look>& look, const std::string& node, const Deadline& deadline) {
    try {
      const std::optional<bool> holds = has_it(node, deadline);
      asio::post(io_, [look, node, holds] { look->answered(node, holds); });
    } catch (const std::exception&) {  // the look ends at its deadline
    }
  }

  std::optional<bool> has_it(const std::string& node, const Deadline& deadline) const {
    try {
      const CommandResult result = remote_.run(node, command_, deadline);
      if (result.ok()) return !result.out.empty();
    } catch (const std::exception&) {  // unreachable, most of all
    }
    return std::nullopt;
  }

  asio::io_context& io_;
  Remote& remote_;
  std::vector<std::string> nodes_;
  std::string command_;
  asio::thread_pool pool_;
};

}  // namespace

MacNames learn_names(const std::string& interface, const std::vector<Node>& nodes, Duration limit) {
  asio::io_context io{1};
  ArpLooks arp(io, interface);
  MacNames names;
  std::size_t missing = 0;
  for (const Node& node : nodes) {
    const auto address = parse_ipv4(node.data_address());
    if (!address) continue;
    ++missing;
    arp.ask(*address, Deadline(real_clock(), limit), [&](const ArpLooks::Seen& seen) {
      for (const Mac& mac : seen.macs) names.emplace(mac_text(mac), node.name);
      --missing;
    });
  }
  while (missing > 0) io.run_one();
  return names;
}

std::unique_ptr<VipLooks> make_arp_looks(asio::io_context& io, const std::string& interface, const std::string& address,
                                         MacNames names) {
  return std::make_unique<ByArp>(io, interface, number_of(address), std::move(names));
}

std::unique_ptr<VipLooks> make_node_looks(asio::io_context& io, Remote& remote, const std::string& address,
                                          std::vector<std::string> nodes) {
  return std::make_unique<ByNodes>(io, remote, address, std::move(nodes));
}

}  // namespace blackstart
