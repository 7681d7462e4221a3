// Settings as nodes print them: what is read, what is a default, and what is refused.
#include "probes/live_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/process.h"
#include "probes/live_readers.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_remote.h"
#include "tests/support/folder.h"
#include "tests/support/redundancy_ground.h"

using namespace blackstart;
using namespace blackstart::live;
using Catch::Contains;

namespace {

// As the script prints a process with one file.
std::string printed(const std::string& process, const std::string& file, const std::string& text, bool changed = false) {
  std::string out = "process " + process + "\nfile " + (changed ? "changed " : "same ") + file + "\n";
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out += " " + line + "\n";
  return out + "\n";
}
std::string haproxy(const std::string& text) { return printed("haproxy", "/etc/haproxy/haproxy.cfg", text); }
std::string keepalived(const std::string& text) { return printed("keepalived", "/etc/keepalived/keepalived.conf", text); }

std::string value(const std::vector<LiveSetting>& all, const std::string& of, const std::string& name) {
  for (const LiveSetting& one : all)
    if (one.of == of && one.name == name) return one.value;
  return "none";
}
std::string source(const std::vector<LiveSetting>& all, const std::string& of, const std::string& name) {
  for (const LiveSetting& one : all)
    if (one.of == of && one.name == name) return one.from;
  return "none";
}
template <class Call>
std::string refusal(Call call) {
  return error_of(call).why();
}

constexpr const char* kProvider =
    "base_dir = /var/lib/mysql/; evs.inactive_check_period = PT0.5S; evs.inactive_timeout = PT6S; evs.join_retrans_period = "
    "PT0.2S; evs.keepalive_period = PT1S; evs.suspect_timeout = PT3S; gcache.size = 32M;";

}  // namespace

TEST_CASE("live settings: periods as Galera writes them", "[live]") {
  CHECK(period_of("PT0.5S") == 500ms);
  CHECK(period_of("PT1M30S") == 90s);
  CHECK(period_of("P1D") == 24h);
  CHECK(period_of("PT24H") == 24h);
  CHECK(period_of("P1DT1H") == 25h);
  for (const char* odd : {"", "P", "PT", "5", "PT5", "PTS", "PT5X", "PT5S6", "P5S", "PT1S1M", "PT1S1S", "-PT5S", "PT5 S",
                          "PTT5S", "PT99999999999999999999S"}) {
    INFO(odd);
    CHECK_THAT(refusal([&] { period_of(odd); }), Contains("is no period"));
  }
}

TEST_CASE("live settings: Galera's options", "[live]") {
  const auto all = parse_galera(kProvider);
  CHECK(value(all, "", "evs.suspect_timeout") == "3s");
  CHECK(value(all, "", "evs.inactive_check_period") == "500ms");
  CHECK(value(all, "", "evs.keepalive_period") == "1s");
  CHECK(all.size() == 5);
  CHECK_THAT(refusal([] { parse_galera("evs.suspect_timeout = PT3S"); }), Contains("1 of 5"));
  CHECK_THAT(refusal([] { parse_galera(""); }), Contains("0 of 5"));
  CHECK_THAT(refusal([] { parse_galera("=;;=;evs.suspect_timeout=;"); }), Contains("is no period"));
}

TEST_CASE("live settings: RabbitMQ's net_ticktime", "[live]") {
  CHECK(value(parse_rabbitmq("60\n"), "", "net_ticktime") == "1min");
  for (const char* odd : {"", "ignored\n", "{ongoing_change_to,60}\n", "0", "60.5", "-60"})
    CHECK_THAT(refusal([&] { parse_rabbitmq(odd); }), Contains("is no number of seconds"));
}

