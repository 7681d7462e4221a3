// calibrate.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string_view>

#include "base/error.h"
#include "base/units.h"
#include "reports/instrument.h"
#include "reports/stream.h"
#include "reports/text_page.h"
#include "runner/calibrate.h"
#include "runner/commands.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr double kCertifiedLongest = 5, kCertifiedRate = 1000;  // seconds; operations a second
constexpr std::string_view kPrefix = ".calibration-";           // and its process's number

// What calibrations that were broken off have left.
void remove_leftovers(const fs::path& state) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && !fs::exists("/proc/" + name.substr(kPrefix.size()), ignored))
      fs::remove_all(entry.path(), ignored);
  }
}

// Where the record goes: a folder of the user's, or one that goes when this object does.
class Place {
 public:
  explicit Place(const std::string& keep) : folder_(keep), kept_(!keep.empty()) {
    if (kept_ && fs::exists(folder_))
      throw Error(ErrorKind::usage, "keeping the record in " + keep, "it is there already",
                  "name a folder that is not there yet");
    remove_leftovers(made_state_folder());
    if (!kept_) folder_ = state_folder() / fmt::format("{}{}", kPrefix, ::getpid());
    remove();
  }
  ~Place() { remove(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  const fs::path& folder() const { return folder_; }

 private:
  void remove() const {
    std::error_code ignored;
    if (!kept_) fs::remove_all(folder_, ignored);
  }

  fs::path folder_;
  bool kept_;
};

// Less than what a certificate stands for. It replaces none, neither by a worse one nor by one that proves less.
bool is_trial(const CalibrateOptions& options) {
  return options.outages < static_cast<int>(kLeastOutages) || options.longest < kCertifiedLongest ||
         options.rate < kCertifiedRate;
}

const char* verdict_line(bool good, bool trial) {
  if (trial && good) return "TRIAL: what it measured is good. It changes no certificate.";
  if (trial) return "TRIAL: what it measured would not do for a certificate. It changes none.";
  return good ? "GOOD: this machine measures outages as well as reports say it does."
              : "BAD: runs on this machine are inconclusive until a calibration of it is good.";
}

void print(const Certificate& certificate, bool trial) {
  const std::vector<std::string> reasons = why_bad(certificate);
  TextPage page;
  for (const CertificateLine& line : lines_of(certificate))
    page.entry(line.what, line.measured + (line.required.empty() ? "" : " (required: " + line.required + ")"));
  page.entry("made", made_text(certificate));
  page.blank();
  page.line(verdict_line(reasons.empty(), trial));
  for (const std::string& reason : reasons) page.bullet(reason);
  std::puts(page.text().c_str());
  std::puts(trial ? fmt::format("a trial, no certificate: that takes {} outages of up to {:g} s at {:g} a second",
                                kLeastOutages, kCertifiedLongest, kCertifiedRate)
                        .c_str()
                  : fmt::format("certificate: {}", certificate_file().string()).c_str());
}

Certificate certificate_from(const CalibrateOptions& options, std::uint64_t seed) {
  const Place place(options.keep);
  OutageServer server(
      plan_outages(static_cast<std::size_t>(options.outages), from_seconds(options.longest), kCalibrationHold, seed));
  std::puts(fmt::format("{} outages of a server of our own, about {} in all, seed {}", options.outages,
                        format_seconds(server.plan().length(), 0), seed)
                .c_str());
  Status status(stdout, real_clock());
  return calibrate(server, {options.rate, seed, place.folder()}, status);
}

}  // namespace

int calibrate_command(const CalibrateOptions& options) {
  if (!is_trial(options)) require_certificate_place();
  const std::uint64_t seed = options.seed ? *options.seed : std::random_device{}();
  const Certificate certificate = certificate_from(options, seed);
  if (!is_trial(options)) write_certificate(certificate);
  print(certificate, is_trial(options));
  return why_bad(certificate).empty() ? kPassed : kInconclusive;
}

}  // namespace blackstart
