// The control plane's audit: each finding shown by a broken cloud, and what it makes of the verdict and the reports.
#include "reports/audit_resources.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "reports/reports.h"
#include "reports/series_stats.h"
#include "reports/words.h"
#include "tests/support/folder.h"
#include "tests/support/judged.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;
using Kind = ResourceFinding::Kind;

namespace {

const std::vector<std::string> kControllers{"c1", "c2"};

// A server stands, one came and went, a port was made whose answer never came.
ResourceEvidence sound() {
  ResourceEvidence evidence;
  evidence.book = {true,
                   "",
                   {{"server", "s1", "bs-pool-0", Told::yes, Told::no, Time(-1), Time(-1)},
                    {"server", "s2", "bs-boot-1", Told::yes, Told::yes, 3s, 9s},
                    {"port", "", "bs-port-1", Told::maybe, Told::no, Time(-1), Time(-1)}}};
  for (const std::string& controller : kControllers)
    evidence.listings.push_back(
        {controller, true, "", {{"server", "s1", "bs-pool-0", "ACTIVE", "", ""}, {"port", "p1", "", "ACTIVE", "", "s1"}}});
  return evidence;
}

std::vector<ListedResource>& listed(ResourceEvidence& evidence, std::size_t controller) {
  return evidence.listings[controller].resources;
}

ResourceAudit audit_of(const ResourceEvidence& evidence) { return audit_resources("api", kControllers, evidence); }

// Of a cloud that was sound before `break_it`.
ResourceAudit after(const std::function<void(ResourceEvidence&)>& break_it) {
  ResourceEvidence evidence = sound();
  break_it(evidence);
  return audit_of(evidence);
}

ResourceFinding only(const ResourceAudit& audit) {
  REQUIRE(audit.complete);
  REQUIRE(audit.findings.size() == 1);
  return audit.findings[0];
}

Record with(const ResourceEvidence& evidence) {
  Record record = rehearsal(probe(down_between(20s, 24s)));
  record.probes[0].info.controllers = kControllers;
  record.probes[0].resources = evidence;
  return record;
}

}  // namespace

TEST_CASE("control plane: a sound cloud shows nothing") {
  const ResourceAudit audit = audit_of(sound());
  CHECK(audit.complete);
  CHECK(audit.findings.empty());
  CHECK((audit.created == 2 && audit.deleted == 1 && audit.unclear == 1 && audit.in_error == 0));
  REQUIRE(audit.controllers.size() == 2);
  CHECK(audit.controllers[1].listed == 2);
}

TEST_CASE("control plane: lost on every controller is one finding, on one of them it is that one's") {
  const auto lose = [](ResourceEvidence& e, std::size_t controller) { listed(e, controller).clear(); };
  ResourceAudit everywhere = after([&](auto& e) { lose(e, 0), lose(e, 1); });
  CHECK(only(everywhere).kind == Kind::lost);
  CHECK(only(everywhere).controller == "c1, c2");
  CHECK(only(everywhere).what == "server 'bs-pool-0' (s1)");
  CHECK_THAT(only(everywhere).why, Contains("acknowledged before the schedule began") && Contains("it is not there"));
  ResourceAudit on_c2 = after([&](auto& e) { lose(e, 1); });
  REQUIRE(on_c2.findings.size() == 2);  // and its port is on c1 only
  CHECK((on_c2.findings[0].kind == Kind::lost && on_c2.findings[0].controller == "c2"));
  CHECK(on_c2.findings[1].kind == Kind::differs);
}

TEST_CASE("control plane: resurrected, or still going") {
  const auto put = [](const std::string& state, const std::string& task) {
    return after([&](auto& e) {
      for (std::size_t i : {0, 1}) listed(e, i).push_back({"server", "s2", "bs-boot-1", state, task, ""});
    });
  };
  CHECK(only(put("ACTIVE", "")).kind == Kind::resurrected);
  CHECK_THAT(only(put("ERROR", "")).why, Contains("its deletion was acknowledged at 9.000 s, and it is there: ERROR"));
  CHECK(only(put("ACTIVE", "deleting")).kind == Kind::stuck);
  CHECK_THAT(only(put("ACTIVE", "deleting")).why, Contains("ACTIVE (deleting)"));
}

TEST_CASE("control plane: stuck in a state that should pass") {
  const auto in_state = [](const std::string& state, const std::string& task) {
    return after([&](auto& e) {
      for (std::size_t i : {0, 1}) listed(e, i)[0].state = state, listed(e, i)[0].task = task;
    });
  };
  CHECK(only(in_state("BUILD", "scheduling")).kind == Kind::stuck);
  CHECK_THAT(only(in_state("MIGRATING", "")).why, Contains("it stays in the state MIGRATING"));
  CHECK(only(in_state("ACTIVE", "rebuilding")).kind == Kind::stuck);
  const ResourceAudit broken = in_state("ERROR", "");
  CHECK(broken.findings.empty());
  CHECK(broken.in_error == 1);
}

