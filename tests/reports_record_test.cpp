#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "reports/files.h"
#include "reports/judgement.h"
#include "tests/support/folder.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

Record sound() { return rehearsal(probe(down_between(20s, 24s))); }

void append(const std::filesystem::path& run, const std::string& text) {
  std::ofstream(run / "events.jsonl", std::ios::app) << text;
}

}  // namespace

TEST_CASE("a record is read back as it was written") {
  Folder folder;
  Record written = sound();
  written.guards = {{"bank down longer than 3 s", "3.02 s", 23s}};
  written.objectives[0].recovery = ObjectiveSpec::Recovery::any;
  written.objectives[0].expected = {2s, 4s, "a stage"};
  written.problems = {"a \"problem\" with\na line break and \xFF no UTF-8"};
  write_run(folder.path, written);
  Record read = read_record(folder.path);
  REQUIRE(read.run.id == written.run.id);
  REQUIRE(read.run.seed == 42);
  REQUIRE(read.run.zero_wall == written.run.zero_wall);
  REQUIRE(read.phases.size() == 5);
  REQUIRE(read.phases[2].ended == 50s);
  REQUIRE(read.steps.size() == 2);
  REQUIRE(read.steps[1].text == "hold 30 s");
  REQUIRE(read.probes.size() == 1);
  REQUIRE(read.probes[0].info.series[0].good_within == 500ms);
  REQUIRE(read.probes[0].info.replicas == std::vector<std::string>{"c1", "c2", "c3"});
  REQUIRE(read.probes[0].operations == written.probes[0].operations);
  REQUIRE(read.probes[0].planned == written.probes[0].planned);
  REQUIRE(read.probes[0].snapshots_taken);
  REQUIRE(read.probes[0].snapshots.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) REQUIRE(with_transfers(read.probes[0].snapshots[i]) == written.probes[0].snapshots[i]);
  REQUIRE(read.steady[0].required == 0.999);
  REQUIRE(read.injections.size() == 1);
  REQUIRE(read.injections[0].effect == written.injections[0].effect);
  REQUIRE(read.injections[0].parameters == written.injections[0].parameters);
  REQUIRE(read.injections[0].evidence.size() == 2);
  REQUIRE(read.injections[0].evidence[0].observed == "1287 → 1533");
  REQUIRE(read.objectives.size() == 2);
  REQUIRE(read.objectives[1].kind == ObjectiveSpec::Kind::rpo);
  REQUIRE(read.objectives[0].recovery == ObjectiveSpec::Recovery::any);
  REQUIRE(read.objectives[1].recovery == ObjectiveSpec::Recovery::itself);
  REQUIRE((read.objectives[0].expected.from == 2s && read.objectives[0].expected.to == 4s));
  REQUIRE(read.objectives[0].expected.stage == "a stage");
  REQUIRE_FALSE(read.objectives[1].expected.known());
  REQUIRE(read.guards[0].at == 23s);
  REQUIRE(read.redundancy[0].restored);
  REQUIRE_THAT(read.problems.at(0), Contains("line break"));
  REQUIRE(read.finished);
  REQUIRE(read.ended == 60s);
  REQUIRE(read.torn_events == 0);
}

TEST_CASE("what is read back gives the same judgement") {
  Folder folder;
  write_run(folder.path, sound());
  Judgement before = judge(sound()), after = judge(read_record(folder.path));
  REQUIRE(after.verdict == Verdict::passed);
  REQUIRE(after.reasons == before.reasons);
}

TEST_CASE("recording the same step, injection, phase or evidence again replaces what stood before") {
  Folder folder;
  RecordWriter writer(folder.path / "run");
  writer.run({"id", "s", "", "", "", true, 1, 0, 1, 0, ""});
  writer.phase({"steady", 1s, Time(-1)});
  writer.phase({"steady", 1s, 2s});
  writer.step({1, "inject", "planned", "", {}, {}});
  writer.step({2, "hold", "planned", "", {}, {}});
  writer.step({1, "inject", "done", "", 1s, 2s});
  Injection i = injection("kill", {1s, 2s});
  Evidence seen = i.evidence[1];
  i.undone = Time(-1);
  writer.injection(i);
  seen.confirmed = false;
  writer.evidence(seen);
  i.undone = 3s;
  writer.injection(i);
  seen.confirmed = true;
  writer.evidence(seen);
  Record read = read_record(folder.path / "run");
  REQUIRE(read.phases.size() == 1);
  REQUIRE(read.phases[0].ended == 2s);
  REQUIRE(read.steps.size() == 2);
  REQUIRE(read.steps[0].state == "done");
  REQUIRE(read.injections.size() == 1);
  REQUIRE(read.injections[0].undone == 3s);
  REQUIRE(read.injections[0].evidence.size() == 1);
  REQUIRE(read.injections[0].evidence[0].confirmed);
}

