"""How other load generators are called, and what they say: for schedule, stall and cost.

Those that keep connections use as many as CONNECTIONS, unless told otherwise. What they say was read in their sources and outputs:
wrk 4.1, ab 2.3, hey 0.1.4, h2load 1.52, httperf 0.9, autocannon 9, loadtest 8, sysbench 1.0.
"""
import dataclasses
import json
import os
import re
import typing

from compare import Failed, quantile

CONNECTIONS = 10
ONE_QUERY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "one_query.lua")
MOST_OF_AB = 5_000_000  # it wants a number even when it runs for a time, and keeps room for so many
NPM = "npm install --global {}, if you want it measured"
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def at_rate(name, port, rate, seconds, calls=1):
    """The command for `rate` requests a second. httperf opens a connection for every `calls` of them, the others keep theirs."""
    url, count, each = f"http://127.0.0.1:{port}/", round(rate * seconds), f"{rate / CONNECTIONS:g}"
    return {
        "httperf": ["httperf", "--server", "127.0.0.1", "--port", port, "--uri", "/", "--rate", f"{rate / calls:g}", "--num-conns",
                    round(count / calls), "--num-calls", calls, "--timeout", "10"],
        "h2load": ["h2load", "--h1", "-t", "1", "-c", CONNECTIONS, "--rps", each, "-n", count, url],
        "hey": ["hey", "-c", CONNECTIONS, "-q", each, "-z", f"{seconds:g}s", url],
        "autocannon": ["autocannon", "-c", CONNECTIONS, "-R", f"{rate:g}", "-d", f"{seconds:g}", "-j", url],
        "loadtest": ["loadtest", "-k", "-c", CONNECTIONS, "--rps", f"{rate:g}", "-t", f"{seconds:g}", url],
        "sysbench": ["sysbench", "--db-driver=mysql", "--db-ps-mode=disable", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
                     "--mysql-user=bank", "--mysql-db=bank", f"--threads={CONNECTIONS}", f"--rate={rate:g}", f"--time={seconds:g}",
                     ONE_QUERY, "run"],
    }[name]


def for_time(name, port, rate, seconds, log=None):
    """The command for so many seconds; `rate` for those that know one. `log`: a file for h2load's list of requests."""
    url, each = f"http://127.0.0.1:{port}/", f"{rate / CONNECTIONS:g}"
    return {
        "wrk": ["wrk", "-t", "1", "-c", CONNECTIONS, "-d", f"{seconds:g}s", "--timeout", f"{seconds:g}s", "--latency", url],
        "ab": ["ab", "-q", "-k", "-c", CONNECTIONS, "-t", f"{seconds:g}", "-n", MOST_OF_AB, url],
        "hey": ["hey", "-c", CONNECTIONS, "-q", each, "-z", f"{seconds:g}s", url],
        "h2load": ["h2load", "--h1", "-t", "1", "-c", CONNECTIONS, "--rps", each, "-D", f"{seconds:g}", f"--log-file={log}", url],
    }[name]


def for_count(name, port, count, connections):
    """The command for so many requests, as fast as they go."""
    url = f"http://127.0.0.1:{port}/"
    return {
        "ab": ["ab", "-q", "-k", "-c", connections, "-n", count, url],
        "hey": ["hey", "-c", connections, "-n", count, url],
        "h2load": ["h2load", "--h1", "-t", "1", "-c", connections, "-n", count, url],
        "autocannon": ["autocannon", "-c", connections, "-a", count, "-j", url],
    }[name]


@dataclasses.dataclass(frozen=True)
class Told:
    """What a peer says of its run: requests that were answered, and latencies in seconds where it tells them."""
    requests: int
    p90: typing.Optional[float] = None
    p99: typing.Optional[float] = None


def find(what, pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise Failed(f"its output doesn't tell the {what}: {text.strip()[-300:]}")
    return match.groups()


def wrk(text):
    def latency(percent):
        value, unit = find(f"{percent} % quantile", rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m|h)\s*$", text)
        return float(value) * UNITS[unit]

    distribution = (latency(90), latency(99)) if "Latency Distribution" in text else ()
    return Told(int(find("requests", r"^\s*(\d+) requests in ", text)[0]), *distribution)


def ab(text):
    def latency(percent):
        return int(find(f"{percent} % quantile", rf"^\s*{percent}%\s+(\d+)\s*$", text)[0]) / 1e3

    complete, failed = (int(find(f"{which} requests", rf"^{which} requests:\s+(\d+)", text)[0]) for which in ("Complete", "Failed"))
    return Told(complete - failed, latency(90), latency(99))


def hey(text):
    def latency(percent):
        return float(find(f"{percent} % quantile", rf"^\s*{percent}%+ in ([\d.]+) secs", text)[0])

    return Told(int(find("requests", r"^\s*\[200\]\s+(\d+) responses", text)[0]), latency(90), latency(99))


def h2load(text, log=None):
    """`log`: what --log-file holds, one request a line: start, status, and microseconds until the end of its answer."""
    done = int(find("requests", r"^requests: .*?(\d+) succeeded", text)[0])
    if log is None:
        return Told(done)
    latencies = [int(line.split("\t")[2]) / 1e6 for line in log.splitlines()]
    if not latencies:
        raise Failed("its log is empty")
    return Told(done, quantile(latencies, 0.9), quantile(latencies, 0.99))


def httperf(text):
    return Told(int(find("requests", r"^Reply status: .*\b2xx=(\d+)", text)[0]))


def autocannon(text):
    return Told(of_json(text)["2xx"])


def of_json(text):
    try:
        return json.loads(text)
    except ValueError as problem:
        raise Failed(f"its output is no JSON: {text.strip()[-300:]}") from problem


READERS = {"wrk": wrk, "ab": ab, "hey": hey, "h2load": h2load, "httperf": httperf, "autocannon": autocannon}


def rate_told(name, text):
    """Requests a second that a peer says it has reached, of those that at_rate() calls."""
    if name == "autocannon":
        told = of_json(text)
        return told["requests"]["total"] / told["duration"]
    return float(find("rate", {"h2load": r"^finished in .*, ([\d.]+) req/s", "hey": r"^\s*Requests/sec:\s+([\d.]+)",
                               "httperf": r"^Request rate: ([\d.]+) req/s"}[name], text)[0])
