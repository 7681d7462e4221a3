#!/usr/bin/python3 -B
"""The arithmetic that the benchmarks stand on, and how they read what peers say: on data whose answers are known."""
import argparse
import contextlib
import io
import json
import math
import os
import tempfile
import unittest

import compare
import peers
import receiver
from compare import Failed, Interval


class Named:
    """A contestant that gives 1, 2, 3 …, and fails in one of its rounds."""

    def __init__(self, name, played, fails_at=None):
        self.name, self.played, self.fails_at, self.rounds = name, played, fails_at, 0

    def round(self):
        self.rounds += 1
        self.played.append(self.name)
        if self.rounds == self.fails_at:
            raise Failed("it was meant to")
        return self.rounds


class Statistics(unittest.TestCase):
    def test_an_interval_is_the_same_for_the_same_values(self):
        values = [3.1, 2.9, 3.4, 3.0, 2.7, 3.3, 3.2]
        self.assertEqual(compare.interval(values), compare.interval(values))

    def test_an_interval_lies_around_the_median_and_within_the_values(self):
        found = compare.interval([3.1, 2.9, 3.4, 3.0, 2.7, 3.3, 3.2])
        self.assertEqual(found.middle, 3.1)
        self.assertTrue(2.7 <= found.low <= 3.1 <= found.high <= 3.4)

    def test_equal_values_have_an_interval_without_width(self):
        self.assertEqual(compare.interval([2.0] * 7), Interval(2.0, 2.0, 2.0))

    def test_a_ratio_is_taken_round_by_round(self):
        # Both slow down together; each round's ratio is 2 all the same.
        self.assertEqual(compare.ratio([2, 4, 8, 16, 32, 64, 128], [1, 2, 4, 8, 16, 32, 64]), Interval(2.0, 2.0, 2.0))
        self.assertEqual(compare.ratio([10, 30, 20], [2, 3, 5]).middle, 5.0)

    def test_nothing_is_divided_by_nothing(self):
        self.assertIsNone(compare.ratio([1, 2, 3], [0, 0, 0]))
        self.assertEqual(compare.ratio([1, 6], [0, 2]).middle, 3.0)

    def test_the_rounds_there_are_by_default_cover_the_median_in_95_of_100(self):
        # Of nine values it is the second to the eighth; the true median lies outside when one or none of nine is on one side.
        self.assertEqual(compare.interval(list(range(1, 10))), Interval(5, 2, 8))
        self.assertEqual(compare.ROUNDS, 9)
        self.assertGreaterEqual(1 - 2 * sum(math.comb(9, beyond) for beyond in (0, 1)) / 2**9, 0.95)

    def test_quantiles_are_values_by_nearest_rank(self):
        values = list(range(100, 0, -1))
        self.assertEqual([compare.quantile(values, share) for share in (0, 0.5, 0.9, 0.99, 1)], [1, 50, 90, 99, 100])
        self.assertEqual(compare.quantile([7], 0.99), 7)

    def test_numbers_are_short(self):
        self.assertEqual([compare.short(value) for value in (0, 0.01234, 0.5, 1.5, 12.34, 123.4, 17832.2)],
                         ["0", "0.0123", "0.500", "1.50", "12.3", "123", "17832"])


class Goals(unittest.TestCase):
    def test_a_goal_is_missed_only_when_the_interval_excludes_it(self):
        within, above, below = Interval(5, 4, 6), Interval(7, 5, 8), Interval(4, 3, 4.9)
        self.assertEqual([compare.verdict(found, at_least=5) for found in (within, above, below)], ["open", "met", "missed"])
        self.assertEqual([compare.verdict(found, at_most=5) for found in (within, Interval(7, 5.1, 8), Interval(4, 3, 5))],
                         ["open", "missed", "met"])

    def test_what_was_not_measured_is_no_success(self):
        self.assertEqual(compare.verdict(None, at_least=5), "not measured")

    def test_exit_codes(self):
        self.assertEqual(compare.exit_code(["met", "open"]), 0)
        self.assertEqual(compare.exit_code(["met", "not measured"]), 2)
        self.assertEqual(compare.exit_code(["met", "too few rounds"]), 2)
        self.assertEqual(compare.exit_code(["not measured", "missed"]), 1)


