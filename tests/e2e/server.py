"""The page's own server, started for the tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """`streamlit run` of a script, in a process group of its own.

    Args:
        script: What to run.
        log: File the server's output is added to.
        environment: More environment variables.
    """

    def __init__(self, script: Path, log: Path, environment: dict[str, str] | None = None) -> None:
        self.script = script
        self.log = log
        self.port = free_port()
        self.environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def netloc(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Address of the page, no slash at the end."""
        return f"http://{self.netloc}"

    def start(self, seconds: float = 90) -> None:
        """Start and wait until the server answers.

        Args:
            seconds: How long to wait.

        Raises:
            RuntimeError: It ended or did not answer in time; the message has the end of its output.
        """
        # A server address of its own keeps Streamlit from asking another host for this machine's.
        options = ("--server.port", str(self.port), "--server.address", "127.0.0.1", "--server.headless", "true")
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(self.script), *options],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while not self.healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"The server of {self.script.name} did not start. Its output:\n{self.output()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server and all it started; nothing if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        if hasattr(os, "killpg"):
            _signal_group(process.pid, signal.SIGTERM)
        else:
            process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if hasattr(os, "killpg"):
            _signal_group(process.pid, signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again at the same address."""
        self.stop()
        self.start()

    def healthy(self) -> bool:
        """True if the server answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def output(self, characters: int = 4000) -> str:
        """The end of what the server wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:] if self.log.exists() else ""


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def free_port() -> int:
    """One that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
