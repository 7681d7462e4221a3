#include "reports/html_parts.h"
#include "reports/instrument.h"

namespace blackstart::html {
namespace {

Sign sign_of(Instrument::State state) {
  if (state == Instrument::State::unproven) return Sign::unknown;
  return state == Instrument::State::proven ? Sign::good : Sign::bad;
}

Markup figures(const Certificate& certificate) {
  Table table("Outages of known length, and what was measured of them", {{"What"}, {"Measured"}, {"Required"}});
  for (const CertificateLine& line : lines_of(certificate))
    table.row({text(line.what), text(line.measured), text(line.required.empty() ? "–" : line.required)});
  return table.markup() + tag("p", "note", text("Made " + made_text(certificate) + "."));
}

}  // namespace

Markup instrument(const Record& record) {
  const auto found = instrument_of(record);
  if (!found) return {};
  Markup inner = tag("p", "", badge(sign_of(found->state), name_of(found->state))) + list(found->remarks);
  if (record.calibration->certificate) inner += figures(*record.calibration->certificate);
  return section("instrument", "How the instrument was proven", inner);
}

}  // namespace blackstart::html
