// Writes the sample rehearsals' HTML reports into a folder: for tests/report_in_browser, and for people who change the page.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/error.h"
#include "reports/batch.h"
#include "reports/series.h"
#include "tests/support/sample_record.h"

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("could not write " + file.string());
}

}  // namespace

int main(int argc, char** argv) {
  using namespace blackstart;
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_samples FOLDER\n");
    return kUsage;
  }
  try {
    std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    auto report = [&](const char* name, const Judged& run) { write(folder / name, html_report(run.record, run.judgement)); };
    report("passed.html", sample::passed());
    report("failed.html", sample::failed());
    report("inconclusive.html", sample::inconclusive());
    report("undo-pending.html", sample::undo_pending());
    report("long.html", sample::long_run());
    report("empty.html", {});
    write(folder / "series.html", series_html(sample::series()));
    write(folder / "index.html", batch_html(sample::batch_plan(), sample::batch()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kInternal;
  }
}
