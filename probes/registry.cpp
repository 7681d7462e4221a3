// The table of probes: to add one is its file, its test, and a line here.
#include "probes/amqp_probe.h"
#include "probes/http_probe.h"
#include "probes/latency.h"
#include "probes/ledger_settings.h"
#include "probes/openstack_settings.h"
#include "probes/probe.h"
#include "probes/redundancy.h"
#include "probes/tcp_probe.h"
#include "probes/vip_probe.h"

namespace blackstart {

const std::vector<ProbeKind>& probe_kinds() {
  static const std::vector<ProbeKind> kinds{
      {"ledger", "a bank on SQL: transfers and balance inquiries at a fixed rate, audited on every replica after recovery",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<LedgerSettings>()); }},
      {"http", "asks one URL at a fixed rate, on fresh and on kept connections",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<HttpProbeSettings>()); }},
      {"openstack", "an OpenStack cloud's APIs: tokens, lists, shows, and the lives of servers, networks, volumes and images",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<OpenStackSettings>()); }},
      {"latency", "pings nodes at a fixed rate, a series for each: loss, and round trips over time",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<LatencySettings>()); }},
      {"tcp", "opens a TCP connection at a fixed rate, and looks at the greeting if asked to",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<TcpProbeSettings>()); }},
      {"amqp", "payments through a replicated queue at a fixed rate, audited against what reached its consumer",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<AmqpSettings>()); }},
      {"vip", "looks who holds the virtual IP at a fixed rate: handovers, and two holders at once",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<VipSettings>()); }},
      {"redundancy",
       "is the cloud whole: every member of Galera, RabbitMQ, HAProxy, keepalived, Nova, Neutron and Cinder at work",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<RedundancySettings>()); }},
  };
  return kinds;
}

}  // namespace blackstart
