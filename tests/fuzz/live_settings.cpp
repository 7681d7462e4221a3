// What nodes print of their settings: any bytes are read, or refused with a reason; what is read can be read back from the
// record.
#include <cstdlib>

#include "base/error.h"
#include "probes/live_readers.h"
#include "tests/fuzz/memory_file.h"

using namespace blackstart;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Parse>
void look_at(const Parse& parse) try {
  for (const LiveSetting& one : parse()) require(!one.name.empty() && !one.from.empty());
} catch (const Error& error) {
  require(error.kind() == ErrorKind::unmet && !error.why().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  static const Cloud cloud;
  // As a file of a process, and as all that came over.
  std::string lines = "process haproxy\nfile same /f\n ";
  for (const char c : text) lines += c == '\n' ? std::string("\n ") : std::string(1, c);
  for (const std::string& printed : {lines, text}) {
    look_at([&] { return live::parse_haproxy(printed, cloud); });
    look_at([&] { return live::parse_keepalived(printed, "198.18.20.10"); });
    look_at([&] { return live::parse_nova(printed); });
    look_at([&] { return live::parse_neutron(printed); });
  }
  look_at([&] { return live::parse_galera(text); });
  look_at([&] { return live::parse_rabbitmq(text); });
  return 0;
}
