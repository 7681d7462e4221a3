"""A PostgreSQL server of a benchmark's own, on a free port of 127.0.0.1, and pgbench's words."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from compare import Failed, run

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "secret"
START_S = 30


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def as_postgres(words):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(words)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *words]


class Postgres:
    """From `with` to its end. `fsync`: whether a commit waits for the disk, as it does unless told otherwise."""

    def __init__(self, fsync):
        self.fsync = fsync

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="bank-")
        self.password_file = os.path.join(self.folder, "password")
        pathlib.Path(self.password_file).write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.port, self.process = free_port(), None
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        data = os.path.join(self.folder, "data")
        run(as_postgres([BINARIES / "initdb", "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
                         "--locale=C", "--encoding=UTF8", "-D", data]))
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
                    f"fsync={'on' if self.fsync else 'off'}", "max_connections=200", "shared_buffers=256MB", "max_wal_size=4GB",
                    "checkpoint_timeout=1h", "autovacuum=off"]
        words = [str(BINARIES / "postgres"), "-D", data] + [word for setting in settings for word in ("-c", setting)]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(as_postgres(words), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + START_S
        while True:
            try:
                self.ask(f"CREATE ROLE bank LOGIN PASSWORD '{PASSWORD}'", "postgres")
                break
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.ask("CREATE DATABASE bank OWNER bank", "postgres")

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, sql, database="bank"):
        """As the superuser; the answer's text."""
        return run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port, "-U", "postgres",
                    "-d", database, "-c", sql]).out.strip()

    def pgbench(self, words, limit, folder):
        """Over TCP and with a password, as ours; in `folder`, where its logs go."""
        return run(["env", "-C", folder, BINARIES / "pgbench", "-h", "127.0.0.1", "-p", self.port, "-U", "bank", "-n", *words,
                    "bank"], limit, {"PGPASSWORD": PASSWORD})
