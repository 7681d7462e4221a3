// The page around the parts: one self-contained file, no request to anywhere.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>

#include "reports/markup.h"

namespace blackstart::html {

struct Page {
  std::string title, heading, where, claim, source, version;
  Markup banner, body;
  std::string chart_data;  // JSON; empty: a page without charts, and without scripts
};

std::string write_page(const Page& page);

}  // namespace blackstart::html
