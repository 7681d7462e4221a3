// The rules of the verdict, one function each; verdict.cpp puts them together.
//
// Purpose: each can be read, and shown a broken run, by itself. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include "reports/verdict.h"

namespace blackstart::rules {

// Something may still be broken because of the rehearsal.
void undo(const Record& record, Objections& o);

// The rehearsal was not carried out, or not recorded, as planned.
void record_whole(const Record& record, Objections& o);
void instrument(const Record& record, Objections& o);
void steady(const Record& record, const Judgement& measured, Objections& o);
void clocks(const Record& record, Objections& o);
void steps(const Record& record, Objections& o);
void injections(const Record& record, Objections& o);
void evidence(const Record& record, Objections& o);

// What the probes and the audit say.
void series(const Record& record, const Judgement& measured, Objections& o);
void audits(const Record& record, const Judgement& measured, Objections& o);
void stale_reads(const Record& record, const Judgement& measured, Objections& o);
void holders(const Judgement& measured, Objections& o);
void objectives(const Record& record, const Judgement& measured, Objections& o);
void guards(const Record& record, Objections& o);
void redundancy(const Record& record, Objections& o);

// From the first injection's effect to the end nothing may be unseen; not known when nothing was injected.
Bracket judged_window(const Record& record);

}  // namespace blackstart::rules
