// A rehearsal made by hand, with something in every part of it: what the writers are tested and looked at with.
// The judgement is given, not computed: a writer's test says nothing about the judge.
#pragma once

#include "reports/batch.h"

namespace blackstart::sample {

// The database writer is killed at 20 s of 60 s; transfers stand still for 4.4 s, inquiries are slow for 1.5 s.
Judged passed();
// The same, but recovery was never seen, a transfer was lost and the guard tripped.
Judged failed();
// The same as passed, but one piece of evidence is missing and the generator was blind; texts are hostile.
Judged inconclusive();
// A frozen service could not be thawed.
Judged undo_pending();
// Two hours at 50 operations a second with three outages.
Judged long_run();
// Ten runs, most of them passed.
std::vector<Judged> series();
// One scenario of each verdict, the series, and one that did not run.
BatchPlan batch_plan();
std::vector<BatchRun> batch();

}  // namespace blackstart::sample