TEST_CASE("live settings: HAProxy's checks, from the server, its section, the defaults, or its own", "[live]") {
  const Cloud cloud = test::three_controllers();
  const std::string address = cloud.nodes[0].data_address();
  const auto all =
      parse_haproxy(haproxy("global\n  spread-checks 5\n  timeout connect 9s\n"
                            "defaults\n  timeout connect 2s # two\n  default-server inter 1s fall 2 rise 2\n"
                            "listen sql\n  server first " +
                            address +
                            ":3306 check port 9200\n  server c2 db.example:3306 check inter 500 fastinter 250ms "
                            "fall 4 observe layer4\n  timeout check 1m\n  server idle 10.0.0.9:3306\n"
                            "frontend front\n  bind :80\n"
                            "defaults\nbackend api\n  server c1 10.0.0.1:80 check\n"
                            "  server other 10.0.0.1:81 check track sql/c1\n  server off 10.0.0.1:82 check disabled\n"),
                    cloud);
  CHECK(value(all, "", "spread-checks") == "5");
  CHECK(value(all, "sql/first", "inter") == "1s");
  CHECK(value(all, "sql/first", "fall") == "2");
  CHECK(value(all, "sql/first", "node") == "c1");
  CHECK(value(all, "sql/first", "timeout check") == "1min");  // though it stands below
  CHECK(value(all, "sql/first", "timeout connect") == "2s");
  CHECK(source(all, "sql/first", "inter") == "/etc/haproxy/haproxy.cfg");
  CHECK(value(all, "sql/c2", "inter") == "500ms");
  CHECK(value(all, "sql/c2", "fastinter") == "250ms");
  CHECK(value(all, "sql/c2", "observe") == "layer4");
  CHECK(value(all, "sql/c2", "node") == "c2");
  CHECK(value(all, "sql/idle", "inter") == "none");
  // The second `defaults` begins anew.
  CHECK(value(all, "api/c1", "inter") == "2s");
  CHECK_THAT(source(all, "api/c1", "inter"), Contains("default"));
  CHECK(value(all, "api/c1", "timeout connect") == "none");
  CHECK(value(all, "api/c1", "node") == "none");  // the name alone proves nothing where the address is another
  CHECK(value(all, "api/other", "inter") == "none");
  CHECK(value(all, "api/off", "inter") == "none");
}

TEST_CASE("live settings: HAProxy's named defaults", "[live]") {
  const auto all = parse_haproxy(haproxy("defaults base\n  default-server inter 3s check\ndefaults web from base\n"
                                         "  default-server fall 5\nbackend a from base\n  server s 10.0.0.1:1\n"
                                         "backend b\n  server s 10.0.0.1:1\n"),
                                 Cloud{});
  CHECK(value(all, "a/s", "inter") == "3s");
  CHECK(value(all, "a/s", "fall") == "3");
  CHECK(value(all, "b/s", "inter") == "3s");
  CHECK(value(all, "b/s", "fall") == "5");
}

TEST_CASE("live settings: what of HAProxy's configuration is not understood is refused", "[live]") {
  const auto refused = [](const std::string& text) { return refusal([&] { parse_haproxy(haproxy(text), Cloud{}); }); };
  CHECK_THAT(refused("backend a\n  server s 10.0.0.1:1 check inter ${INTER}\n"), Contains("is no time"));
  CHECK_THAT(refused("backend a\n  server s 10.0.0.1:1 check fall many\n"), Contains("is no count"));
  CHECK_THAT(refused(".if defined(X)\n"), Contains("conditional"));
  CHECK(parse_haproxy("", Cloud{}).empty());
  CHECK(parse_haproxy(haproxy("backend\n server\n timeout\n \"\\\n default-server inter\n server a b check inter\n"), Cloud{})
            .size() == 3);  // what of it is no statement is skipped; the server has its defaults
  CHECK_THAT(refusal([] { parse_haproxy("bash: pgrep: not found\n", Cloud{}); }), Contains("something else"));
}

