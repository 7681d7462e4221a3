"""The server that benchmarks ask, and the stamps that their C++ sides leave."""
import array
import os
import shutil
import signal
import subprocess
import tempfile

from compare import Failed

SOURCE = "cmake --build BUILD --target benchmarks builds it"


def program(build, name):
    return os.path.join(build, "tests", name)


def read_stamps(file):
    """Pairs of nanoseconds of CLOCK_MONOTONIC (benchmarks/stamps.h)."""
    values = array.array("q")
    with open(file, "rb") as stamps:
        values.frombytes(stamps.read())
    return list(zip(values[0::2], values[1::2]))


def lags(times, rate, settle):
    """How late each of `times` (nanoseconds) is against the grid of `rate` a second, in seconds.

    Number k is ideal at offset + k / rate; the offset is the one at which the one that is least late is on time, so that what all
    have in common (the way, the start) doesn't count. The first `settle` seconds are left out: everybody may connect first."""
    late = [time - 1e9 * number / rate for number, time in enumerate(sorted(times))][round(settle * rate):]
    if not late:
        raise Failed("nothing arrived after the first seconds")
    offset = min(late)
    return [(one - offset) / 1e9 for one in late]


class Receiver:
    """A process of its own on a free port of 127.0.0.1, from `with` to its end.

    stamped: it keeps when requests came and were answered. sql: a MySQL server, not one of HTTP. first: before everything that isn't
    real time. arrivals: they came when the kernel had them, not when it woke up for them. pin: on one processor."""

    def __init__(self, build, stamped=False, first=False, pin=None, sql=False, arrivals=False):
        self.program, self.stamped, self.pin = program(build, "receiver"), stamped, pin
        self.options = ["--sql"] * sql + ["--first"] * first + ["--arrivals"] * arrivals

    def argv(self):
        pinned = [] if self.pin is None else ["taskset", "-c", str(self.pin)]
        return pinned + [self.program] + self.options + (["--stamps", self.file()] if self.stamped else [])

    def file(self):
        return os.path.join(self.folder, "stamps")

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="receiver-")
        try:
            self.process = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        except OSError as problem:
            shutil.rmtree(self.folder)
            raise Failed(f"{problem}: {SOURCE}") from problem
        line = self.process.stdout.readline().strip()
        if not line.isdigit():
            self.__exit__()
            raise Failed("the receiver did not start")
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}/"
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def stamps(self):
        """(came, answered) of each request, in the order in which they were read. Ends it."""
        if self.stop() != 0:
            raise Failed("the receiver failed")
        return read_stamps(self.file())

    def __exit__(self, *_):
        self.stop()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