class Rounds(unittest.TestCase):
    def test_rounds_go_forwards_and_backwards(self):
        played = []
        results, out = compare.interleave([Named("a", played), Named("b", played)], 3)
        self.assertEqual(played, ["a", "b", "b", "a", "a", "b"])
        self.assertEqual((results, out), ({"a": [1, 2, 3], "b": [1, 2, 3]}, {}))

    def test_one_that_fails_is_out_with_its_reason(self):
        played = []
        results, out = compare.interleave([Named("a", played), Named("b", played, fails_at=2)], 3)
        self.assertEqual((results, out), ({"a": [1, 2, 3]}, {"b": "it was meant to"}))
        self.assertEqual(played, ["a", "b", "b", "a", "a"])

    def test_one_that_is_not_installed_is_left_out_with_its_reason(self):
        one = Named("a", [])
        self.assertEqual(compare.absent(one), "")
        one.program = "/no/such/program"
        self.assertIn("/no/such/program is not there", compare.absent(one))


class Programs(unittest.TestCase):
    def test_a_program_is_run_to_its_end(self):
        done = compare.run(["sh", "-c", "echo out; echo err >&2; exit 3"], codes=(3,))
        self.assertEqual((done.out, done.err, done.code), ("out\n", "err\n", 3))
        self.assertGreater(done.wall, 0)
        self.assertGreater(done.peak, 0)
        self.assertGreater(done.sleeps, 0)

    def test_its_failure_is_told_with_what_it_said(self):
        with self.assertRaisesRegex(Failed, "sh: exit code 3: it broke"):
            compare.run(["sh", "-c", "echo it broke >&2; exit 3"])

    def test_it_is_ended_in_time(self):
        with self.assertRaisesRegex(Failed, "not done after 0.2 s"):
            compare.run(["sleep", "60"], limit=0.2)


class Whole(unittest.TestCase):
    def played(self, file, rounds=7):
        options = argparse.Namespace(rounds=rounds, without=["left"], json=file)
        absent, left = Named("absent", []), Named("left", [])
        absent.program = "/no/such/program"
        with contextlib.redirect_stdout(io.StringIO()) as said:
            comparison = compare.Comparison("example", options)
            comparison.play([Named("ours", []), Named("peer", []), absent, left], "title", str)
            ratios = comparison.show("title", "ours", [compare.Measure("value", "s", 1, float),
                                                       compare.Measure("nothing", "s", 1, lambda one: None)])
            comparison.goal("as good as", ratios["value", "peer"], at_least=1)
            comparison.goal("never asked", ratios.get(("value", "absent")), at_least=1)
            code = comparison.finish()
        return code, said.getvalue()

    def test_a_comparison_from_its_contestants_to_its_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "told.json")
            code, said = self.played(file)
            with open(file) as told:
                told = json.load(told)
        self.assertEqual(code, 2)
        self.assertIn("title: absent is not measured: /no/such/program is not there", said)
        self.assertIn("title: left is not measured: left out", said)
        self.assertIn("1.00 (95 %: 1.00 to 1.00) times ours", said)
        self.assertIn("goal: as good as: 1.00 (95 %: 1.00 to 1.00), met", said)
        self.assertIn("goal: never asked: not measured", said)
        self.assertEqual(told["results"]["title"], {"ours": [1, 2, 3, 4, 5, 6, 7], "peer": [1, 2, 3, 4, 5, 6, 7]})
        self.assertEqual(told["ratios"]["title"], [{"measure": "value", "name": "peer", "to": "ours",
                                                    "ratio": {"middle": 1.0, "low": 1.0, "high": 1.0}}])
        self.assertEqual([goal["verdict"] for goal in told["goals"]], ["met", "not measured"])

    def test_a_few_rounds_judge_no_goal(self):
        code, said = self.played(None, rounds=3)
        self.assertEqual(code, 2)
        self.assertIn("goal: as good as: 1.00 (95 %: 1.00 to 1.00), too few rounds", said)


class Arrivals(unittest.TestCase):
    def test_on_time_is_no_lag_wherever_the_grid_begins(self):
        self.assertEqual(receiver.lags([5_000_000 + 1_000_000 * k for k in range(100)], 1000, 0), [0.0] * 100)

    def test_lag_counts_from_the_one_that_is_least_late(self):
        times = [1_000_000 * k + (300_000 if k % 2 else 100_000) for k in range(10)]
        self.assertEqual([round(1e6 * late) for late in receiver.lags(times, 1000, 0)], [0, 200] * 5)

    def test_a_burst_is_late_by_its_length(self):
        self.assertEqual([round(1e3 * late) for late in receiver.lags([0, 0, 0, 0, 4_000_000], 1000, 0)], [3, 2, 1, 0, 3])

    def test_the_order_of_the_file_does_not_matter_and_the_first_seconds_do_not_count(self):
        times = [9_000_000_000] + [1_000_000_000 * k + (500_000_000 if k < 2 else 0) for k in range(9)]
        self.assertEqual(receiver.lags(times, 1, 2), [0.0] * 8)

    def test_nothing_left_is_told(self):
        with self.assertRaises(Failed):
            receiver.lags([1, 2, 3], 1000, 1)


