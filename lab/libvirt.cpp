#include "lab/libvirt.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "lab/libvirt_library.h"

namespace blackstart {
namespace {

struct FreeDomain {
  void operator()(virDomainPtr domain) const { libvirt().virDomainFree(domain); }
};
using DomainHandle = std::unique_ptr<virDomain, FreeDomain>;
using Text = std::unique_ptr<char, decltype(&std::free)>;

[[noreturn]] void fail(const std::string& doing, ErrorKind kind = ErrorKind::internal, const std::string& hint = "") {
  const virErrorPtr error = libvirt().virGetLastError();
  throw Error(kind, doing, error && error->message ? error->message : "libvirt gives no reason", hint);
}

// libvirt prints every error to stderr unless told not to; ours say more.
void stay_silent(void*, virErrorPtr) {}

// Between the tags of a domain's <description>; the marks of labs need no unescaping.
std::string description_in(const std::string& xml) {
  static const std::string kBegin = "<description>", kEnd = "</description>";
  const std::size_t begin = xml.find(kBegin);
  const std::size_t end = xml.find(kEnd, begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return "";
  return xml.substr(begin + kBegin.size(), end - begin - kBegin.size());
}

Domain look_at(virDomainPtr handle) {
  Domain domain;
  domain.name = libvirt().virDomainGetName(handle);
  domain.running = libvirt().virDomainIsActive(handle) == 1;
  const unsigned id = domain.running ? libvirt().virDomainGetID(handle) : static_cast<unsigned>(-1);
  domain.pid = id == static_cast<unsigned>(-1) ? 0 : static_cast<int>(id);
  const Text xml(libvirt().virDomainGetXMLDesc(handle, 0), &std::free);
  if (xml) domain.description = description_in(xml.get());
  return domain;
}

}  // namespace

struct Hypervisor::Connection {
  virConnectPtr handle = nullptr;
  std::string uri;
  ~Connection() {
    if (handle) libvirt().virConnectClose(handle);
  }
  // Null when there is no such domain.
  DomainHandle find(const std::string& name) const {
    DomainHandle found(libvirt().virDomainLookupByName(handle, name.c_str()));
    const virErrorPtr error = found ? nullptr : libvirt().virGetLastError();
    if (error && error->code != VIR_ERR_NO_DOMAIN) fail(fmt::format("looking for the domain {}", name));
    return found;
  }
  DomainHandle need(const std::string& name) const {
    DomainHandle found = find(name);
    if (!found)
      throw Error(ErrorKind::internal, fmt::format("looking for the domain {}", name), "libvirt knows no such domain");
    return found;
  }
};

Hypervisor::Hypervisor(const std::string& uri) : connection_(std::make_unique<Connection>()) {
  libvirt().virInitialize();
  libvirt().virSetErrorFunc(nullptr, stay_silent);
  connection_->uri = uri;
  connection_->handle = libvirt().virConnectOpen(uri.c_str());
  if (!connection_->handle)
    fail(fmt::format("connecting to libvirt ({})", uri), ErrorKind::unmet,
         fmt::format("run lab/prepare-host {}: it installs and starts libvirtd", uri.starts_with("qemu") ? "vm" : "lab"));
}
Hypervisor::Hypervisor(Hypervisor&&) noexcept = default;
Hypervisor::~Hypervisor() = default;

std::vector<Domain> Hypervisor::domains() const {
  virDomainPtr* all = nullptr;
  const int count = libvirt().virConnectListAllDomains(connection_->handle, &all, 0);
  if (count < 0) fail("listing libvirt's domains");
  std::vector<Domain> found;
  for (int i = 0; i < count; ++i) {
    const DomainHandle each(all[i]);
    found.push_back(look_at(each.get()));
  }
  std::free(all);
  return found;
}

std::optional<Domain> Hypervisor::find(const std::string& name) const {
  const DomainHandle found = connection_->find(name);
  return found ? std::optional(look_at(found.get())) : std::nullopt;
}

void Hypervisor::define(const std::string& xml) {
  const DomainHandle made(libvirt().virDomainDefineXML(connection_->handle, xml.c_str()));
  if (!made) fail("defining a domain");
}

void Hypervisor::start(const std::string& name) {
  const DomainHandle domain = connection_->need(name);
  if (libvirt().virDomainIsActive(domain.get()) == 1) return;
  if (libvirt().virDomainCreate(domain.get()) < 0)
    fail(fmt::format("starting the domain {}", name), ErrorKind::internal,
         fmt::format("see /var/log/libvirt/{}/{}.log", connection_->uri.substr(0, connection_->uri.find(':')), name));
}

void Hypervisor::destroy(const std::string& name) {
  const DomainHandle domain = connection_->find(name);
  if (!domain || libvirt().virDomainIsActive(domain.get()) != 1 || libvirt().virDomainDestroy(domain.get()) == 0) return;
  if (libvirt().virDomainIsActive(domain.get()) == 1)
    fail(fmt::format("stopping the domain {}", name));  // else it ended by itself
}

void Hypervisor::undefine(const std::string& name) {
  const DomainHandle domain = connection_->find(name);
  if (domain && libvirt().virDomainUndefine(domain.get()) < 0) fail(fmt::format("removing the domain {}", name));
}

}  // namespace blackstart
