#include "probes/priority.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace blackstart {
namespace {

constexpr int kNiceness = -10;

}  // namespace

void claim_processor(const char* name) {
  ::prctl(PR_SET_NAME, name);
  ::prctl(PR_SET_TIMERSLACK, 1);
  const sched_param lowest{::sched_get_priority_min(SCHED_FIFO)};  // above everything that is not real time
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) != 0)
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness);
}

}  // namespace blackstart
