#include "reports/html_parts.h"
#include "reports/vantage_clock.h"

namespace blackstart::html {

Markup vantages(const Record& record) {
  Table table("Probes that another node sent", {{"Probe"}, {"How its times became the runner's"}});
  for (const ProbeRecord& probe : record.probes)
    if (!probe.info.vantage.empty()) table.row({text(probe.info.name), text(vantage_sentence(record, probe.info))});
  return section("vantages", "Vantage points", table.empty() ? Markup{} : table.markup());
}

}  // namespace blackstart::html