TEST_CASE("a run that crashed is readable as far as it went, and its injection is pending") {
  Folder folder;
  RecordWriter writer(folder.path);
  Record r = sound();
  writer.run(r.run);
  writer.probe_started(r.probes[0].info, 0s);
  r.injections[0].undone = Time(-1);
  writer.injection(r.injections[0]);
  OperationFile operations(operations_path(folder.path, "bank"));
  operations.record(r.probes[0].operations[0]);
  operations.flush();
  append(folder.path, R"({"event":"evidence","injection":"kill-wr)");
  Record read = read_record(folder.path);
  REQUIRE_FALSE(read.finished);
  REQUIRE(read.torn_events == 1);
  REQUIRE(read.probes[0].operations.size() == 1);
  REQUIRE(read.probes[0].planned.at(0) == ~0ULL);
  REQUIRE(judge(read).verdict == Verdict::undo_pending);
}

TEST_CASE("a writer that comes after a crash does not continue the torn line") {
  Folder folder;
  RecordWriter(folder.path).run(sound().run);
  append(folder.path, R"({"event":"pha)");
  RecordWriter(folder.path).problem("the runner was killed");
  Record read = read_record(folder.path);
  REQUIRE(read.torn_events == 1);
  REQUIRE(read.problems == std::vector<std::string>{"the runner was killed"});
}

