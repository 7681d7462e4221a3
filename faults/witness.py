"""Watches other nodes from this one: by a TCP connection held open to each, and by pings beside it.

One process for all targets of all who watch from this node; its only argument is its folder. A target joins by a file
NAME.wish there ("ADDRESS PORT") and leaves when that file is gone. What is seen of it stands in NAME.state, replaced as
a whole ten times a second. Who looks touches the wish: what is not looked at for 20 s, or has been watched for five
minutes, is given up. The process ends when there is no target any more.

All times are of this process's own bookkeeping: how long something that was *sent* has had no answer. So a process that
was held up itself never mistakes that for silence of the target.
"""
import errno
import fcntl
import os
import socket
import struct
import sys
import termios
import time
from collections import deque

TICK = 0.1  # seconds, as all times here
SPEAK_EVERY = 2  # ticks
UNWATCHED = 20
LONGEST = 300
MOST_REPLIES = 10000  # read in one tick: others may ping from here too

ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}  # types of request and reply
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1  # linux/icmp.h, linux/icmpv6.h; the module socket lacks them


def checksum(data):
    """The internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def open_pinger(family):
    """A raw socket that gets echo replies only."""
    if family == socket.AF_INET:
        pinger = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        pinger.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", ~(1 << ECHO[family][1]) & 0xFFFFFFFF))
    else:
        pinger = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        blocked = [0xFFFFFFFF] * 8
        blocked[ECHO[family][1] >> 5] &= ~(1 << (ECHO[family][1] & 31))
        pinger.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *blocked))
    pinger.setblocking(False)
    return pinger


class Pings:
    """Requests to one address, and when they were answered."""

    def __init__(self, family, address):
        self.family, self.address = family, address
        self.token = os.urandom(8)  # in each packet: whose it is
        self.number = 0
        self.unanswered = deque()  # (number, when it was sent)
        self.answered = None  # when the latest answer was read

    def send(self, pinger, now):
        self.number += 1
        body = self.token + struct.pack("!Q", self.number)
        head = struct.pack("!BBHHH", ECHO[self.family][0], 0, 0, os.getpid() & 0xFFFF, self.number & 0xFFFF)
        if self.family == socket.AF_INET:  # for ICMPv6 the kernel does it
            head = head[:2] + struct.pack("!H", checksum(head + body)) + head[4:]
        try:
            pinger.sendto(head + body, (self.address, 0))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                return  # not sent, for want of room here: it can't be missed
        self.unanswered.append((self.number, now))

    def answer(self, number, now):
        """An answer to a later request answers for those before it."""
        if number > self.number:
            return
        self.answered = now
        while self.unanswered and self.unanswered[0][0] <= number:
            self.unanswered.popleft()


class Connection:
    """Opened once, never anew: one that has ended stays ended."""

    def __init__(self, family, address, port):
        self.open, self.ended = False, ""
        self.sent = 0
        self.unacknowledged = deque()  # (bytes sent up to here, when)
        self.socket = None
        try:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.connect((address, port))
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(error.strerror)

    def end(self, why):
        self.ended = self.ended or why
        if self.socket:
            self.socket.close()

    def update(self):
        """Takes in what has happened: established, acknowledged, read, ended.

        Not by SO_ERROR: it tells of routes that fail for a while too, and of those a connection does not end.
        """
        if self.ended:
            return
        self.open = self.open or self.established()
        try:
            self.drain()
            if self.open and not self.ended:
                self.take_acknowledged()
        except OSError as error:
            self.end(error.strerror)

    def established(self):
        try:
            self.socket.getpeername()
            return True
        except OSError:
            return False

    def take_acknowledged(self):
        waiting = struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))[0]
        while self.unacknowledged and self.unacknowledged[0][0] <= self.sent - waiting:
            self.unacknowledged.popleft()

    def drain(self):
        try:
            while True:
                if not self.socket.recv(65536):
                    return self.end("the other end has closed it")
        except BlockingIOError:
            pass

    def speak(self, now):
        if not self.open or self.ended:
            return
        try:
            self.sent += self.socket.send(b"S")
            self.unacknowledged.append((self.sent, now))
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(error.strerror)


class Target:
    def __init__(self, wish, looked, now):
        self.looked, self.looked_at, self.since = looked, now, now
        address, port = wish.split()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.inet_pton(family, address)  # throws where it is no number: names are not looked up
        self.pings = Pings(family, address)
        self.connection = Connection(family, address, int(port))

    def given_up(self, looked, now):
        if looked != self.looked:  # not its age: the node's wall clock may be set meanwhile
            self.looked, self.looked_at = looked, now
        return now - self.looked_at > UNWATCHED or now - self.since > LONGEST

    def text(self, now):
        def milliseconds(then):
            return "" if then is None else "%d" % ((now - then) * 1000)

        def oldest(queue):
            return milliseconds(queue[0][1] if queue else now)

        return "Open=%s\nEnded=%s\nUnacknowledged=%s\nAnswered=%s\nUnanswered=%s\n" % (
            "yes" if self.connection.open else "no", self.connection.ended, oldest(self.connection.unacknowledged),
            milliseconds(self.pings.answered), oldest(self.pings.unanswered))


class Witness:
    def __init__(self, folder):
        os.chdir(folder)
        # The first is held by who joins or ends, the second as long as this process lives.
        self.lock, self.alive = open("../lock", "w"), open("alive", "w")
        fcntl.flock(self.alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in self.names(".state"):  # of a process that was killed
            os.unlink(name)
        self.instance = os.urandom(8).hex()
        self.targets, self.pingers, self.trouble = {}, {}, {}

    @staticmethod
    def names(ending):
        return [name for name in os.listdir(".") if name.endswith(ending)]

    def pinger(self, family):
        """None where raw sockets are not allowed: then pings are never answered, and the state says why."""
        if family not in self.pingers:
            try:
                self.pingers[family] = open_pinger(family)
            except OSError as error:
                self.pingers[family], self.trouble[family] = None, "no raw socket: " + error.strerror
        return self.pingers[family]

    def wanted(self, key, name, now):
        looked = os.stat(name).st_mtime_ns
        if key not in self.targets:
            with open(name) as wish:
                text = wish.read()
            try:
                self.targets[key] = Target(text, looked, now)
            except (OSError, ValueError):
                return False  # it makes no sense
        return not self.targets[key].given_up(looked, now)

    def join_and_leave(self, now):
        wishes = set()
        for name in self.names(".wish"):
            key = name[:-5]
            try:
                if self.wanted(key, name, now):
                    wishes.add(key)
                else:
                    os.unlink(name)
            except FileNotFoundError:
                continue  # it leaves at this moment
        for key in set(self.targets) - wishes:
            self.targets.pop(key).connection.end("left")
            if os.path.exists(key + ".state"):
                os.unlink(key + ".state")

    def take_answers(self, now):
        by_token = {target.pings.token: target.pings for target in self.targets.values()}
        for family, pinger in self.pingers.items():
            for _ in range(MOST_REPLIES if pinger else 0):
                try:
                    packet = pinger.recv(2048)
                except OSError:
                    break
                if family == socket.AF_INET:  # with its IP header
                    packet = packet[(packet[0] & 15) * 4:]
                if len(packet) == 24 and packet[0] == ECHO[family][1] and packet[8:16] in by_token:
                    by_token[packet[8:16]].answer(struct.unpack("!Q", packet[16:])[0], now)

    def write_states(self, now):
        with open("/proc/uptime") as clock:
            stamp = clock.read().split()[0]
        for key, target in self.targets.items():
            with open("state.new", "w") as state:
                state.write("Instance=%s\nStamp=%s\n%sTrouble=%s\n" % (
                    self.instance, stamp, target.text(now), self.trouble.get(target.pings.family, "")))
            os.rename("state.new", key + ".state")

    def tick(self, speak):
        now = time.monotonic()
        self.join_and_leave(now)
        self.take_answers(now)
        for target in self.targets.values():
            target.connection.update()
        self.write_states(now)
        if not speak:
            return
        for target in self.targets.values():
            now = time.monotonic()
            target.connection.speak(now)
            pinger = self.pinger(target.pings.family)
            if pinger:
                target.pings.send(pinger, now)

    def ended(self):
        """True when nobody is left, and nobody joins from now on: a new one starts a process of its own."""
        if self.targets:
            return False
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if self.names(".wish"):
            fcntl.flock(self.lock, fcntl.LOCK_UN)
            return False
        for name in os.listdir("."):
            os.unlink(name)
        os.rmdir(os.getcwd())
        return True  # the locks go with the process


def tell_ready():
    """To systemd: whoever started this waits for it."""
    where = os.environ.get("NOTIFY_SOCKET")
    if where:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + where[1:] if where[0] == "@" else where)


def main():
    witness = Witness(sys.argv[1])
    tell_ready()
    ticks = 0
    while True:
        began = time.monotonic()
        witness.tick(ticks % SPEAK_EVERY == 0)
        if witness.ended():
            return
        ticks += 1
        time.sleep(max(0.0, began + TICK - time.monotonic()))


main()
