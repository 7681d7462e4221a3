// STATE/calibration.json: any bytes are read or told to be damaged; what is read is written as the same again.
#include <cstdlib>

#include "reports/certificate.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace blackstart;
  const CertificateRead read = read_certificate(std::string(fuzz::text_of(data, size)));
  if (read.certificate.has_value() != read.damage.empty()) std::abort();
  if (read.certificate && !read_certificate(certificate_text(*read.certificate)).certificate) std::abort();
  return 0;
}
