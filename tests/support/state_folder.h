// A state folder (journal, lease, halt) of the test's own, named in BLACKSTART_STATE. One at a time.
#pragma once

#include <cstdlib>

#include "tests/support/text_folder.h"

namespace blackstart {

struct StateFolder : TextFolder {
  StateFolder() { ::setenv("BLACKSTART_STATE", path.c_str(), 1); }
  ~StateFolder() { ::unsetenv("BLACKSTART_STATE"); }
};

}  // namespace blackstart
