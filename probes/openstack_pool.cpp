#include "probes/openstack_pool.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "probes/http_outcome.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_task.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

// Nova's micro-versions: from 2.25 on it finds out itself whether disks must be copied; from 2.30 on a host that is not forced
// is checked by the scheduler. From 2.14 on it knows itself whether storage is shared.
constexpr const char* kMigrateVersion = "2.30";
constexpr const char* kEvacuateVersion = "2.29";
const std::string kMigrate = R"({"os-migrateLive": {"host": null, "block_migration": "auto"}})";
const std::string kEvacuate = R"({"evacuate": {}})";
// An order that nothing came of by then may be given again.
constexpr Duration kUnderWay = 30s;

struct Standing {
  std::string id, status, task, host;
  bool active() const { return status == "ACTIVE" && task.empty(); }
  bool broken() const { return status == "ERROR"; }
};

Standing standing_of(const Json& server) {
  return {text_of(server, "id"), text_of(server, "status"), text_of(server, "OS-EXT-STS:task_state"),
          text_of(server, "OS-EXT-SRV-ATTR:host")};
}

std::string server_path(const std::string& id) { return "servers/" + url_encoded(id); }

class Migration final : public OpenStackTask {
 public:
  Migration(OpenStackCaller& caller, std::size_t slot, bool fresh, const Deadline& deadline, Workload::Done done)
      : OpenStackTask(caller, fresh, deadline, std::move(done)), id_(caller.start.ground.pool.at(slot)) {}

 private:
  void first() override {
    ask("GET", ApiService::compute, server_path(id_), [this](const HttpAnswer& answer) {
      const Standing server = seen(answer);
      from_ = server.host;
      if (!server.active() || from_.empty()) return finish(outcome_of(false, answer, false));
      move();
    });
  }

  Standing seen(const HttpAnswer& answer) const {
    return succeeded(answer) ? standing_of(resource_in(resource_kind("server"), answer.body)) : Standing{};
  }

  void move() {
    ask("POST", ApiService::compute, server_path(id_) + "/action",
        [this](const HttpAnswer& answer) {
          if (!succeeded(answer)) return finish(outcome_of(true, answer, false));
          look();
        },
        {kMigrate, "application/json", kMigrateVersion});
  }

  void look() {
    ask("GET", ApiService::compute, server_path(id_), [this](const HttpAnswer& answer) {
      const Standing server = seen(answer);
      if (server.active() && !server.host.empty() && server.host != from_) return finish({Outcome::ok, 0});
      if (server.broken()) return fail(kWrongAnswer);
      after_pause([this] { look(); });
    });
  }

  const std::string id_;
  std::string from_;
};

// Who is where, and which hosts are up: two questions, asked one after the other.
class PoolTask : public OpenStackTask {
 public:
  using OpenStackTask::OpenStackTask;

 protected:
  void first() override { look(); }
  virtual void told(const std::vector<Standing>& pool) = 0;  // in its order; one that is gone has no id
  virtual void unanswered(const HttpAnswer& answer) = 0;

  void look() {
    ask("GET", ApiService::compute, "os-services?binary=nova-compute", [this](const HttpAnswer& answer) {
      const auto services = listed(answer, "services");
      if (!services) return unanswered(answer);
      up_.clear();
      for (const Json& service : *services)
        if (text_of(service, "state") == "up") up_.insert(text_of(service, "host"));
      look_at_servers();
    });
  }

  bool lives(const Standing& server) const { return up_.count(server.host) > 0; }
  bool home(const Standing& server) const { return server.active() && lives(server); }
  bool all_home(const std::vector<Standing>& pool) const {
    return std::all_of(pool.begin(), pool.end(), [this](const Standing& server) { return home(server); });
  }

 private:
  static std::optional<Json> listed(const HttpAnswer& answer, const char* key) {
    const Json body = succeeded(answer) ? Json::parse(answer.body, nullptr, false) : Json();
    const Json* list = list_in(body, key);
    return list ? std::optional(*list) : std::nullopt;
  }

