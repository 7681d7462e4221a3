#include "lab/libvirt_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr const char* kLibrary = "libvirt.so.0";

void* loaded(void* found) {
  if (found) return found;
  const char* why = dlerror();
  throw Error(ErrorKind::unmet, "loading libvirt", why ? why : "the dynamic linker gives no reason",
              "run lab/prepare-host lab: it installs libvirt");
}

}  // namespace

LibvirtLibrary::LibvirtLibrary() : library_(loaded(dlopen(kLibrary, RTLD_LAZY | RTLD_LOCAL))) {}

void* LibvirtLibrary::find(const char* name) const { return loaded(dlsym(library_, name)); }

const LibvirtLibrary& libvirt() {
  static const LibvirtLibrary library;
  return library;
}

}  // namespace blackstart