TEST_CASE("control plane: what was never acknowledged may be there or not, but not in between") {
  const auto with_port = [](const std::string& state) {
    return after([&](auto& e) {
      for (std::size_t i : {0, 1}) listed(e, i).push_back({"port", "p9", "bs-port-1", state, "", ""});
    });
  };
  CHECK(with_port("DOWN").findings.empty());
  CHECK(only(with_port("BUILD")).kind == Kind::stuck);
  const ResourceAudit refused = after([](auto& e) {
    e.book.resources[2].created = Told::no;
    for (std::size_t i : {0, 1}) listed(e, i).push_back({"port", "p9", "bs-port-1", "DOWN", "", ""});
  });
  CHECK(only(refused).kind == Kind::phantom);
  const ResourceAudit unclear = after([](auto& e) {
    e.book.resources[0].deleted = Told::maybe;
    for (std::size_t i : {0, 1}) listed(e, i).clear();
  });
  CHECK(unclear.findings.empty());
}

TEST_CASE("control plane: what nobody asked for, or a second one of a name, is a phantom") {
  const auto adding = [](const ListedResource& what, bool book = true) {
    return after([&](auto& e) {
      e.book.complete = book;
      for (std::size_t i : {0, 1}) listed(e, i).push_back(what);
    });
  };
  const ListedResource twin{"server", "s9", "bs-pool-0", "ACTIVE", "", ""},
      stranger{"volume", "v1", "bs-vol-1", "available", "", ""};
  CHECK(only(adding(twin)).kind == Kind::phantom);
  CHECK(only(adding(twin)).controller == "c1, c2");
  CHECK_THAT(only(adding(twin)).why, Contains("here is a second one: ACTIVE"));
  CHECK(only(adding(stranger)).kind == Kind::phantom);
  CHECK_THAT(only(adding(stranger)).why, Contains("nobody asked for it"));
  CHECK(adding(stranger, false).findings.empty());  // without the book nothing is known of what was asked
  const ResourceAudit two = after([](auto& e) {
    for (std::size_t i : {0, 1})
      for (const char* id : {"p8", "p9"}) listed(e, i).push_back({"port", id, "bs-port-1", "DOWN", "", ""});
  });
  CHECK(only(two).kind == Kind::phantom);
  CHECK(only(two).what == "port 'bs-port-1' (p9)");
  CHECK(adding({"port", "p2", "bs-nova", "ACTIVE", "", "s1"}).findings.empty());
}

TEST_CASE("control plane: a port and an allocation whose server is gone are orphans, those of others are not ours") {
  const auto left = [](const ListedResource& what) {
    return after([&](auto& e) {
      for (std::size_t i : {0, 1}) listed(e, i).push_back(what);
    });
  };
  CHECK(only(left({"port", "p2", "", "DOWN", "", "s2"})).kind == Kind::orphaned);
  const ResourceFinding allocation = only(left({"allocation", "s2", "k1", "", "", ""}));
  CHECK(allocation.kind == Kind::orphaned);
  CHECK(allocation.what == "allocation of server s2 on k1");
  CHECK(left({"allocation", "s1", "k1", "", "", ""}).findings.empty());
  CHECK(left({"port", "p3", "", "DOWN", "", "somebody-elses"}).findings.empty());
}

TEST_CASE("control plane: controllers that do not agree") {
  const ResourceAudit state = after([](auto& e) { listed(e, 1)[0].state = "SHUTOFF"; });
  CHECK(only(state).kind == Kind::differs);
  CHECK(only(state).why == "ACTIVE on c1, SHUTOFF on c2");
  const ResourceAudit absent = after([](auto& e) { listed(e, 1).push_back({"port", "p9", "bs-port-1", "DOWN", "", ""}); });
  CHECK(only(absent).why == "not there on c1, DOWN on c2");
}

TEST_CASE("control plane: what was not read is not taken for good") {
  CHECK_THAT(after([](auto& e) {
               e.listings[1] = {"c2", false, "connection refused", {}};
             }).problem,
             Contains("controller c2: connection refused"));
  CHECK_THAT(after([](auto& e) { e.listings.pop_back(); }).problem, Contains("controller c2: it was not read"));
  CHECK_THAT(after([](auto& e) { e.book = {}; }).problem, Contains("what the probe made: it was not read to its end"));
  CHECK_THAT(after([](auto& e) {
               for (auto& r : e.book.resources) r.created = Told::maybe;
             }).problem,
             Contains("no creation was acknowledged"));
  CHECK_THAT(audit_resources("api", {}, {sound().book, {}}).problem, Contains("no controller was read"));
}