TEST_CASE("live settings: keepalived's instance with the virtual IP, and the scripts that it tracks", "[live]") {
  const auto all = parse_keepalived(keepalived("! a comment\nglobal_defs {\n  router_id c1\n  vrrp_version 3\n}\n"
                                               "vrrp_script haproxy_answers {\n  script \"/usr/bin/curl -u a:secret "
                                               "http://x/\" # and so on\n  interval 2\n  fall 3\n}\n"
                                               "vrrp_script other { interval 9 }\n"
                                               "vrrp_instance vip {\n  advert_int 0.5\n  priority 103\n  track_script {\n    "
                                               "haproxy_answers\n    other weight -20\n  }\n"
                                               "  virtual_ipaddress\n  {\n    198.18.71.10/24 dev data0\n  }\n}\n"
                                               "vrrp_instance second {\n  virtual_ipaddress {\n 198.18.71.11\n }\n}\n"),
                                    "198.18.71.10");
  CHECK(value(all, "vip", "virtual_ipaddress") == "198.18.71.10");
  CHECK(value(all, "vip", "advert_int") == "500ms");
  CHECK(value(all, "vip", "priority") == "103");
  CHECK(value(all, "vip", "vrrp_version") == "3");
  CHECK(value(all, "vip", "down_timer_adverts") == "3");
  CHECK(value(all, "haproxy_answers", "interval") == "2s");
  CHECK(value(all, "haproxy_answers", "fall") == "3");
  CHECK(value(all, "haproxy_answers", "weight") == "0");
  CHECK_THAT(source(all, "haproxy_answers", "weight"), Contains("default"));
  CHECK(value(all, "haproxy_answers", "watches") == "haproxy");
  CHECK(value(all, "other", "weight") == "-20");
  CHECK(value(all, "other", "watches") == "none");
  for (const LiveSetting& one : all) {
    CHECK(one.of != "second");
    CHECK(one.value.find("secret") == std::string::npos);
  }
  CHECK(parse_keepalived(keepalived("vrrp_instance vip {\n}\n"), "198.18.71.10").empty());
}

TEST_CASE("live settings: keepalived's defaults are said to be some", "[live]") {
  const auto all = parse_keepalived(keepalived("vrrp_instance v {\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n"), "10.0.0.1");
  CHECK(value(all, "v", "advert_int") == "1s");
  CHECK(value(all, "v", "priority") == "100");
  CHECK(value(all, "v", "vrrp_version") == "2");
  CHECK_THAT(source(all, "v", "priority"), Contains("default"));
}

TEST_CASE("live settings: what of keepalived's configuration hides something is refused", "[live]") {
  const auto refused = [](const std::string& text) { return refusal([&] { parse_keepalived(keepalived(text), "10.0.0.1"); }); };
  const std::string address = " virtual_ipaddress {\n 10.0.0.1\n }\n";
  CHECK_THAT(refused("include /etc/keepalived/more.conf\n"), Contains("includes other files"));
  CHECK_THAT(refused("@c1 priority 100\n"), Contains("conditions or variables"));
  CHECK_THAT(refused("$PRIO=100\n"), Contains("conditions or variables"));
  CHECK_THAT(refused("$AUTH_PASS=s3cret\n"), Contains("'$AUTH_PASS'") && !Contains("s3cret"));
  CHECK_THAT(refused("vrrp_instance v {\n"), Contains("not closed"));
  CHECK_THAT(refused("}\n"), Contains("not opened"));
  CHECK_THAT(refused(std::string(20, '{') + "\n"), Contains("too deeply"));
  CHECK_THAT(refused("vrrp_instance v {\n" + address + " priority high\n}\n"), Contains("is no whole number"));
  CHECK_THAT(refused("vrrp_instance v {\n" + address + " advert_int\n}\n"), Contains("is no number of seconds"));
  CHECK_THAT(refused("vrrp_instance v {\n" + address + " track_script {\n gone\n }\n}\n"), Contains("is no script of it"));
}