TEST_CASE("lines that are none of ours are counted, whatever they hold") {
  Folder folder;
  write_run(folder.path, sound());
  std::vector<std::string> lines = {
      "garbage",
      "[]",
      "1",
      "null",
      "{}",
      R"({"event":7})",
      R"({"event":"unheard-of"})",
      R"({"event":"step","number":"one"})",
      R"({"event":"objectives","objectives":[{"kind":"luck","probe":"bank","series":"","injection":"","limit":1}]})",
      R"({"event":"objectives","objectives":[{"kind":"rto","probe":"bank","series":"","injection":"","limit":null}]})",
      R"({"event":"objectives","objectives":[{"kind":"rto","probe":"bank","series":"","injection":"","limit":1,"recovery":"magic"}]})",
      R"({"event":"probe_stopped","probe":"nobody","stopped":1,"planned":[]})",
      R"({"event":"probe_stopped","probe":"bank","stopped":1,"planned":[1,2]})",
      R"({"event":"finished","ended":9223372036854775807})",
      std::string(100'000, '[')};
  for (const std::string& line : lines) append(folder.path, line + "\n");
  Record read = read_record(folder.path);
  REQUIRE(read.torn_events == lines.size());
  REQUIRE(read.objectives.size() == 2);
  REQUIRE(read.probes[0].stopped == 60s);
  REQUIRE(judge(read).verdict == Verdict::inconclusive);
}

TEST_CASE("lines that are not those that were written prove nothing, though each of them can be read") {
  Folder folder;
  write_run(folder.path, sound());
  std::string events = read_whole(folder.path / "events.jsonl");
  const auto change = [&](const std::string& from, const std::string& to) {
    const std::size_t at = events.find(from);
    REQUIRE(at != std::string::npos);
    events.replace(at, from.size(), to);
  };
  SECTION("a bound is another") { change("\"limit\":15.0", "\"limit\":55.0"); }
  SECTION("a line is missing") {
    const std::size_t at = events.find(R"({"event":"objectives")");
    events.erase(at, events.find('\n', at) + 1 - at);
  }
  SECTION("a line stands there twice") { events.insert(0, events.substr(0, events.find('\n') + 1)); }
  std::ofstream(folder.path / "events.jsonl") << events;
  const Record read = read_record(folder.path);
  REQUIRE(read.torn_events == 0);
  REQUIRE_THAT(read.problems.at(0), Contains("their checksum is another"));
  REQUIRE(judge(read).verdict == Verdict::inconclusive);
}

TEST_CASE("the checksum covers what earlier writers wrote; what comes after the end needs another") {
  Folder folder;
  RecordWriter(folder.path).run(sound().run);
  append(folder.path, R"({"event":"pha)");
  RecordWriter(folder.path).finished(2s);
  REQUIRE(read_record(folder.path).problems.empty());
  RecordWriter(folder.path).phase({"steady", 1s, 2s});
  const Record read = read_record(folder.path);
  REQUIRE(read.finished);
  REQUIRE(read.phases.size() == 1);
  REQUIRE(read.torn_events == 1);
  REQUIRE(read.problems == std::vector<std::string>{"lines follow the end of events.jsonl that no checksum covers"});
  // What is added later is followed by another end.
  RecordWriter(folder.path).finished(2s);
  REQUIRE(read_record(folder.path).problems.empty());
  RecordWriter(folder.path).problem("of a fetch");
  RecordWriter(folder.path).finished(2s);
  REQUIRE(read_record(folder.path).problems == std::vector<std::string>{"of a fetch"});
}

TEST_CASE("an objective of a record without 'recovery' wants recovery by itself") {
  Folder folder;
  write_run(folder.path, sound());
  append(folder.path,
         R"({"event":"objectives","objectives":[{"kind":"rto","probe":"bank","series":"","injection":"","limit":1}]})"
         "\n");
  Record read = read_record(folder.path);
  REQUIRE(read.torn_events == 0);
  REQUIRE(read.objectives.size() == 1);
  REQUIRE(read.objectives[0].recovery == ObjectiveSpec::Recovery::itself);
  REQUIRE_FALSE(read.objectives[0].expected.known());
}

TEST_CASE("missing and foreign files are said in the record") {
  Folder folder;
  write_run(folder.path, sound());
  std::filesystem::remove(folder.path / "ops/bank.ops");
  std::filesystem::remove(folder.path / "audit/bank/c2.rows");
  std::filesystem::copy_file(folder.path / "audit/bank/c1.rows", folder.path / "audit/bank/c3.rows",
                             std::filesystem::copy_options::overwrite_existing);
  Record read = read_record(folder.path);
  REQUIRE_THAT(read.problems.at(0), Contains("bank.ops"));
  REQUIRE(read.probes[0].snapshots[0].complete);
  REQUIRE_FALSE(read.probes[0].snapshots[1].complete);
  REQUIRE_FALSE(read.probes[0].snapshots[2].complete);
  REQUIRE_THAT(read.probes[0].snapshots[2].problem, Contains("'c1'"));
  const Judgement judgement = judge(read);
  REQUIRE(judgement.verdict == Verdict::inconclusive);
  REQUIRE(judgement.probes.at(0).audit);
  REQUIRE(judgement.probes[0].audit->replicas.size() == 3);
}

TEST_CASE("a file of rows of another replica makes the audit incomplete, and says so") {
  Folder folder;
  write_run(folder.path, sound());
  std::filesystem::copy_file(folder.path / "audit/bank/c1.rows", folder.path / "audit/bank/c3.rows",
                             std::filesystem::copy_options::overwrite_existing);
  const Judgement judgement = judge(read_record(folder.path));
  REQUIRE(judgement.verdict == Verdict::inconclusive);
  REQUIRE_THAT(judgement.probes.at(0).audit->problem, Contains("replica c3") && Contains("holds the rows of 'c1'"));
}

TEST_CASE("rows that are in their file already stay there, and are judged like others") {
  Folder folder;
  Record record = sound();
  for (ReplicaSnapshot& snapshot : record.probes[0].snapshots) {
    const auto file = RecordWriter(folder.path).rows_file("bank", snapshot.replica);
    write_snapshot(file, snapshot);
    snapshot = open_snapshot(file);
  }
  write_run(folder.path, record);
  const Record read = read_record(folder.path);
  REQUIRE(read.probes[0].snapshots == record.probes[0].snapshots);
  REQUIRE(judge(read).verdict == Verdict::passed);
}

TEST_CASE("rows that are damaged after the record was read are never passed") {
  Folder folder;
  write_run(folder.path, sound());
  const Record read = read_record(folder.path);
  std::filesystem::resize_file(folder.path / "audit/bank/c2.rows", 400);
  const Judgement judgement = judge(read);
  REQUIRE(judgement.verdict == Verdict::inconclusive);
  REQUIRE_THAT(judgement.reasons.back(), Contains("c2.rows") && Contains("changes while it is read"));
}

TEST_CASE("evidence for an injection that nobody recorded is a problem") {
  Folder folder;
  RecordWriter writer(folder.path);
  writer.run(sound().run);
  writer.evidence(sound().injections[0].evidence[0]);
  REQUIRE_THAT(read_record(folder.path).problems.at(0), Contains("kill-writer"));
}

TEST_CASE("a folder without a record is refused") {
  Folder folder;
  REQUIRE_THROWS_AS(read_record(folder.path), Error);
  std::ofstream(folder.path / "events.jsonl") << "";
  REQUIRE_THROWS_WITH(read_record(folder.path), Contains("does not say which run"));
}

TEST_CASE("a run folder that can't be made is an error with words") {
  REQUIRE_THROWS_WITH(RecordWriter("/proc/no-such-folder/run"), Contains("making the run folder"));
}

TEST_CASE("lines from several threads stay whole") {
  Folder folder;
  RecordWriter writer(folder.path);
  writer.run(sound().run);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&writer, t] {
        for (int i = 0; i < 200; ++i) writer.step({t * 1000 + i + 1, std::string(500, 'x'), "done", "", 1s, 2s});
      });
  }
  Record read = read_record(folder.path);
  REQUIRE(read.torn_events == 0);
  REQUIRE(read.steps.size() == 800);
}

TEST_CASE("names of users become file names that stay in their folder") {
  REQUIRE(file_name_of("bank-1_a.b") == "bank-1_a.b");
  REQUIRE(file_name_of("../../etc/passwd") == "%2E.%2F..%2Fetc%2Fpasswd");
  REQUIRE(file_name_of("") == "%");
  REQUIRE(file_name_of("..") != "..");
  REQUIRE(operations_path("run", "a/b") == "run/ops/a%2Fb.ops");
}

TEST_CASE("an atomic write says whether it changed anything and leaves nothing beside it") {
  Folder folder;
  auto file = folder.path / "summary.txt";
  REQUIRE_FALSE(write_atomically(file, "one"));
  REQUIRE_FALSE(write_atomically(file, "one"));
  REQUIRE(write_atomically(file, "two"));
  REQUIRE(read_whole(file) == "two");
  REQUIRE(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}
