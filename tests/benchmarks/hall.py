"""A class on one server: all open one link at the same moment, then each goes on every ten seconds.

    python -m tests.benchmarks.hall [--at-once 50 100 200] [--steady 100 200] [--seconds 40] [--profile FILE]
                                    [--beside ../older-checkout] [--model topics-en]

Real sessions over web sockets, as the browser opens them, without a browser: seconds from the request to the picture
(the words with their weights have come) and to the end of the run. At the same moment all ask for one sentence, as a
class does; afterwards, evenly spread over each ten seconds, everybody asks for a sentence of their own or for another
view. Every answer is compared with the words that were asked for. With `--beside`, another checkout is measured in
turns, in the same environment; its times and the ratio stand beside. With `--profile`, what the server's threads do in
the measured time is sampled into a file, once every 10 ms.

The driver shares the machine's cores with the server: what it prints is too high by what it takes itself. Beside the
times stands the processor time that the server took for each run (for steady visitors their coming included), which
does not hang on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.benchmarks.latency import SENTENCES
from tests.e2e.server import ROOT, Server

#: Seconds between two things that one visitor does, and until an answer is given up.
PERIOD, PATIENCE = 10.0, 120.0

#: What the views are that a visitor turns to.
VIEWS = ("heatmap", "bars", "prediction")


@dataclass
class Visitor:
    """One session.

    Attributes:
        server: Whose.
        model: That is looked at.
        socket: Its connection.
        ids: Of the page's components, by name.
        box: What the box has sent.
    """

    server: Server
    model: str
    socket: ClientConnection | None = None
    ids: dict[str, str] = field(default_factory=dict)
    box: str = ""

    async def open(self, text: str) -> tuple[float, float]:
        """Come with a link; seconds to the picture and to the end."""
        query = urllib.parse.urlencode({"lang": "en", "model": self.model, "text": text})
        begin = time.perf_counter()
        self.socket = await connect(
            f"ws://{self.server.netloc}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(self.server.url),
            max_size=None,
            open_timeout=PATIENCE,
            compression=None,
        )
        message = BackMsg()
        message.rerun_script.query_string = query
        return await self._run(message, text, begin)

    async def apply(self, text: str) -> tuple[float, float]:
        """Type another sentence."""
        entry = {"text": text, "kind": "apply", "follow": True, "stamp": time.time() * 1000}
        self.box = json.dumps({"entry": entry})
        return await self._run(self._states(), text, time.perf_counter())

    async def turn(self, view: str) -> tuple[float, float]:
        """Turn to another view; the picture is the same."""
        message = self._states()
        message.rerun_script.widget_states.widgets.add(
            id=self.ids["attnviz_rail"], json_value=json.dumps({"chosen": {"view": view, "stamp": time.time() * 1000}})
        )
        return await self._run(message, "", time.perf_counter())

    async def close(self) -> None:
        """Go."""
        if self.socket is not None:
            await self.socket.close()

    def _states(self) -> BackMsg:
        message = BackMsg()
        if self.box:
            message.rerun_script.widget_states.widgets.add(id=self.ids["attnviz_sentence_box"], json_value=self.box)
        else:
            message.rerun_script.SetInParent()
        return message

    async def _run(self, message: BackMsg, text: str, begin: float) -> tuple[float, float]:
        """Send, and take what comes until the run has ended.

        Raises:
            RuntimeError: An error, or another picture than was asked for.
        """
        assert self.socket is not None
        await self.socket.send(message.SerializeToString())
        picture = 0.0
        while True:
            data = await asyncio.wait_for(self.socket.recv(), PATIENCE)
            come = ForwardMsg()
            come.ParseFromString(data if isinstance(data, bytes) else data.encode())
            if come.HasField("delta"):
                element = come.delta.new_element
                if element.HasField("exception"):
                    raise RuntimeError(element.exception.message)
                if element.HasField("bidi_component"):
                    part = element.bidi_component
                    self.ids[part.component_name] = part.id
                    if part.component_name == "attnviz_stage" and (not text or _words(part.json) == text):
                        picture = picture or time.perf_counter()
            if come.HasField("script_finished") and come.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                end = time.perf_counter()
                if not picture:
                    raise RuntimeError(f"another picture than of: {text}")
                return picture - begin, end - begin


def _words(data: str) -> str:
    return " ".join(token["text"] for row in json.loads(data)["rows"] for token in row.get("tokens", ()))


async def at_once(server: Server, model: str, visitors: int, text: str) -> list[tuple[float, float]]:
    """All open one link at the same moment."""
    come = [Visitor(server, model) for _ in range(visitors)]
    found = await asyncio.gather(*(each.open(text) for each in come))
    await asyncio.gather(*(each.close() for each in come))
    return list(found)


async def steady(server: Server, model: str, visitors: int, seconds: float) -> list[tuple[float, float]]:
    """Each does something every ten seconds, evenly spread; how long each took once all had come."""
    begin = time.perf_counter() + visitors * 0.12
    found: list[tuple[float, float]] = []

    async def stay(number: int) -> None:
        visitor = Visitor(server, model)
        await asyncio.sleep(number * 0.1)
        await visitor.open(SENTENCES[number % len(SENTENCES)])
        for turn in range(1, round(seconds / PERIOD) + 1):
            await asyncio.sleep(begin + PERIOD * (turn - 1 + number / visitors) - time.perf_counter())
            if turn % 3 == 2:
                found.append(await visitor.turn(VIEWS[(number + turn) % len(VIEWS)]))
            else:
                found.append(await visitor.apply(f"{SENTENCES[(number + turn) % len(SENTENCES)]} {number}"))
        await visitor.close()

    await asyncio.gather(*(stay(number) for number in range(visitors)))
    return found


def quantiles(found: Sequence[tuple[float, float]]) -> dict[str, float]:
    """p50 and p95 of both, in seconds."""
    told: dict[str, float] = {}
    for name, values in zip(("picture", "end"), zip(*found, strict=True), strict=True):
        parts = statistics.quantiles(values, n=20, method="inclusive")
        told |= {f"{name} p50": parts[9], f"{name} p95": parts[18]}
    return told


def measured(folder: Path, options: argparse.Namespace, log: Path) -> dict[str, dict[str, float]]:
    """All that is asked for, of one checkout."""
    environment = {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    if options.profile:
        environment["ATTNVIZ_SAMPLES"] = str(Path(options.profile).resolve())
        environment["PYTHONPATH"] += f":{ROOT / 'tests' / 'benchmarks' / 'sampling'}"
    server = Server(folder / "app.py", log, environment)
    server.start(180)
    found: dict[str, dict[str, float]] = {}
    try:
        asyncio.run(at_once(server, options.model, 1, SENTENCES[0]))  # waits for its model
        _wait_for_all(server)
        for number, visitors in enumerate(options.at_once):
            task = at_once(server, options.model, visitors, SENTENCES[1 + number])
            found[f"{visitors} at once"] = _timed(server, task)
        for visitors in options.steady:
            task = steady(server, options.model, visitors, options.seconds)
            found[f"{visitors} every {PERIOD:.0f} s"] = _timed(server, task)
    finally:
        server.stop()
    return found


def _timed(server: Server, task: Coroutine[None, None, list[tuple[float, float]]]) -> dict[str, float]:
    """Quantiles, and the processor time that the server took for each run, which does not hang on other processes."""
    before = _processor(server)
    found = asyncio.run(task)
    return quantiles(found) | {"processor": (_processor(server) - before) / len(found)}


def _processor(server: Server) -> float:
    """Seconds of processor time a server has taken so far."""
    process = server._process
    assert process is not None
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for_all(server: Server) -> None:
    """Until every model is warm, and what follows is over; in an older checkout, where nothing says so, a while."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{server.url}/api/ready", timeout=5):
                break
        except urllib.error.HTTPError as error:
            if error.code == 404:
                time.sleep(40)
                break
        time.sleep(0.5)
    time.sleep(60)  # what is compiled and asked for after that


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, nargs="*", default=[50, 100, 200])
    parser.add_argument("--steady", type=int, nargs="*", default=[100, 200])
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--model", default="topics-en")
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--profile", default="")
    options = parser.parse_args(arguments)
    folders = [ROOT, *([options.beside.resolve()] if options.beside else [])]
    with tempfile.TemporaryDirectory() as logs:
        tables = [measured(folder, options, Path(logs) / f"{place}.txt") for place, folder in enumerate(folders)]
    for name, row in tables[0].items():
        line = f"{name:>16}"
        for what, seconds in row.items():
            line += f"   {what} {seconds:6.3f} s"
            if len(tables) > 1:
                before = tables[1][name][what]
                line += f" (beside {before:6.3f}, ratio {seconds / before:4.2f})"
        print(line)


if __name__ == "__main__":
    main()