TEST_CASE("live settings: Nova's reports and limit, by the files that its processes name", "[live]") {
  const auto all = parse_nova(
      printed("nova-compute", "/etc/nova/nova.conf", "[DEFAULT]\nreport_interval = 5\n[other]\nreport_interval=1") +
      printed("nova-scheduler", "/etc/nova/nova.conf", "[DEFAULT]\nreport_interval: 5\n#service_down_time = 9", true));
  CHECK(value(all, "", "report_interval") == "5s");
  CHECK(value(all, "", "service_down_time") == "1min");
  CHECK_THAT(source(all, "", "service_down_time"), Contains("default (nova"));
  // A node that only computes says nothing of the limit.
  CHECK(value(parse_nova(printed("nova-compute", "/etc/nova/nova.conf", "")), "", "service_down_time") == "none");
  CHECK(parse_nova("").empty());
  CHECK_THAT(refusal([] { parse_nova(printed("nova-compute", "f", "[DEFAULT]\nreport_interval = $interval")); }),
             Contains("is no number of seconds"));
}

TEST_CASE("live settings: Neutron's agents, each by its own files", "[live]") {
  const std::string dhcp = printed("neutron-dhcp-agent", "/etc/neutron/neutron.conf", "[agent]\nreport_interval = 10");
  const std::string bridge = printed("neutron-linuxbridge-agent", "/etc/neutron/neutron.conf", "[AGENT]\nreport_interval = 4");
  CHECK(value(parse_neutron(dhcp), "", "report_interval") == "10s");
  const auto both = parse_neutron(dhcp + bridge);
  CHECK(value(both, "", "report_interval") == "none");
  CHECK(value(both, "neutron-linuxbridge-agent", "report_interval") == "4s");
  const auto server = parse_neutron(printed("neutron-rpc-server", "f", "[DEFAULT]\nagent_down_time = 25", true));
  CHECK(value(server, "", "agent_down_time") == "25s");
  CHECK(source(server, "", "agent_down_time") == "f, changed since the process began");
  CHECK(value(server, "", "report_interval") == "none");
}

TEST_CASE("live settings: each node is asked for what it has, and what it can't say is told", "[live]") {
  FakeRemote remote;
  remote.on("pgrep -xo haproxy", answered(haproxy("backend a\n  server c1 10.0.0.1:1 check\n")));
  remote.on("pgrep -xo keepalived", refused(4, "no process keepalived\n"));
  remote.on("rabbitmqctl", answered("10\n"));
  remote.cut_off("c3");
  const Cloud cloud = test::three_controllers();
  const auto all = read_live_settings(cloud, remote, Deadline(real_clock(), 5s));
  REQUIRE(all.size() == 9);
  const auto of = [&](const std::string& component, const std::string& node) {
    for (const LiveSettings& one : all)
      if (one.component == component && one.node == node) return one;
    FAIL("nothing of " << component << " on " << node);
    return LiveSettings{};
  };
  CHECK(of("haproxy", "c1").problem.empty());
  CHECK(value(of("haproxy", "c1").settings, "a/c1", "fall") == "3");
  CHECK_THAT(of("keepalived", "c1").problem, Contains("no process keepalived"));
  CHECK(of("keepalived", "c1").settings.empty());
  CHECK(value(of("rabbitmq", "c2").settings, "", "net_ticktime") == "10s");
  CHECK_THAT(of("rabbitmq", "c3").problem, Contains("no answer in time"));
}

