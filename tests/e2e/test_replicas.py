"""Two servers behind nginx, as in `deploy/`: one goes away under load, and whoever was on it goes on with the other."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.helpers import COUNT_RUNS, PATIENCE, eventually, wait_for_run, wait_until
from tests.e2e.sentences import MODEL, apply, expect_drawn
from tests.e2e.server import ROOT, Server, free_port
from tests.machine import HOW_TO_GET_NGINX, find_nginx

CONFIGURATION = ROOT / "deploy" / "nginx.conf"

#: Callers that ask all the time.
CALLERS = 3


@pytest.fixture
def one(server: Server) -> Iterator[Server]:
    """The server of all tests; it is there again afterwards."""
    yield server
    if not server.healthy():
        server.start()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Server]:
    """A second server."""
    running = Server(ROOT / "app.py", tmp_path / "log.txt", {"ATTNVIZ_WARM": "0"})
    running.start()
    yield running
    running.stop()


def test_whoever_was_on_a_server_that_is_gone_is_on_the_other(
    one: Server, other: Server, browser: Browser, tmp_path: Path
):
    with nginx([one, other], tmp_path) as url:
        before = {each: visitors(each) for each in (one, other)}
        context = browser.new_context()
        context.add_init_script(COUNT_RUNS)
        page = context.new_page()
        page.goto(f"{url}/?model={MODEL}&follow=0&lang=en&view=heatmap&text=good")
        wait_for_run(page, 2 * PATIENCE)
        apply(page, "a terrible film")
        wait_until(page, "() => location.search.includes('terrible')")
        mark = marks(context.cookies())
        holds, free = sorted((one, other), key=lambda each: before[each] - visitors(each))
        assert (visitors(holds), visitors(free)) == (before[holds] + 1, before[free])
        page.reload()
        expect_drawn(page, "a terrible film")
        eventually(lambda: visitors(holds), before[holds] + 1)
        assert visitors(free) == before[free], "a visitor stays where they were"

        with load(url) as answers:
            eventually(lambda: len(answers) > 5 * CALLERS, True)
            holds.stop()
            gone = len(answers)
            expect(page.locator(".rail")).to_be_visible()
            eventually(lambda: visitors(free), before[free] + 1)
            wait_for_run(page)
            expect_drawn(page, "a terrible film")
            eventually(lambda: len(answers) > gone + 5 * CALLERS, True)
        failed = [status for status in answers if status != 200]
        assert len(failed) <= CALLERS, "what was under way may be lost, and nothing after it"
        expect(page.locator('.rail [aria-current="page"]')).to_have_text("Heatmap")
        apply(page, "it works on the other")
        assert marks(context.cookies()) == mark
        context.close()


def marks(cookies: object) -> list[str]:
    """What the visitor is told apart by."""
    assert isinstance(cookies, list)
    found = [each["value"] for each in cookies if each["name"] == "attnviz_replica"]
    assert len(found) == 1 and found[0]
    return found


def visitors(server: Server) -> int:
    """How many a server has."""
    with urllib.request.urlopen(f"{server.url}/api/status", timeout=20) as answer:
        return int(json.load(answer)["visitors"])


@contextmanager
def nginx(servers: list[Server], place: Path) -> Iterator[str]:
    """The configuration of `deploy/` with the names of servers here; gives the address."""
    program = find_nginx()
    assert program, HOW_TO_GET_NGINX
    port, text = free_port(), CONFIGURATION.read_text(encoding="utf-8")
    here = {f"attnviz-{number}:8501": each.netloc for number, each in enumerate(servers, 1)}
    here |= {"listen 8080": f"listen 127.0.0.1:{port}", "worker_processes auto": "worker_processes 1"}
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    here["http {"] = "http {" + "".join(f" {kind}_temp_path {place}/{kind};" for kind in kinds)
    for name, value in here.items():
        assert text.count(name) == 1, name
        text = text.replace(name, value)
    written = place / "nginx.conf"
    written.write_text(text, encoding="utf-8")
    rules = f"daemon off; pid {place}/pid; error_log {place}/errors;"
    running = subprocess.Popen([program, "-p", str(place), "-e", f"{place}/errors", "-c", str(written), "-g", rules])
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: asked(f"{url}/api/health"), 200)
        yield url
    finally:
        running.terminate()
        running.wait(10)


@contextmanager
def load(url: str) -> Iterator[list[int]]:
    """Callers that ask for traces; gives the status of every answer so far."""
    answers: list[int] = []
    over = threading.Event()

    def call(number: int) -> None:
        while not over.is_set():
            answers.append(asked(f"{url}/api/trace?model={MODEL}&text=caller+{number}", number))
            time.sleep(0.05)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for each in callers:
        each.start()
    try:
        yield answers
    finally:
        over.set()
        for each in callers:
            each.join()


def asked(address: str, mark: int = 0) -> int:
    """The status of an answer, 0 where there is none."""
    request = urllib.request.Request(address, headers={"Cookie": f"attnviz_replica=caller-{mark}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