WRK = """Running 10s test @ http://127.0.0.1:8080/
  1 threads and 10 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   258.66us  345.86us   8.33ms   92.36%
    Req/Sec    43.77k     2.31k   48.54k    71.29%
  Latency Distribution
     50%  190.00us
     75%  241.00us
     90%  391.00us
     99%    1.93ms
  439752 requests in 10.10s, 41.52MB read
Requests/sec:  43540.13
Transfer/sec:      4.11MB
"""
AB = """Concurrency Level:      10
Time taken for tests:   0.103 seconds
Complete requests:      1000
Failed requests:        3
   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)
Requests per second:    9736.25 [#/sec] (mean)

Percentage of the requests served within a certain time (ms)
  50%      9
  90%     16
  99%   1020
 100%   1026 (longest request)
"""
HEY = """
Latency distribution:
  10{p} in 0.0002 secs
  90{p} in 0.0011 secs
  99{p} in 0.0047 secs

Status code distribution:
  [200]	30000 responses
"""
H2LOAD = """finished in 10.00s, 1000.00 req/s, 95.70KB/s
requests: 10000 total, 10000 started, 10000 done, 9999 succeeded, 1 failed, 1 errored, 0 timeout
status codes: 9999 2xx, 0 3xx, 0 4xx, 0 5xx
"""
HTTPERF = """Connection rate: 20.5 conn/s (48.9 ms/conn, <=2 concurrent connections)

Request rate: 2047.0 req/s (0.5 ms/req)

Reply rate [replies/s]: min 0.0 avg 0.0 max 0.0 stddev 0.0 (0 samples)
Reply status: 1xx=0 2xx=3999 3xx=0 4xx=1 5xx=0
"""
AUTOCANNON = '{"connections":10,"duration":3.2,"errors":0,"2xx":5999,"4xx":1,"requests":{"average":2000,"total":6000}}\n'


class Peers(unittest.TestCase):
    def test_wrk(self):
        told = peers.wrk(WRK)
        self.assertEqual(told.requests, 439752)
        self.assertAlmostEqual(told.p90, 391e-6)
        self.assertAlmostEqual(told.p99, 1.93e-3)
        self.assertEqual(peers.wrk("  12 requests in 1.00s, 1KB read"), peers.Told(12))

    def test_ab(self):
        self.assertEqual(peers.ab(AB), peers.Told(997, 0.016, 1.02))

    def test_hey_with_one_percent_sign_or_two(self):
        for sign in "%", "%%":
            self.assertEqual(peers.hey(HEY.replace("{p}", sign)), peers.Told(30000, 0.0011, 0.0047))

    def test_h2load_and_its_log(self):
        log = "".join(f"1700000000000000\t200\t{100 * number}\n" for number in range(1, 101))
        self.assertEqual(peers.h2load(H2LOAD), peers.Told(9999))
        self.assertEqual(peers.h2load(H2LOAD, log), peers.Told(9999, 9000e-6, 9900e-6))

    def test_httperf_and_autocannon(self):
        self.assertEqual(peers.httperf(HTTPERF), peers.Told(3999))
        self.assertEqual(peers.autocannon(AUTOCANNON), peers.Told(5999))

    def test_the_rates_they_say_they_reached(self):
        hey = "Summary:\n  Total:\t2.0037 secs\n  Requests/sec:\t1591.5535\n"
        told = {"h2load": H2LOAD, "hey": hey, "httperf": HTTPERF, "autocannon": AUTOCANNON}
        self.assertEqual({name: peers.rate_told(name, text) for name, text in told.items()},
                         {"h2load": 1000, "hey": 1591.5535, "httperf": 2047, "autocannon": 1875})

    def test_what_cannot_be_read_is_told(self):
        for reader in peers.READERS.values():
            with self.assertRaises(Failed):
                reader("connection refused")
        for name in "h2load", "hey", "httperf", "autocannon":
            with self.assertRaises(Failed):
                peers.rate_told(name, "connection refused")


if __name__ == "__main__":
    unittest.main()