TEST_CASE("control plane: findings fail a run, an unread controller makes it inconclusive, and all reports say so") {
  Judgement passed = judge(with(sound()));
  INFO(told(passed));
  CHECK(passed.verdict == Verdict::passed);
  CHECK_THAT(told(passed), Contains("What the cloud acknowledged to bank is so on each of c1, c2: 2 creations and 1 deletion"));

  ResourceEvidence stuck = sound();
  for (std::size_t i : {0, 1}) listed(stuck, i)[0].state = "BUILD";
  const Record record = with(stuck);
  const Judgement failed = judge(record);
  CHECK(failed.verdict == Verdict::failed);
  CHECK_THAT(told(failed),
             Contains("audit of bank found stuck on c1, c2: server 'bs-pool-0' (s1): it stays in the state BUILD"));
  for (const std::string& report :
       {text_summary(record, failed), junit_xml(record, failed), record_json(record, failed), html_report(record, failed)})
    CHECK_THAT(report, Contains("bs-pool-0") && Contains("BUILD") && Contains("stuck"));
  CHECK_THAT(junit_xml(record, failed), Contains("<failure"));

  CHECK(run_rpo_text(failed) == "0 transfers lost (0.00), 1 control-plane finding");
  const std::string metrics = prometheus_text(record, failed);
  CHECK_THAT(metrics, Contains("kind=\"stuck\"} 1") && Contains("kind=\"lost\"} 0"));

  stuck.listings[1] = {"c2", false, "connection refused", {}};
  CHECK(judge(with(stuck)).verdict == Verdict::inconclusive);
  CHECK(run_rpo_text(judge(with(stuck))) == "lost: not known, the audit is not complete");
  const std::string unknown = prometheus_text(with(stuck), judge(with(stuck)));
  CHECK_THAT(unknown, Contains("kind=\"stuck\"} 1") && !Contains("kind=\"lost\""));
  Record unread = with(sound());
  unread.probes[0].resources.reset();
  CHECK_THAT(told(judge(unread)), Contains("control plane's audit of bank is not complete") && Contains("it was not read"));
  CHECK(judge(unread).verdict == Verdict::inconclusive);
}

TEST_CASE("control plane: 'was anything lost' counts its findings, and what was not looked at is said") {
  ResourceEvidence gone = sound();
  for (std::size_t i : {0, 1}) listed(gone, i).clear();
  for (std::size_t i : {0, 1}) gone.listings[i].not_looked_at = "allocations: it answers 403";
  Record record = with(gone);
  const Judgement failed = judge(record);
  REQUIRE(failed.verdict == Verdict::failed);
  CHECK_THAT(run_rpo_text(failed), Contains("1 control-plane finding"));
  CHECK_THAT(html_report(record, failed), Contains("1 control-plane finding") && !Contains("not audited"));
  for (const std::string& report :
       {text_summary(record, failed), junit_xml(record, failed), record_json(record, failed), html_report(record, failed)})
    CHECK_THAT(report, Contains("allocations: it answers 403"));
  const SeriesStats stats = series_stats({{record, failed, {}}, {record, failed, {}}});
  CHECK(stats.findings == 2);
  CHECK(stats.control_planes == 2);
  CHECK(lost_text(stats) == "2 control-plane findings");

  gone.listings[1].complete = false;
  record.probes[0].resources = gone;
  CHECK_THAT(html_report(record, judge(record)), Contains("not known"));
  Judgement doubtful = failed;
  for (auto& probe : doubtful.probes) probe.audit.reset();
  doubtful.probes[0].resources->complete = false;
  doubtful.probes[0].resources->findings.clear();
  CHECK(lost_text(series_stats({{record, doubtful, {}}})) == "not known");
}

TEST_CASE("control plane: the record holds what was read, and what is damaged is said") {
  Folder folder;
  ResourceEvidence written = sound();
  written.listings[1] = {"c2", false, "a \"line\"\nbreak", {}, "allocations: no"};
  write_run(folder.path, with(written));
  Record read = read_record(folder.path);
  REQUIRE(read.probes[0].resources);
  CHECK(*read.probes[0].resources == written);
  CHECK(read.probes[0].info.controllers == kControllers);

  std::filesystem::resize_file(listing_path(folder.path, "bank", "c1"), 40);
  std::filesystem::remove(book_path(folder.path, "bank"));
  std::filesystem::copy_file(listing_path(folder.path, "bank", "c1"), listing_path(folder.path, "bank", "c2"),
                             std::filesystem::copy_options::overwrite_existing);
  read = read_record(folder.path);
  CHECK_FALSE(read.probes[0].resources->book.complete);
  CHECK_THAT(read.probes[0].resources->book.problem, Contains("no such file"));
  CHECK_THAT(read.probes[0].resources->listings[0].problem, Contains("c1.resources") && Contains("damaged"));
  CHECK(judge(read).verdict == Verdict::inconclusive);

  write_listing(listing_path(folder.path, "bank", "c1"), sound().listings[1]);
  CHECK_THAT(read_record(folder.path).probes[0].resources->listings[0].problem, Contains("the file holds what 'c2' lists"));
}
