"""Whether memory stays level: visitors come, have the page run, and go; resident memory after each hundred runs.

    python -m tests.benchmarks.soak [--hundreds 8] [--at-once 4] [--model topics-en] [--post-script-gc]

The page's own server with everything it loads. Each visitor is a session of its own over a web socket, as the browser
opens it, with one of 60 sentences (so that what is kept by sentence is full after the first hundred) and asks for the
page three times. Streamlit keeps up to 128 ended sessions for two minutes: memory rises until they are there.
With `--post-script-gc`, Streamlit's own full collection after every run besides, as it is by default.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.benchmarks.latency import SENTENCES
from tests.benchmarks.long_input import resident
from tests.e2e.server import ROOT, Server

#: Page runs of one visitor.
RUNS = 3

#: Seconds a run may take.
PATIENCE = 120.0

#: Growth from the third hundred to the last that is still level.
LEVEL = 1.02


def sentences() -> Iterator[str]:
    """60 sentences, over and over."""
    return itertools.cycle([*SENTENCES, *(f"{sentence} now" for sentence in SENTENCES)])


def visit(server: Server, model: str, text: str) -> list[float]:
    """Open a session, have the page run, go.

    Returns:
        Seconds each run took.

    Raises:
        RuntimeError: A run ended with an error.
    """
    query = urllib.parse.urlencode({"lang": "en", "model": model, "text": text})
    address = f"ws://{server.netloc}/_stcore/stream"
    taken = []
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(server.url)) as socket:
        for _ in range(RUNS):
            message = BackMsg()
            message.rerun_script.query_string = query
            begin = time.perf_counter()
            socket.send(message.SerializeToString())
            _finished(socket)
            taken.append(time.perf_counter() - begin)
    return taken


def _finished(socket: ClientConnection) -> None:
    """Wait for the end of a run."""
    while True:
        data = socket.recv(timeout=PATIENCE)
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if message.HasField("delta") and message.delta.new_element.HasField("exception"):
            raise RuntimeError(message.delta.new_element.exception.message)
        if message.HasField("script_finished"):
            return


def hundred(server: Server, model: str, texts: Iterator[str], at_once: int) -> list[float]:
    """About a hundred page runs, so many visitors at a time; seconds each took."""
    with ThreadPoolExecutor(at_once) as visitors:
        given = list(itertools.islice(texts, round(100 / RUNS)))
        return [seconds for taken in visitors.map(lambda text: visit(server, model, text), given) for seconds in taken]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hundreds", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--model", default="topics-en")
    parser.add_argument("--post-script-gc", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        environment = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"} if options.post_script_gc else {}
        server = Server(ROOT / "app.py", Path(folder) / "log.txt", environment)
        server.start()
        try:
            visit(server, options.model, "is it warm yet")  # waits for all models
            pid, texts, memory = server._process.pid, sentences(), []  # type: ignore[union-attr]
            print(
                f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.at_once} visitors at a time"
            )
            print(f"{'runs':>6}{'resident':>12}{'run p50':>10}{'p95':>10}")
            print(f"{0:6}{resident(pid) / 1e6:9.0f} MB")
            for number in range(1, options.hundreds + 1):
                taken = hundred(server, options.model, texts, options.at_once)
                memory.append(resident(pid))
                times = [1000 * statistics.quantiles(taken, n=20)[rank] for rank in (9, 18)]
                print(f"{100 * number:6}{memory[-1] / 1e6:9.0f} MB{times[0]:7.0f} ms{times[1]:7.0f} ms", flush=True)
        finally:
            server.stop()
    if len(memory) > 3:
        grown = memory[-1] / memory[2]
        print(f"from the third hundred to the last {grown:.1%}; {'level' if grown <= LEVEL else f'over {LEVEL:.0%}'}")


if __name__ == "__main__":
    main()
