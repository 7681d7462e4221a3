"""What the benchmarks share: rounds that go forwards and backwards (ABBA), ratios with their intervals, goals, exit codes.

A benchmark makes a Comparison, plays its contestants, shows their measures, states its goals and ends with finish(), which returns
the exit code: 1 only when an interval excludes a goal, 2 when something that a goal needs could not be measured, else 0.

A contestant has a `name` and `round()`, which returns one result or raises Failed; one whose `program` isn't there is left out.
"""
import argparse
import dataclasses
import datetime
import json
import math
import os
import platform
import random
import shutil
import statistics
import subprocess
import tempfile
import time

# Of seven values interval() is the second to the sixth, which holds the true median 88 times in 100; of nine, 96 times.
ROUNDS = 9
LEAST_ROUNDS = 7  # with fewer no goal is said to be met or missed
LIMIT_S = 120
RESAMPLES = 10000
TIMED_OUT = (124, 137)  # exit codes of timeout(1): by its first signal, and by the one that can't be ignored


class Failed(Exception):
    """A contestant could not be measured; says why."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A program that came to its end. Seconds, seconds, bytes; CPU, peak memory and sleeps with all that it waited for."""
    wall: float
    cpu: float
    peak: int  # not below that of this Python, which the kernel counts until the program is loaded
    sleeps: int  # how often it gave its processor up to wait
    out: str
    err: str
    code: int


