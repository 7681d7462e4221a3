// Shell text of any kind as one command that systemd hands on unchanged.
//
// Purpose: a dead-man's command and a transient unit's must have no '$' and no '%', which systemd expands. Pure functions; any
// thread.
#pragma once

#include <string>

namespace blackstart {

// A POSIX shell command that runs `script` in a shell of its own with nothing on its standard input; it needs base64 of
// coreutils, and holds neither '$' nor '%' nor quotes of one kind.
std::string plain_command(const std::string& script);

}  // namespace blackstart