TEST_CASE("live settings: the script prints the files that a running process names", "[live]") {
  Folder folder;
  const std::string config = (folder.path / "my config.cfg").string(), program = (folder.path / "bs-live-shell").string();
  std::ofstream(config) << "backend a\nfile same /x\n server c1 10.0.0.1:1 check inter 7s\n stats auth admin:geheim";
  const std::string ini = (folder.path / "live.conf").string();
  std::ofstream(ini) << "[DEFAULT]\nreport_interval = 5\n[database]\nconnection = mysql://nova:geheim@db/nova\n";
  // A shell of another name; what follows its script are arguments of ours.
  std::filesystem::copy("/bin/sh", program);
  const std::string start = fmt::format("'{}' -c 'read -r end' x -f '{}' --config-file '{}' <'{}' >/dev/null 2>&1 & echo $!",
                                        program, config, ini, (folder.path / "open").string());
  const ProcessResult made = run_process({"mkfifo", (folder.path / "open").string()}, 10s);
  REQUIRE(made.ok());
  const int held = ::open((folder.path / "open").c_str(), O_RDWR | O_CLOEXEC);  // it reads until this is closed
  REQUIRE(held >= 0);
  run_process({"sh", "-c", start}, 10s);
  ProcessResult said;
  const bool answered = wait_until(
      [&] {
        return (said = run_process({"sh", "-c", config_command("bs-live-shell", "/nowhere")}, 10s)).ok();
      },
      Deadline(real_clock(), 10s), 50ms);
  const ProcessResult oslo = run_process({"sh", "-c", oslo_command("bs-live")}, 10s);
  REQUIRE(::write(held, "end\n", 4) == 4);
  ::close(held);
  INFO(said.err);
  REQUIRE(answered);
  const auto processes = read_processes(said.out);
  REQUIRE(processes.size() == 1);
  REQUIRE(processes[0].files.size() == 1);
  CHECK(processes[0].files[0].path == config);
  CHECK(said.out.find("stats auth -") != std::string::npos);
  CHECK(said.out.find("geheim") == std::string::npos);
  CHECK(value(parse_haproxy(said.out, Cloud{}), "a/c1", "inter") == "7s");
  INFO(oslo.err);
  const auto of_oslo = read_processes(oslo.out);
  REQUIRE(of_oslo.size() == 1);
  CHECK(of_oslo[0].name == "bs-live-shell");
  REQUIRE(of_oslo[0].files.size() == 1);
  CHECK(of_oslo[0].files[0].path == ini);
  CHECK(of_oslo[0].files[0].lines == std::vector<std::string>{"[DEFAULT]", "report_interval = 5", "[database]"});
}

// Neutron's processes set their title, and so have but one argument.
TEST_CASE("live settings: the script reads what a process says of itself in its title", "[live]") {
  Folder folder;
  const std::string ini = (folder.path / "neutron.conf").string(), more = (folder.path / "more.conf").string();
  std::ofstream(ini) << "[DEFAULT]\nagent_down_time = 25\n[agent]\nreport_interval = 10\n";
  std::ofstream(more) << "[agent]\nreport_interval = 4\n";
  std::filesystem::create_directory(folder.path / "none.d");
  const std::string held = (folder.path / "open").string();
  REQUIRE(run_process({"mkfifo", held}, 10s).ok());
  const int end = ::open(held.c_str(), O_RDWR | O_CLOEXEC);  // they read until this is closed
  REQUIRE(end >= 0);
  const std::string title =
      fmt::format("/usr/bin/python3 /usr/bin/bs-titled-agent --config-file={} --config-file={} -v", ini, more);
  const std::vector<std::string> names{fmt::format("bs-titled-agent ({})", title),
                                       fmt::format("/usr/bin/python3 /usr/bin/bs-titled-rpc-server --config-file {}", ini),
                                       fmt::format("bs-titled-server: api worker (/usr/bin/python3 /usr/bin/bs-titled-server "
                                                   "--config-dir={} --config-file={})",
                                                   (folder.path / "none.d").string(), ini)};
  std::string script;
  for (const std::string& name : names)
    script += fmt::format("bash -c 'exec -a \"{}\" sh -c \"read -r end\"' <'{}' >/dev/null 2>&1 &\n", name, held);
  // uWSGI is given the program's own arguments in one of its.
  script += fmt::format(
      "bash -c 'exec -a uwsgi sh -c \"read -r end\" --wsgi-file /usr/bin/bs-titled-api --pyargv "
      "\"--config-file={} --config-file={}\"' <'{}' >/dev/null 2>&1 &\n",
      ini, more, held);
  run_process({"sh", "-c", script}, 10s);
  std::vector<ConfiguredProcess> seen;
  ProcessResult said;
  wait_until(
      [&] {
        said = run_process({"sh", "-c", oslo_command("bs-titled")}, 10s);
        seen = read_processes(said.out);
        return seen.size() == 4;
      },
      Deadline(real_clock(), 10s), 50ms);
  ::close(end);
  INFO(said.out << said.err);
  CHECK(said.ok());
  REQUIRE(seen.size() == 4);
  const auto files = [&](const std::string& name) {
    std::vector<std::string> paths;
    for (const ConfiguredProcess& one : seen)
      for (const ConfigFile& file : one.files)
        if (one.name == name) paths.push_back(file.path);
    return paths;
  };
  CHECK(files("bs-titled-agent") == std::vector<std::string>{ini, more});
  CHECK(files("bs-titled-rpc-server") == std::vector<std::string>{ini});
  CHECK(files("bs-titled-server") == std::vector<std::string>{ini});
  CHECK(files("bs-titled-api") == std::vector<std::string>{ini, more});
}

