#include "probes/plain_probe.h"

namespace blackstart {

Time PlainProbe::start(Clock& clock, Time zero, OperationSink& sink) {
  loop_ = std::make_unique<OpenLoop>(clock, zero, sink, info().series);
  return loop_->start(make_workload(loop_->io()));
}

Probe::Stopped PlainProbe::stop() { return loop_ ? loop_->stop() : Stopped{}; }

}  // namespace blackstart
