"""Real programs started by a test: each with its log, all ended by process id when the test is over."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VIPD_BUILD", ROOT / "build"))  # where vipd and vipctl are


class Failure(Exception):
    """What a person should read, without a traceback."""


def until(seconds, what, condition, pause=0.05):
    """The first truthy value of condition(); a Failure naming `what` when none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def free_port(address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def has_ipv6_loopback():
    try:
        free_port("::1")
        return True
    except OSError:
        return False


def find(program):
    """The path of a system program; daemons live where a user's PATH may not look."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/lib/frr")
    if not path:
        raise Failure(f"{program} is not installed: run test/setup")
    return path


class Workshop(contextlib.AbstractContextManager):
    """A temporary folder and the processes started in it. Leaving ends them and removes the folder."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"vipd-{name}."))
        self._running = []

    def __exit__(self, *_):
        for process in reversed(self._running):
            end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, command, namespace=None, **options):
        """Starts a command, in a network namespace if one is named; its output goes to NAME.log."""
        if not shutil.which(command[0]):
            raise Failure(f"no program {command[0]}: is it built?")
        if namespace:
            command = ["ip", "netns", "exec", namespace, *command]
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(part) for part in command], stdin=options.pop("stdin", subprocess.DEVNULL),
                                       stdout=options.pop("stdout", log), stderr=log, **options)
        self._running.append(process)
        return process

    def log(self, name, lines=30):
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:] if path.exists() else []


def end(process, patience=5):
    """SIGTERM, and SIGKILL to one that does not listen (or is stopped)."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