TEST_CASE("live settings: where a service has to be and nothing of it is found, that is the problem", "[live]") {
  FakeRemote remote;
  remote.on("pgrep -xo haproxy", answered(haproxy("global\n")));
  remote.on("pgrep -xo keepalived", answered(keepalived("vrrp_instance v {\n virtual_ipaddress {\n 10.9.9.9\n }\n}\n")));
  remote.on("rabbitmqctl", answered("10\n"));
  remote.on("'/nova-", answered(""));
  remote.on("'/neutron-", [](const std::string& node, const auto&) {
    return answered(node == "c3" ? printed("neutron-rpc-server", "f", "") : printed("neutron-dhcp-agent", "f", ""));
  });
  Cloud cloud = test::three_controllers();
  cloud.openstack.present = true;
  cloud.nodes[1].roles = {"storage"};
  cloud.nodes[2].roles = {"network"};
  const auto read = [&] { return read_live_settings(cloud, remote, Deadline(real_clock(), 5s)); };
  const auto problem = [](const std::vector<LiveSettings>& all, const std::string& component, const std::string& node) {
    for (const LiveSettings& one : all)
      if (one.component == component && one.node == node) return one.problem.empty() ? "read" : one.problem;
    return std::string("not told");
  };
  const auto all = read();
  CHECK_THAT(problem(all, "haproxy", "c1"), Contains("no server"));
  CHECK_THAT(problem(all, "keepalived", "c1"), Contains("virtual IP"));
  CHECK_THAT(problem(all, "nova", "c1"), Contains("no process of Nova's"));
  CHECK(problem(all, "nova", "c2") == "not told");
  CHECK(problem(all, "nova", "c3") == "not told");
  CHECK(problem(all, "neutron", "c1") == "read");
  CHECK(problem(all, "neutron", "c3") == "read");
  for (const LiveSettings& one : all)
    if (one.component == "neutron" && one.node == "c3")
      CHECK_THAT(source(one.settings, "", "agent_down_time"), Contains("default"));
  // Nobody says when an agent is down.
  remote.on("'/neutron-", answered(printed("neutron-dhcp-agent", "f", "")));
  CHECK_THAT(problem(read(), "neutron", "c1"), Contains("no process was found") && Contains("agent_down_time"));
  CHECK(problem(read(), "neutron", "c3") == "read");
  remote.on("'/neutron-", answered(""));
  CHECK_THAT(problem(read(), "neutron", "c1"), Contains("no process of Neutron's"));
  CHECK(problem(read(), "neutron", "c3") == "not told");  // as with OVN
}

TEST_CASE("live settings: without such a process the script says so", "[live]") {
  const ProcessResult none = run_process({"sh", "-c", config_command("bs-live-none", "/nowhere")}, 10s);
  CHECK(none.exit_code == 4);
  CHECK_THAT(none.err, Contains("no process bs-live-none"));
  const ProcessResult nobody = run_process({"sh", "-c", oslo_command("bs-live-none")}, 10s);
  CHECK(nobody.ok());
  CHECK(nobody.out.empty());
}
