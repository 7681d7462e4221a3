// fuzz_seeds FOLDER: well-formed inputs for each fuzzer, in FOLDER/<fuzzer>/.
#include <fstream>
#include <iostream>
#include <map>
#include <regex>

#include "reports/files.h"
#include "reports/rows_format.h"
#include "tests/support/amqp_words.h"
#include "tests/support/certificate.h"
#include "tests/support/folder.h"
#include "tests/support/mysql_words.h"
#include "tests/support/old_rows.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;

namespace {

using Seeds = std::map<std::string, std::string>;  // by name

void write(const std::filesystem::path& folder, const Seeds& seeds) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : seeds) std::ofstream(folder / ("seed-" + name), std::ios::binary) << bytes;
}

void copy_files(const std::filesystem::path& to) {
  Folder scratch;
  Record record = sound_and_small();
  record.calibration = calibration();
  write_run(scratch.path, record);
  std::ofstream(scratch.path / "calibration.json") << certificate_text(certificate());
  const std::pair<const char*, const char*> seeds[] = {
      {"ops/bank.ops", "operations"}, {"audit/bank/c2.rows", "rows"}, {"calibration.json", "certificate"}};
  for (auto [from, fuzzer] : seeds) {
    std::filesystem::create_directories(to / fuzzer);
    std::filesystem::copy_file(scratch.path / from, to / fuzzer / "seed", std::filesystem::copy_options::overwrite_existing);
  }
  // Without the checksum of its lines: with it, whatever is changed proves nothing, and little else would be tried.
  const std::string events = read_whole(scratch.path / "events.jsonl");
  write(to / "events", {{"run", std::regex_replace(events, std::regex("\"crc32c\":[0-9]+,"), "")}});
  // Rows as they were written before, and rows that are as planned.
  std::ofstream(to / "rows/old") << old_rows(record.probes[0].snapshots[1]);
  ReplicaSnapshot planned{"c2", true, "", {}, {{1, 0}, {2, 0}}};
  for (std::uint64_t posting : {1, 2, 3, 5, 7, 7, 8}) planned.transfers.push_back(rows_format::planned_row(posting, 2));
  write_snapshot(to / "rows/planned", planned);
}

