#include "runner/probe_bundle.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "reports/files.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Duration kLimit = 30s;
constexpr const char* kName = "blackstart-probe";

// glibc is the node's own: its parts only work together, and with the node's name service.
bool of_glibc(const std::string& name) {
  const char* const parts[] = {"libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so", "libresolv.so", "libnss_"};
  return std::any_of(std::begin(parts), std::end(parts), [&](const char* part) { return name.starts_with(part); });
}

// "\tlibfmt.so.9 => /lib/x86_64-linux-gnu/libfmt.so.9 (0x00007f…)"; other lines name the loader and the kernel's own.
std::vector<fs::path> libraries_of(const fs::path& program) {
  const std::string doing = "looking up the libraries of " + program.string();
  std::istringstream lines(run_checked(doing, {"ldd", program.string()}, kLimit));
  std::vector<fs::path> files;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, arrow, file;
    words >> name >> arrow >> file;
    if (arrow != "=>" || of_glibc(name)) continue;
    if (!file.starts_with("/")) throw Error(ErrorKind::unmet, doing, name + " is not there");
    files.emplace_back(file);
  }
  return files;
}

struct Digest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string hash_of(const std::vector<fs::path>& files) {
  const std::unique_ptr<EVP_MD_CTX, Digest> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const fs::path& file : files) {
    const std::string bytes = read_whole(file), head = fmt::format("{} {}\n", file.filename().string(), bytes.size());
    EVP_DigestUpdate(context.get(), head.data(), head.size());
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace

fs::path probe_program() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& place : {folder, folder.parent_path()})
    if (fs::exists(place / kName)) return place / kName;
  throw Error(ErrorKind::unmet, "preparing vantage points", fmt::format("there is no {} in {}", kName, folder.string()),
              "it is built together with blackstart, and must lie beside it");
}

ProbeBundle probe_bundle(const fs::path& program) {
  ProbeBundle bundle;
  bundle.files = libraries_of(program);
  bundle.files.insert(bundle.files.begin(), program);
  bundle.hash = hash_of(bundle.files);
  return bundle;
}

std::string archive_of(const ProbeBundle& bundle) {
  std::vector<std::string> argv{"tar", "-czhf", "-"};
  for (const fs::path& file : bundle.files)
    argv.insert(argv.end(), {"-C", file.parent_path().string(), file.filename().string()});
  return run_checked("packing what vantage points need", argv, kLimit);
}

}  // namespace blackstart