  void look_at_servers() {
    const std::string name = url_encoded(pool_name(caller_.start.ground.prefix, 0));
    // Nova takes a name for a pattern: without its number, all of the pool have it.
    ask("GET", ApiService::compute, "servers/detail?limit=500&name=" + name.substr(0, name.size() - 1),
        [this](const HttpAnswer& answer) {
          const auto servers = listed(answer, "servers");
          if (!servers) return unanswered(answer);
          std::map<std::string, Standing> there;
          for (const Json& server : *servers) there[text_of(server, "id")] = standing_of(server);
          std::vector<Standing> pool;
          for (const std::string& id : caller_.start.ground.pool) pool.push_back(there[id]);
          told(pool);
        });
  }

  std::set<std::string> up_;
};

// One look, and a verdict on it.
class RollCall : public PoolTask {
 public:
  using PoolTask::PoolTask;

 protected:
  virtual bool well(const std::vector<Standing>& pool) const { return all_home(pool); }

 private:
  void told(const std::vector<Standing>& pool) override {
    finish(well(pool) ? Workload::Result{Outcome::ok, 0} : Workload::Result{Outcome::failed, kWrongAnswer});
  }
  void unanswered(const HttpAnswer& answer) override { finish(outcome_of(false, answer, false)); }
};

class GroupCall final : public RollCall {
 public:
  using RollCall::RollCall;

 private:
  bool well(const std::vector<Standing>& pool) const override {
    const OpenStackGround& ground = caller_.start.ground;
    std::set<std::string> served;
    for (std::size_t i = 0; i < pool.size(); ++i)
      if (home(pool[i])) served.insert(ground.group_of(i));
    return served.size() == ground.groups.size();
  }
};

class Evacuation final : public PoolTask {
 public:
  using PoolTask::PoolTask;

 private:
  void told(const std::vector<Standing>& pool) override {
    if (all_home(pool)) return finish({Outcome::ok, 0});
    to_leave_.clear();
    for (const Standing& server : pool)
      if (!server.host.empty() && !lives(server) && server.task.empty()) to_leave_.push_back(server.id);
    leave_next();
  }

  // One after the other; a refusal is no end: the next look asks again.
  void leave_next() {
    while (!to_leave_.empty() && !may_ask(to_leave_.back())) to_leave_.pop_back();
    if (to_leave_.empty()) return after_pause([this] { look(); });
    const std::string id = to_leave_.back();
    to_leave_.pop_back();
    caller_.leaving[id] = real_clock().now();
    const auto answered = [this, id](const HttpAnswer& answer) {
      if (!succeeded(answer)) caller_.leaving.erase(id);
      leave_next();
    };
    ask("POST", ApiService::compute, server_path(id) + "/action", answered, {kEvacuate, "application/json", kEvacuateVersion});
  }

  // Other operations look at the same time. Nova takes a second order for a server that is under way already, carries both out
  // side by side, and the server ends in ERROR.
  bool may_ask(const std::string& id) const {
    const auto told = caller_.leaving.find(id);
    return told == caller_.leaving.end() || real_clock().now() - told->second > kUnderWay;
  }

  void unanswered(const HttpAnswer&) override {
    after_pause([this] { look(); });
  }

  std::vector<std::string> to_leave_;
};

}  // namespace

void begin_migration(OpenStackCaller& caller, std::size_t slot, bool fresh, const Deadline& deadline, Workload::Done done) {
  std::make_shared<Migration>(caller, slot, fresh, deadline, std::move(done))->begin();
}

void begin_evacuation(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done) {
  std::make_shared<Evacuation>(caller, fresh, deadline, std::move(done))->begin();
}

void begin_roll_call(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done) {
  std::make_shared<RollCall>(caller, fresh, deadline, std::move(done))->begin();
}

void begin_group_call(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done) {
  std::make_shared<GroupCall>(caller, fresh, deadline, std::move(done))->begin();
}

}  // namespace blackstart