std::string answer(const std::string& head, const std::string& body) {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Seeds http() {
  const std::string token =
      R"({"token":{"expires_at":"2026-11-22T12:00:00.000000Z","project":{"id":"p1","name":"bank"},"user":{"id":"u1"},)"
      R"("catalog":[{"type":"compute","name":"nova","endpoints":[{"interface":"public","region":"R1","region_id":"R1",)"
      R"("url":"http://127.0.0.1:8774/v2.1"}]}]}})";
  return {
      {"ok", answer("200 OK\r\nContent-Type: text/plain", "ok\n")},
      {"token", answer("201 Created\r\nX-Subject-Token: secret\r\nContent-Type: application/json", token)},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n2;a=b\r\n{}\r\n0\r\nTrailer: x\r\n\r\n"},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\n" + answer("200 OK", "ok")},
      {"no-content", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"until-the-end", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nok"},
      {"unavailable", answer("503 Service Unavailable\r\nRetry-After: 1", "<html>no server</html>")}};
}

// In packets, as tests/fuzz/mysql.cpp reads them.
std::string packets(const std::vector<std::string>& payloads) {
  std::string text = "\xFF";
  for (const std::string& payload : payloads) text += static_cast<char>(payload.size()) + payload;
  return text;
}

std::string rows(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& all) {
  using namespace mysql_words;
  std::vector<std::string> payloads{number(columns.size(), 1)};
  for (const std::string& name : columns) payloads.push_back(column(name));
  payloads.push_back(end());
  for (const auto& cells : all) {
    std::string& row = payloads.emplace_back();
    for (const std::string& cell : cells) row += text(cell);
  }
  payloads.push_back(end());
  return packets(payloads);
}

std::string input(char what, char how, const std::string& rest) { return {what + std::string(1, how) + rest}; }

// Accounts, both tables by posting, and how many rows each has.
std::string books() {
  return rows({"id", "balance"}, {{"1", "99900"}, {"2", "100100"}}) +
         rows({"posting", "seq", "src", "dst", "amount"}, {{"1", "1", "1", "2", "100"}}) +
         rows({"posting", "id", "account", "amount"}, {{"1", "1", "1", "-100"}, {"1", "2", "2", "100"}}) +
         rows({"COUNT(*)", "SUM(amount)"}, {{"1", "100"}}) + rows({"COUNT(*)", "SUM(amount)"}, {{"2", "0"}});
}

Seeds mysql() {
  using namespace mysql_words;
  const std::uint16_t on = kInTransaction | kAutocommit, more = on | kMoreResults;
  const std::string fine = packets({ok()}), view = fine + fine;
  const std::string transfer = packets({ok(0, more), ok(1, more), ok(2, more), ok(1, more), ok(1, on)});
  return {{"transfer", input(0, 2, transfer + fine)},
          {"deadlock", input(0, 2, transfer + packets({error(1213, "Deadlock found")}))},
          {"inquiry", input(1, 2, rows({"balance"}, {{"100000"}}))},
          {"read-back", input(2, 2, packets({ok(1)}) + rows({"n"}, {{"8"}}))},
          {"books", input(3, 2, view + books())},
          {"books-of-a-cluster", input(4, 2, fine + rows({"COUNT(*)"}, {{"2"}}) + view + books())},
          {"server", input(5, 2, rows({"a", "b", "c"}, {{"5000", "1", "0"}}))},
          {"state", input(5, 2,
                          rows({"Variable_name", "Value"}, {{"wsrep_local_state_comment", "Synced"},
                                                            {"wsrep_cluster_status", "Primary"},
                                                            {"wsrep_ready", "ON"},
                                                            {"wsrep_cluster_size", "1"}}))},
          {"room", input(6, 2, rows({"TABLE_NAME"}, {}) + rows({"CURRENT_ROLE()"}, {{"bank"}}) + fine)},
          {"writer", input(6, 2, rows({"@@wsrep_node_name"}, {{"c1"}}))},
          {"refused", input(0, 0, packet(0, error(1040, "Too many connections")))},
          {"whole", input(0, 0, logged_in() + packet(1, error(1047, "WSREP has not yet prepared node")))},
          {"denied", input(3, 0, packet(0, greeting()) + packet(2, error(1045, "Access denied")))}};
}

Seeds amqp() {
  using namespace amqp_words;
  const std::string payment = "run payment 7 3 4 100";
  return {{"whole", input(0, 0, logged_in() + queue_declared("payments", 3))},
          {"queue", input(0, 1, queue_declared("payments", 3))},
          {"no-queue", input(0, 1, method(1, 20, 40, number(404, 2) + brief("no queue") + number(0, 4)))},
          {"declare", input(1, 1, queue_declared("payments", 0) + method(1, 50, 41, number(0, 4)))},
          {"publish",
           input(2, 1, confirms_selected() + confirmed(1) + method(0, 10, 50, number(320, 2) + brief("bye") + number(0, 4)))},
          {"consume", input(3, 1, bounded() + consuming() + delivered(1, payment) + delivered(2, "foreign"))},
          {"cancel", input(3, 1, bounded() + consuming() + method(1, 60, 30, brief("consumer") + number(1, 1)))}};
}

// The component's place in tests/fuzz/looks.cpp, then an answer after the other.
Seeds looks() {
  const std::string stat =
      "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight\n"
      "api,c1,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,1\napi,c2,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1\n";
  const std::string hosts = "rabbit@c1,rabbit@c2";
  const std::string service = R"("host":"c1","status":"enabled","state":"up","updated_at":"2026-11-22T10:00:00")";
  const std::string agent =
      R"({"agents":[{"id":"a1","binary":"neutron-dhcp-agent","host":"c1","alive":true,"admin_state_up":true}]})";
  const std::string networks = R"({"networks":[{"id":"0a1b2c3d-1","name":"private","subnets":["s1"]}]})";
  const std::string group = R"({"server_groups":[{"id":"g1","name":"db","policy":"anti-affinity","members":["s1","s2"]}]})";
  const std::string servers =
      R"({"servers":[{"id":"s1","name":"db-1","status":"ACTIVE","OS-EXT-SRV-ATTR:host":"k1"},{"id":"s2","name":"db-2","status":"ACTIVE"}]})";
  const std::string zero(1, '\0');
  return {{"rabbitmq", input(0, 0, "{ok, [\"members " + hosts + "\", \"running " + hosts + "\"]}")},
          {"queues", input(1, 0,
                           "{ok, [\"members " + hosts + "\", \"running " + hosts + "\", \"quorum " + hosts +
                               " rabbit@c1 true / pay\", \"classic 1 / old\"]}")},
          {"haproxy", input(2, 0, stat)},
          {"keepalived", input(3, 0, "runs\n2: eth0    inet 198.18.71.10/32 scope global eth0")},
          {"nova", input(4, 0, R"({"services":[{"id":1,"binary":"nova-compute",)" + service + "}]}")},
          {"neutron", input(5, 0, agent)},
          {"cinder", input(6, 0, R"({"services":[{"binary":"cinder-volume",)" + service + "}]}")},
          {"dhcp", input(7, 0, agent + zero + networks + zero + networks)},
          {"anti-affinity", input(8, 0, group + zero + servers + zero + R"({"servers":[]})" + zero + group)}};
}

Seeds texts() {
  const std::vector<std::string> hostile{"]]>",
                                         "<![CDATA[",
                                         "</script><script>",
                                         "<img src=x onerror=alert(1)>",
                                         "\" onload=\"x",
                                         "' x='",
                                         "&lt; &#0; &#x1b;",
                                         "\x1b[31m\a",
                                         "\xff\xfe\xc2",
                                         "\xc2\x9b"
                                         "0m",
                                         "{{title}} {{body}}",
                                         "`<b>`",
                                         "<!-- -->",
                                         "a\nb\r\nc\td",
                                         "\\\" \\n } 1",
                                         std::string("\0nul", 4)};
  std::string all;
  for (const std::string& text : hostile) all += static_cast<char>(text.size()) + text;
  Seeds seeds;
  for (const char which : {'\x00', '\x01', '\x02', '\x03', '\x10', '\x20', '\x40'})
    for (const char writer : {0, 1, 2, 3, 4})
      seeds["all-" + std::to_string(which) + "-" + std::to_string(writer)] = std::string{which, writer} + all;
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 64;
  }
  const std::filesystem::path to = argv[1];
  copy_files(to);
  write(to / "http", http());
  write(to / "mysql", mysql());
  write(to / "amqp", amqp());
  write(to / "looks", looks());
  write(to / "texts", texts());
}
