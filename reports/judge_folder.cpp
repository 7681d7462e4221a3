#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"

namespace blackstart {

Judged judge_folder(const std::filesystem::path& run_folder) {
  Judged judged{read_record(run_folder), {}, {}};
  judged.judgement = judge(judged.record);
  const std::pair<const char*, std::string (*)(const Record&, const Judgement&)> files[] = {{"summary.txt", text_summary},
                                                                                            {"junit.xml", junit_xml},
                                                                                            {"record.json", record_json},
                                                                                            {"report.html", html_report},
                                                                                            {"metrics.prom", prometheus_text}};
  for (auto [name, write] : files)
    if (write_atomically(run_folder / name, write(judged.record, judged.judgement))) judged.changed.push_back(name);
  return judged;
}

}  // namespace blackstart
