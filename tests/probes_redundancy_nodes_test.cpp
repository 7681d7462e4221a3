// What the probe `redundancy` sees on nodes: RabbitMQ, HAProxy, keepalived; each broken in each way.
#include <catch2/catch.hpp>

#include "base/error.h"
#include "tests/support/error_of.h"
#include "tests/support/redundancy_ground.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

void rabbit_says(RedundancyGround& it, const std::string& node, const FakeRabbit& rabbit) {
  it.remote.on("erl_call", [=, old = FakeRabbit()](const std::string& asked, const std::string&) {
    return answered(asked == node ? rabbit.text() : old.text());
  });
}

std::string stat(const std::string& keystone_on_c3) {
  return "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight\n"
         "keystone,FRONTEND,,,0,1,2000,4,0,0,0,0,0,,,,,OPEN,,\n"
         "keystone,c1,0,0,0,1,,4,0,0,,0,,0,0,0,0,UP,1\n"
         "keystone,c3,0,0,0,1,,4,0,0,,0,,0,0,0,0," +
         keystone_on_c3 +
         ",1\n"
         "keystone,BACKEND,0,0,0,1,,4,0,0,,0,,0,0,0,0,DOWN,1\n"
         "alive,FRONTEND,,,0,1,2000,4,0,0,0,0,0,,,,,OPEN,,\n";
}

void holders(RedundancyGround& it, const std::vector<std::string>& names) {
  it.remote.on("keepalived", [names](const std::string& node, const std::string&) {
    const bool holds = std::find(names.begin(), names.end(), node) != names.end();
    return answered(std::string("runs\n") + (holds ? "7: data0    inet 198.18.71.10/24 scope global secondary data0\n" : ""));
  });
}

}  // namespace

TEST_CASE("rabbitmq: a member that others don't see, that is alone, or that doesn't answer", "[redundancy]") {
  RedundancyGround it;
  rabbit_says(it, "", {});
  const RedundancyLook before = it.whole("rabbitmq");
  CHECK(before.parts.size() == 3);
  FakeRabbit short_of_one;
  short_of_one.running = "rabbit@c1,rabbit@c2";
  rabbit_says(it, "c1", short_of_one);
  CHECK(it.missing("rabbitmq", before) == "c1: c3 does not run");
  FakeRabbit alone;
  alone.members = alone.running = "rabbit@c2";
  rabbit_says(it, "c2", alone);
  CHECK_THAT(it.missing("rabbitmq", before), Contains("c2: 1 of 3 copies"));
  rabbit_says(it, "", {});
  it.remote.cut_off("c3");
  CHECK(it.missing("rabbitmq", before) == "c3: no answer in time");
  it.remote.reconnect("c3");
  it.remote.on("erl_call", refused(1, "erl_call: failed to connect to node rabbit@c1"));
  CHECK_THAT(it.missing("rabbitmq", before), Contains("c1: exit code 1: erl_call: failed to connect"));
  it.remote.on("erl_call", answered("{ok, [\"starting\"]}"));
  CHECK_THAT(it.missing("rabbitmq", before), Contains("c1: RabbitMQ is not up there"));
  it.remote.on("erl_call", answered("{error, nonsense}"));
  CHECK_THAT(it.missing("rabbitmq", before), Contains("its answer makes no sense"));
}

TEST_CASE("rabbitmq-queues: a replica that is down, no leader, a queue that is gone", "[redundancy]") {
  RedundancyGround it;
  rabbit_says(it, "", {});
  const RedundancyLook before = it.whole("rabbitmq-queues");
  REQUIRE(before.parts.size() == 1);
  CHECK((before.parts[0].name == "conductor" && before.parts[0].copies == 3));
  FakeRabbit down;
  down.queues[0].here = false;
  rabbit_says(it, "c2", down);
  CHECK(it.missing("rabbitmq-queues", before) == "conductor: 2 of 3 replicas online");
  FakeRabbit lost;
  lost.queues[0].leader = "none";
  it.remote.on("erl_call", answered(lost.text()));
  CHECK(it.missing("rabbitmq-queues", before) == "conductor: 3 of 3 replicas online, no leader");
  lost.queues[0].leader = "rabbit@c9";  // remembered, but it runs no more
  it.remote.on("erl_call", answered(lost.text()));
  CHECK_THAT(it.missing("rabbitmq-queues", before), Contains("no leader"));
  lost.queues.clear();
  it.remote.on("erl_call", answered(lost.text()));
  CHECK(it.missing("rabbitmq-queues", before) == "conductor: gone");
}

TEST_CASE("rabbitmq-queues: one that a node less answers for is not whole; none that answers can't be read", "[redundancy]") {
  RedundancyGround it;
  rabbit_says(it, "", {});
  const RedundancyLook before = it.whole("rabbitmq-queues");
  it.remote.cut_off("c2");
  CHECK(it.missing("rabbitmq-queues", before) == "conductor: 2 of 3 replicas online");
  for (const char* node : {"c1", "c3"}) it.remote.cut_off(node);
  CHECK(error_of([&] { it.look("rabbitmq-queues"); }).kind() == ErrorKind::unreachable);
}