def run(argv, limit=LIMIT_S, environment=None, codes=(0,)):
    """Runs a program; Failed when it ends with another code than `codes`, or not within `limit` seconds."""
    argv = [str(word) for word in argv]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen(["timeout", "-k", "5", str(limit), *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env={**os.environ, **(environment or {})})
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()  # timeout(1) hands it on
            process.wait()
            raise
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said = Run(wall, used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss, used.ru_nvcsw, text_of(out), text_of(err),
                   process.returncode)
    if said.code in TIMED_OUT:
        raise Failed(f"{argv[0]}: not done after {limit:g} s")
    if said.code not in codes:
        raise Failed(f"{argv[0]}: exit code {said.code}: {(said.err or said.out).strip()[-300:]}")
    return said


def text_of(file):
    file.seek(0)
    return file.read().decode(errors="replace")


@dataclasses.dataclass(frozen=True)
class Interval:
    """A median and its 95 % confidence interval."""
    middle: float
    low: float
    high: float

    def text(self):
        return f"{short(self.middle)} (95 %: {short(self.low)} to {short(self.high)})"


def interval(values, seed=1):
    """By the bootstrap's percentiles (Efron 1979): the same values give the same interval."""
    chance = random.Random(seed)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = RESAMPLES // 40  # 2.5 % on each side
    return Interval(statistics.median(values), medians[tail], medians[-tail - 1])


def ratio(over, under):
    """Of two contestants' values, round by round; None where there is nothing to divide by."""
    values = [a / b for a, b in zip(over, under) if b > 0]
    return interval(values) if values else None


def quantile(values, share):
    """The smallest value that at least `share` of them don't exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def short(value):
    """At least three significant digits, never an exponent."""
    if value == 0:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def verdict(found, at_least=None, at_most=None):
    """What an interval says of a goal: met, missed, or open when the goal lies within it."""
    if found is None:
        return "not measured"
    if at_least is not None:
        return "met" if found.low >= at_least else "missed" if found.high < at_least else "open"
    return "met" if found.high <= at_most else "missed" if found.low > at_most else "open"


def exit_code(verdicts):
    return 1 if "missed" in verdicts else 2 if {"not measured", "too few rounds"} & set(verdicts) else 0


def interleave(contestants, rounds, tell=lambda number, results: None):
    """Every contestant once a round, in turn forwards and backwards: results by name, and why others are out.

    One that fails is out from then on, with all that it gave."""
    results, out = {contestant.name: [] for contestant in contestants}, {}
    for number in range(rounds):
        playing = [contestant for contestant in contestants if contestant.name not in out]
        for contestant in playing if number % 2 == 0 else playing[::-1]:
            try:
                results[contestant.name].append(contestant.round())
            except Failed as problem:
                out[contestant.name] = str(problem)
                del results[contestant.name]
        tell(number + 1, results)
    return results, out


def absent(contestant):
    """Why a contestant can't play here; empty when it can."""
    program = getattr(contestant, "program", None)
    if program is None or shutil.which(program):
        return ""
    return f"{program} is not there: {getattr(contestant, 'source', 'lab/prepare-host bench installs it')}"


@dataclasses.dataclass(frozen=True)
class Measure:
    title: str
    unit: str
    scale: float     # how many of `unit` are one of what `of` gives
    of: callable     # a result's value; None: it has none


def show(results, base, measures):
    """Prints each contestant's median and how many times `base`'s it is; returns these ratios by (title, name)."""
    ratios = {}
    for measure in measures:
        values = {name: [measure.of(result) for result in given] for name, given in results.items()}
        values = {name: given for name, given in values.items() if given and None not in given}
        print(measure.title if values else f"{measure.title}: nobody was measured")
        for name, given in values.items():
            line = f"  {name:<18} {short(measure.scale * statistics.median(given)):>10} {measure.unit}"
            if name != base and base in values:
                ratios[measure.title, name] = ratio(given, values[base])
            found = ratios.get((measure.title, name))
            print(line + (f"   {found.text()} times {base}" if found else ""))
    return ratios


def cpu_times():
    """(stolen, all): ticks of all processors since the machine was started."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return ticks[7], sum(ticks)


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {"cpus": os.cpu_count(), "model": models[0] if models else platform.machine(), "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "")}


def plain(value):
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)


def rounds_of(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least one")
    return int(text)


def parser(doc):
    """With the options that every benchmark has."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=rounds_of, default=ROUNDS, help=f"{ROUNDS} unless given; with fewer than {LEAST_ROUNDS} no goal is judged")
    made.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a contestant out")
    made.add_argument("--json", metavar="FILE", help="write everything that was measured there as well")
    return made


class Comparison:
    """One benchmark from its first contestant to its exit code. For one thread."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.began, self.ticks = datetime.datetime.now(datetime.timezone.utc), cpu_times()
        self.results, self.ratios, self.out, self.goals = {}, {}, {}, []
        here = machine()
        print(f"{name}: {here['cpus']} CPUs ({here['model']}), {here['system']}, kernel {here['kernel']}, load "
              f"{os.getloadavg()[0]:.1f}, {options.rounds} rounds", flush=True)

    def play(self, contestants, title, text):
        """Those that are there, all rounds; results by name. `text` tells a result in a few characters."""
        playing = []
        for contestant in contestants:
            reason = "left out" if contestant.name in self.options.without else absent(contestant)
            if reason:
                self.leave_out(title, contestant.name, reason)
            else:
                playing.append(contestant)

        def tell(number, results):
            said = ", ".join(f"{name} {text(given[-1])}" for name, given in results.items())
            print(f"{title}, round {number}: {said}", flush=True)

        results, out = interleave(playing, self.options.rounds, tell)
        for name, reason in out.items():
            self.leave_out(title, name, reason)
        self.results[title] = results
        return results

    def leave_out(self, title, name, reason):
        self.out[f"{title}: {name}"] = reason
        print(f"{title}: {name} is not measured: {reason}", flush=True)

    def show(self, title, base, measures):
        print(f"\n{title}")
        ratios = show(self.results[title], base, measures)
        self.ratios[title] = [{"measure": measure, "name": name, "to": base, "ratio": found}
                              for (measure, name), found in ratios.items()]
        return ratios

    def goal(self, text, found, at_least=None, at_most=None):
        few = found is not None and self.options.rounds < LEAST_ROUNDS
        self.goals.append({"goal": text, "found": found, "at_least": at_least, "at_most": at_most,
                           "verdict": "too few rounds" if few else verdict(found, at_least, at_most)})

    def finish(self):
        stolen, ticks = (now - then for now, then in zip(cpu_times(), self.ticks))
        steal = 100 * stolen / max(1, ticks)
        print(f"\nsteal {steal:.2f} %, load {os.getloadavg()[0]:.1f}")
        for goal in self.goals:
            print(f"goal: {goal['goal']}: {goal['found'].text() + ', ' if goal['found'] else ''}{goal['verdict']}")
        if self.options.json:
            self.write(self.options.json, steal)
        return exit_code([goal["verdict"] for goal in self.goals])

    def write(self, file, steal):
        told = {"benchmark": self.name, "began": self.began.isoformat(), "machine": machine(), "rounds": self.options.rounds,
                "steal_percent": steal, "results": self.results, "ratios": self.ratios, "not_measured": self.out,
                "goals": self.goals}
        with open(file, "w") as out:
            json.dump(told, out, indent=1, default=plain)
            out.write("\n")
