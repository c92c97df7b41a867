"""Whether memory stays level: visitors come, have the page run, and go; resident memory after each hundred runs.

    python -m tests.benchmarks.soak [--hundreds 8] [--at-once 4] [--model topics-en | --mixed] [--post-script-gc]

The page's own server with everything it loads. Each visitor is a session of its own over a web socket, as the browser
opens it, with one of 60 sentences (so that what is kept by sentence is full after the first hundred) and asks for the
page three times. Streamlit keeps up to 128 ended sessions for two minutes: memory rises until they are there.
With `--mixed`, every run asks for something else, drawn from a seed: any shipped model but that of photographs, a text
of any length or a scene, any view, one language or the other, and often changed weights. `--mixed --hundreds 200` is
the long one. Beside memory stands what the server keeps of results, and how much of it there may be.
With `--post-script-gc`, Streamlit's own full collection after every run besides, as it is by default.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from attnviz import zoo
from attnviz.i18n import languages, translate
from attnviz.ui.views import VIEWS
from tests.benchmarks.generated import scenes
from tests.benchmarks.latency import SENTENCES
from tests.benchmarks.long_input import resident
from tests.e2e.server import ROOT, Server

#: What the page says where a run of it raised.
BROKEN = {translate(language, "page.broken") for language in languages()}

#: Page runs of one visitor.
RUNS = 3

#: Seconds a run may take.
PATIENCE = 120.0

#: Growth, from when all is loaded to the end, of what is held beside kept results that is still level.
LEVEL = 1.02

#: From which look on all is loaded and compiled: of one model; of all, in any view, as a share of the looks.
WARM, WARM_SHARE = 3, 0.15


def sentences() -> Iterator[str]:
    """60 sentences, over and over."""
    return itertools.cycle([*SENTENCES, *(f"{sentence} now" for sentence in SENTENCES)])


def asked(model: str) -> Iterator[dict[str, str]]:
    """What visitors ask one model for, over and over."""
    return ({"lang": "en", "model": model, "text": text} for text in sentences())


def mixed(seed: int = 0) -> Iterator[dict[str, str]]:
    """What visitors ask for who all want something else."""
    drawn, cards = random.Random(seed), [card for card in zoo.models() if card.takes != "photo"]
    words, views = sorted({word for text in SENTENCES for word in text.split()}), [view.key for view in VIEWS]
    while True:
        card = drawn.choice(cards)
        text = drawn.choice(card.examples)
        if card.takes == "scene":
            text = next(scenes(drawn.randrange(10**9)))
        elif drawn.random() < 0.7:
            text = " ".join(drawn.choices(words, k=min(int(drawn.expovariate(1 / 12)) + 1, 200)))
        query = {"lang": drawn.choice(["en", "ja"]), "model": card.name, "text": text, "view": drawn.choice(views)}
        if drawn.random() < 0.3:
            query["edits"] = drawn.choice(["uniform-L0", "off-L0H0", "off-L1H2", "permute-L0-7", "hide-K0"])
        yield query


def visit(server: Server, wanted: Iterator[dict[str, str]]) -> list[float]:
    """Open a session, have the page run, go.

    Args:
        server: That is visited.
        wanted: What each run asks for.

    Returns:
        Seconds each run took.

    Raises:
        RuntimeError: A run ended with an error.
    """
    address = f"ws://{server.netloc}/_stcore/stream"
    taken = []
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(server.url)) as socket:
        for query in itertools.islice(wanted, RUNS):
            message = BackMsg()
            message.rerun_script.query_string = urllib.parse.urlencode(query, errors="replace")
            begin = time.perf_counter()
            socket.send(message.SerializeToString())
            _finished(socket)
            taken.append(time.perf_counter() - begin)
    return taken


def _finished(socket: ClientConnection) -> None:
    """Wait for the end of a run.

    Raises:
        RuntimeError: The page says that something is broken.
    """
    while True:
        data = socket.recv(timeout=PATIENCE)
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if message.HasField("delta") and message.delta.new_element.HasField("exception"):
            raise RuntimeError(message.delta.new_element.exception.message)
        if message.delta.new_element.alert.body in BROKEN:
            raise RuntimeError(message.delta.new_element.alert.body)
        if message.HasField("script_finished"):
            return


def hundred(server: Server, wanted: Iterator[dict[str, str]], at_once: int, same: bool) -> list[float]:
    """About a hundred page runs, so many visitors at a time, who ask for the same again or each time for something
    else; seconds each took."""
    with ThreadPoolExecutor(at_once) as visitors:
        given = [
            list(itertools.repeat(next(wanted), RUNS) if same else itertools.islice(wanted, RUNS))
            for _ in range(round(100 / RUNS))
        ]
        return [seconds for taken in visitors.map(lambda each: visit(server, iter(each)), given) for seconds in taken]


def kept(server: Server) -> tuple[float, float]:
    """Megabytes of results that the server keeps, and that it may keep."""
    with urllib.request.urlopen(f"{server.url}/api/status", timeout=PATIENCE) as answer:
        caches = json.load(answer)["kept"].values()
    return sum(each["bytes"] for each in caches) / 1e6, sum(each["most"] for each in caches) / 1e6


@dataclass(frozen=True)
class Look:
    """The server after some hundreds of runs.

    Attributes:
        runs: How many there were.
        resident: Megabytes it holds.
        p50, p95: Milliseconds that a run of the last hundred took.
        kept, most: Megabytes of results that it keeps, and that it may keep.
    """

    runs: int
    resident: float
    p50: float = 0.0
    p95: float = 0.0
    kept: float = 0.0
    most: float = 0.0


def looks(
    wanted: Iterator[dict[str, str]], hundreds: int, at_once: int, *, same: bool, gc: bool = False
) -> Iterator[Look]:
    """Looks at a server of its own that is asked for all that: once it is warm, and after each hundred runs."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"} if gc else {}
        server = Server(ROOT / "app.py", Path(folder) / "log.txt", environment)
        server.start()
        try:
            visit(server, itertools.islice(asked("topics-en"), RUNS))  # waits for all models
            pid = server._process.pid  # type: ignore[union-attr]
            yield Look(0, resident(pid) / 1e6)
            for number in range(1, hundreds + 1):
                taken = hundred(server, wanted, at_once, same)
                ranks = statistics.quantiles(taken, n=20)
                yield Look(100 * number, resident(pid) / 1e6, 1000 * ranks[9], 1000 * ranks[18], *kept(server))
        finally:
            server.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hundreds", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--model", default="topics-en")
    parser.add_argument("--mixed", action="store_true")
    parser.add_argument("--post-script-gc", action="store_true")
    options = parser.parse_args(arguments)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.at_once} visitors at a time")
    print(f"{'runs':>6}{'resident':>12}{'run p50':>10}{'p95':>10}{'kept of most':>20}")
    memory: list[Look] = []
    wanted = mixed() if options.mixed else asked(options.model)
    for look in looks(wanted, options.hundreds, options.at_once, same=not options.mixed, gc=options.post_script_gc):
        memory.append(look)
        line = f"{look.runs:6}{look.resident:9.0f} MB{look.p50:7.0f} ms{look.p95:7.0f} ms"
        print(f"{line}{look.kept:9.0f} of {look.most:.0f} MB", flush=True)
    warm = max(WARM, int(WARM_SHARE * len(memory)) if options.mixed else 0)
    if len(memory) > warm + 1:
        print(grown(memory[warm], memory[-1]))


def grown(first: Look, last: Look) -> str:
    """What was held at the end, beside results that are kept, as a share of what was held once all was loaded."""
    share = (last.resident - last.kept) / (first.resident - first.kept)
    level = "level" if share <= LEVEL else f"over {LEVEL:.0%}"
    return f"beside what is kept, from {first.runs} runs to {last.runs}: {share:.1%}; {level}"


if __name__ == "__main__":
    main()
