# SPDX-License-Identifier: MIT
"""The programs of a soak: servers that fail, the service, writers. Each is the real one, in a process of its own."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import time

HERE = {"LC_ALL": "C", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
# Peaks and bounds that a service may not pass, whatever happens to it.
MEMORY_KB = 32 * 1024
DESCRIPTORS = 80


def say(text):
    print(text, flush=True)


def free_port():
    """Below those that the system gives to clients, which would have it while its server is down."""
    while True:
        try:
            with socket.create_server(("127.0.0.1", random.SystemRandom().randint(10000, 32000))) as free:
                return free.getsockname()[1]
        except OSError:
            pass


def wait_for(true, seconds, step=0.02):
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(step)
    return True


class Emailctl:
    def __init__(self, program, sheet):
        self.program, self.sheet = program, sheet

    def __call__(self, *words, seconds=30, data=None):
        """(status, document)"""
        run = subprocess.run([self.program, "--sheet", self.sheet, "--json", *words], env=HERE, input=data, timeout=seconds,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return run.returncode, json.loads(run.stdout) if run.stdout.strip().startswith(b"{") else {}

    def sure(self, *words):
        status, document = self(*words)
        if status:
            raise RuntimeError(f"emailctl {' '.join(words)}: {status} {document}")
        return document


class Server:
    """A test server that keeps its port over its lives; each life has rules and a folder of its own."""

    def __init__(self, folder, name, options):
        self.folder, self.name, self.options = folder, name, options
        self.port, self.life, self.process, self.outs = free_port(), 0, None, []

    def start(self, rules=()):
        self.stop()
        self.life += 1
        out = os.path.join(self.folder, f"{self.name}-{self.life}")
        os.mkdir(out)
        self.outs.append(out)
        command = ["mailserver", "--port", str(self.port), "--out", out, "--log", os.path.join(self.folder, self.name + ".log"),
                   *self.options, *rules]
        self.process = subprocess.Popen(command, env=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        line = self.process.stdout.readline()
        if not line.startswith(b"port "):
            raise RuntimeError(f"{command}: {line.decode()}")

    def stop(self, how=signal.SIGKILL):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process.stdout.close()
            self.process = None


class Service:
    """`emailctl run`."""

    def __init__(self, program, sheet, folder, mail):
        self.command = [program, "--sheet", sheet, "--json", "run", "--out", mail]
        self.folder, self.life, self.process, self.began = folder, 0, None, 0
        self.peak_kb = self.descriptors = 0
        self.faults = []

    def start(self):
        self.life += 1
        path = os.path.join(self.folder, f"events-{self.life}")
        with open(path, "wb") as out, open(path + ".err", "wb") as err:
            self.process = subprocess.Popen(self.command, env=HERE, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.began = time.monotonic()
        return path

    def look(self):
        """Memory and descriptors, before it may be gone."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
                peak = re.search(r"VmHWM:\s*(\d+)", file.read())
            self.peak_kb = max(self.peak_kb, int(peak.group(1)) if peak else 0)
            self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{self.process.pid}/fd")))
        except OSError:
            pass

    def listens(self):
        """It has its bell."""
        fds = f"/proc/{self.process.pid}/fd"
        try:
            return any(os.readlink(os.path.join(fds, fd)).endswith("/bell") for fd in os.listdir(fds))
        except OSError:
            return False

    def kill(self):
        self.look()
        self.process.kill()
        self.process.wait()

    def end(self):
        """SIGTERM: it has ten seconds, by its contract, and this machine may be busy."""
        self.look()
        began = time.monotonic()
        self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "none in 30 seconds"
        if status != 0:
            self.faults.append(f"the service ended with status {status}")
        if time.monotonic() - began > 15:
            self.faults.append(f"the service took {time.monotonic() - began:.1f} s to end")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def alive(self):
        if self.process.poll() is None:
            return True
        self.faults.append(f"the service of life {self.life} ended by itself, {self.process.returncode}")
        return False


class Writer:
    """tests/programs/enqueue, which goes on behind its record."""

    def __init__(self, sheet, account, path, options):
        self.command = ["enqueue", sheet, account, path, *options]
        self.path, self.process = path, None

    def start(self):
        with open(self.path + ".err", "ab") as err:
            self.process = subprocess.Popen(self.command, env=HERE, stdin=subprocess.DEVNULL, stderr=err)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