TEST_CASE("rabbitmq-queues: what has one copy only is told as single", "[redundancy]") {
  RedundancyGround it;
  FakeRabbit rabbit;
  rabbit.queues.push_back({"lonely", "rabbit@c1", "rabbit@c1", true});
  rabbit.classics = {"notifications info"};
  it.remote.on("erl_call", [rabbit](const std::string& node, const std::string&) {
    FakeRabbit here = rabbit;
    here.queues[1].here = node == "c1";
    return answered(here.text());
  });
  const std::string single = some_of(single_in(it.whole("rabbitmq-queues")));
  CHECK(single == "lonely (1 of 1 replicas online); notifications info (a classic queue with one copy of it)");
}

TEST_CASE("rabbitmq: strings that Erlang breaks over lines are put together", "[redundancy]") {
  RedundancyGround it;
  FakeRabbit rabbit;
  std::string broken = rabbit.text();
  broken.insert(broken.find("rabbit@c2"), "\"\n   \"");
  it.remote.on("erl_call", answered(broken));
  CHECK(it.whole("rabbitmq").find("c1")->says == "sees 3 run");
}

TEST_CASE("haproxy: a server down or going down, taken out, an HAProxy that is gone", "[redundancy]") {
  RedundancyGround it;
  it.remote.on("show stat", answered(stat("UP")));
  const RedundancyLook before = it.whole("haproxy");
  CHECK(before.parts.size() == 9);  // on each of three nodes: itself and two servers
  for (const char* status : {"DOWN", "UP 1/2", "DOWN 1/2", "MAINT", "NOLB"}) {
    it.remote.on("show stat",
                 [&](const std::string& node, const std::string&) { return answered(stat(node == "c2" ? status : "UP")); });
    CHECK_THAT(it.missing("haproxy", before), Contains(std::string("keystone/c3 on c2: ") + status));
  }
  it.remote.on("show stat", [](const std::string& node, const std::string&) {
    return node == "c1" ? refused(1, "connect: No such file or directory") : answered(stat("UP"));
  });
  CHECK_THAT(it.missing("haproxy", before),
             Contains("HAProxy on c1: exit code 1: connect: No such file") && Contains("keystone/c1 on c1: gone"));
  it.remote.on("show stat", answered(""));
  CHECK_THAT(it.missing("haproxy", before), Contains("HAProxy on c1: no statistics on its socket"));
}

TEST_CASE("haproxy: what was in maintenance from the beginning is not demanded", "[redundancy]") {
  RedundancyGround it;
  it.remote.on("show stat", answered(stat("MAINT")));
  const RedundancyLook before = it.whole("haproxy");
  it.remote.on("show stat", answered(stat("DOWN")));
  CHECK_THAT(it.missing("haproxy", before), Contains("keystone/c3 on c1: DOWN"));
}

TEST_CASE("keepalived: two holders, none, one that does not run", "[redundancy]") {
  RedundancyGround it;
  holders(it, {"c2"});
  const RedundancyLook before = it.whole("keepalived");
  holders(it, {"c3"});  // it may move
  CHECK(it.missing("keepalived", before).empty());
  holders(it, {"c1", "c3"});
  CHECK(it.missing("keepalived", before) == "c1 and c3 hold 198.18.71.10 at once");
  holders(it, {});
  CHECK(it.missing("keepalived", before) == "nobody holds 198.18.71.10");
  holders(it, {"c2"});
  it.remote.cut_off("c3");
  CHECK(it.missing("keepalived", before) == "c3: no answer in time");
  it.remote.reconnect("c3");
  it.remote.on("keepalived", [](const std::string& node, const std::string&) {
    return answered(node == "c1" ? "runs\n7: data0    inet 198.18.71.10/24 scope global\n" : "stopped\n");
  });
  CHECK(it.missing("keepalived", before) == "c2: does not run; c3: does not run");
}

TEST_CASE("nodes: no look outlives its time on the node", "[redundancy]") {
  RedundancyGround it;
  rabbit_says(it, "", {});
  holders(it, {"c2"});
  it.remote.on("show stat", answered(stat("UP")));
  for (const char* component : {"rabbitmq", "rabbitmq-queues", "haproxy", "keepalived"}) it.look(component);
  REQUIRE(it.remote.calls().size() == 12);
  for (const auto& [node, command] : it.remote.calls()) CHECK(command.rfind("timeout -k 1 3 sh -c ", 0) == 0);
}

TEST_CASE("galera: a replica that does not answer is not whole", "[redundancy]") {
  RedundancyGround it;
  it.cloud.database.host = "127.0.0.1";
  it.cloud.database.password_file = "/dev/null";
  it.cloud.database.replicas = {{"c1", "127.0.0.1", 1}};
  const RedundancyLook look = it.look("galera");
  REQUIRE(look.parts.size() == 1);
  CHECK_FALSE(look.parts[0].good);
  CHECK_THAT(look.parts[0].says, Contains("127.0.0.1"));
}
