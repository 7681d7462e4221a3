// libvirt's C API, loaded when it is first called.
//
// Purpose: libvirt brings fifty libraries, which take longer to load than `check` takes to run, and a runner in front of a live
// cloud needs none of them: it can do without libvirt being installed. Ownership: one for the process, never unloaded.
// Thread rule: libvirt() and all calls may be used from any thread.
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

namespace blackstart {

class LibvirtLibrary {
  void* const library_;
  void* find(const char* name) const;

 public:
  // Throws Error(unmet) when libvirt is not installed, or is one that lacks a function of those below.
  LibvirtLibrary();

#define BLACKSTART_CALL(name) const decltype(&::name) name = reinterpret_cast<decltype(&::name)>(find(#name))
  BLACKSTART_CALL(virInitialize);
  BLACKSTART_CALL(virSetErrorFunc);
  BLACKSTART_CALL(virGetLastError);
  BLACKSTART_CALL(virConnectOpen);
  BLACKSTART_CALL(virConnectClose);
  BLACKSTART_CALL(virConnectListAllDomains);
  BLACKSTART_CALL(virDomainFree);
  BLACKSTART_CALL(virDomainGetName);
  BLACKSTART_CALL(virDomainIsActive);
  BLACKSTART_CALL(virDomainGetID);
  BLACKSTART_CALL(virDomainGetXMLDesc);
  BLACKSTART_CALL(virDomainLookupByName);
  BLACKSTART_CALL(virDomainDefineXML);
  BLACKSTART_CALL(virDomainCreate);
  BLACKSTART_CALL(virDomainDestroy);
  BLACKSTART_CALL(virDomainUndefine);
#undef BLACKSTART_CALL
};

const LibvirtLibrary& libvirt();

}  // namespace blackstart
