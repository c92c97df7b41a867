"""Who is answered, with which headers, and how much at a time; a server around a page that is no page."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import net_util

from attnviz import api
from attnviz.errors import ServerError
from attnviz.i18n import languages, translate
from attnviz.ui import serving
from attnviz.ui.serving import Guard, connections, full, hosts, rates, start, status, uploads
from attnviz.ui.serving.full import VISITORS
from attnviz.ui.serving.headers import EMBED, security

LIST = Path(serving.__file__).with_name("README.md")

MACHINE = socket.gethostname().partition(".")[0].lower()


@pytest.fixture
def option(monkeypatch):
    """Set one of Streamlit's settings."""
    real = st.get_option

    def set_one(name, value):
        before = st.get_option
        monkeypatch.setattr(st, "get_option", lambda key: value if key == name else before(key))

    assert real("server.allowedHosts") == []
    return set_one


async def page(request: Request):
    if request.query_params.get("fails"):
        raise RuntimeError("a path on this machine: /home/someone")
    if request.query_params.get("leaves"):
        raise ClientDisconnect
    return PlainTextResponse("page", headers={"X-Frame-Options": "ALLOWALL"})


async def stream(socket: WebSocket):
    await socket.accept()
    await socket.send_text(str(status.status()["visitors"]))
    await socket.close()


async def open_page(socket: WebSocket):
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        await socket.receive_text()


async def chat(request: Request):
    return PlainTextResponse(await request.body())


ROUTES = [
    *status.ROUTES,
    *api.ROUTES,
    WebSocketRoute("/_stcore/stream", stream),
    WebSocketRoute("/open", open_page),
    Route("/api2", page),
    Route("/{rest:path}", page, methods=["GET", "PUT", "POST"]),
]
APP = Starlette(routes=ROUTES, middleware=[Middleware(Guard)])


@pytest.fixture(scope="module")
def client():
    with TestClient(APP, "http://localhost:8501", raise_server_exceptions=False) as client:
        yield client


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

OURS = ["localhost", "127.0.0.1:8501", "[::1]:8501", "10.2.3.4", "hall", "HALL.", f"{MACHINE}.local:8501"]
THEIRS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8501", "a@localhost", "", "localhost/x"]
THEIRS += ["localhost:80:90", "localhost;script-src", "lo cal", "\u30db\u30fc\u30eb.example", "x.local"]


@pytest.mark.parametrize("host", OURS)
def test_names_that_nobody_else_can_own(host):
    assert hosts.host_answered(host)


@pytest.mark.parametrize("host", [*THEIRS, None])
def test_names_that_lead_here_by_somebody_elses_will(host):
    assert not hosts.host_answered(host)


def test_whoever_runs_it_lists_names(option):
    option("server.allowedHosts", ["attnviz.example", "*.uni.example"])
    assert all(map(hosts.host_answered, ["attnviz.example:443", "ATTNVIZ.example.", "hall.uni.example"]))
    assert not any(map(hosts.host_answered, ["localhost", "127.0.0.1", "uni.example", "evil.example", None]))


def test_pages_that_may_ask(option):
    assert hosts.origin_answered(None, "hall:8501")
    assert hosts.origin_answered("http://hall:8501", "hall:8501") and hosts.origin_answered("https://hall", "HALL")
    for origin in ("http://evil.example", "null", "http://hall:8502", "http://localhost:3000", "", "//", "hall:8501"):
        assert not hosts.origin_answered(origin, "hall:8501")
    assert not hosts.origin_answered("", "") and not hosts.origin_answered("null", None)
    option("server.corsAllowedOrigins", ["https://lms.example"])
    assert hosts.origin_answered("https://lms.example", "hall:8501")
    assert not hosts.origin_answered("http://lms.example", "hall:8501")


@pytest.mark.parametrize("path", ["/", "/api/models", "/_stcore/host-config", "/api/status"])
def test_one_rule_for_every_address(client, path):
    for wrong in ({"host": "evil.example"}, {"origin": "http://evil.example"}):
        answer = client.get(path, headers=wrong)
        assert answer.status_code == 403 and "evil.example" in answer.text
        assert (answer.headers["content-type"] == "application/json") == path.startswith("/api/")
    assert client.get(path, headers={"host": "evil.example", "accept-language": "ja"}).text.isascii() == (
        path.startswith("/api/")
    )


@pytest.mark.parametrize("wrong", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_and_for_sockets(client, wrong):
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/_stcore/stream", headers=wrong):
        pass
    assert refused.value.code == 1008


def test_sockets_of_its_own_page_are_counted(client):
    with client.websocket_connect("/_stcore/stream", headers={"origin": "http://testserver"}) as opened:
        assert opened.receive_text() == "1"
    assert status.status()["visitors"] == 0


def test_whoever_watches_over_it_asks_under_any_name(client):
    for path in hosts.HEALTH[1:]:
        assert client.get(path, headers={"host": "10-1-2-3.pod.example"}).status_code in (200, 503)


# ── headers and addresses ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_answer_has_the_headers(client):
    for answer in (client.get("/"), client.get("/api/none"), client.get("/?fails=1"), client.get("/api/health")):
        names = [name for name, _ in answer.headers.multi_items()]
        for name, value in security("localhost:8501"):
            assert names.count(name.decode()) == 1 and answer.headers[name.decode()] == value.decode()
    policy = dict(each.split(" ", 1) for each in client.get("/").headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "'self'" and policy["default-src"] == "'self'"
    assert "unsafe-inline" not in policy["script-src"] and "unsafe-eval" not in policy["script-src"]
    assert policy["connect-src"] == "'self' data: blob: ws://localhost:8501 wss://localhost:8501"


def test_who_may_frame_it_is_a_setting_and_no_more_than_that(client, monkeypatch):
    monkeypatch.setenv(EMBED, "https://lms.example\r\nx:y; script-src * 'unsafe-inline'")
    policy = client.get("/").headers["content-security-policy"]
    assert policy.endswith("; frame-ancestors 'self' https://lms.example script-src *")
    monkeypatch.setenv(EMBED, "https://lms.example")
    headers = client.get("/").headers
    assert headers["content-security-policy"].endswith("frame-ancestors 'self' https://lms.example")
    assert "x-frame-options" not in client.get("/api/health").headers


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp"])
def test_what_streamlit_tells_of_itself_is_closed(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/none", "/api/trace/", "/api//trace", "/api/%2e%2e/x"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "BREW", "DISPATCH"])
def test_what_is_not_there_is_said_in_json(client, path, method):
    answer = client.request(method, path)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "BREW", "DISPATCH", "METHOD_NOT_ALLOWED", "__CLASS__"])
@pytest.mark.parametrize("path", ["/api/trace", "/api/models", "/api/scene.webp", "/api/health", "/api/status"])
def test_what_cannot_be_done_is_said_in_json(client, path, method):
    answer = client.request(method, path)
    assert answer.status_code == 405 and answer.json()["error"]["code"] == "method_not_allowed"


def test_a_mistake_of_ours_is_said_in_words_and_tells_no_paths(client, caplog):
    for path in ("/?fails=1", "/api2?fails=1"):
        answer = client.get(path)
        assert answer.status_code == 500 and "/home" not in answer.text and "Traceback" not in answer.text
    assert "/home/someone" in caplog.text


def test_who_leaves_meanwhile_is_no_mistake(client, caplog):
    with contextlib.suppress(AssertionError):  # the test client wants an answer
        client.get("/?leaves=1")
    assert caplog.text == ""


# ── uploads ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_are_taken_of_nobody_who_was_not_shown_the_form(client, monkeypatch, option):
    for path in ("/_stcore/upload_file/here/1", "/base/_stcore/upload_file/here/1"):
        answer = client.put(path, content=b"x")
        assert (answer.status_code, answer.text[:5]) == (403, "Files")
    monkeypatch.setenv(uploads.SWITCH, "1")
    option("server.address", "localhost")
    monkeypatch.setitem(uploads._shown_to, "here", None)
    assert client.put("/_stcore/upload_file/here/1", content=b"x").status_code == 200
    assert client.put("/_stcore/upload_file/elsewhere/1", content=b"x").status_code == 403
    monkeypatch.setenv(uploads.SWITCH, "0")
    assert client.put("/_stcore/upload_file/here/1", content=b"x").status_code == 403


@pytest.mark.parametrize(
    ("peer", "host", "headers", "here"),
    [
        ("127.0.0.1", "localhost:8501", ["Host", "Origin"], True),
        ("::1", "[::1]:8501", [], True),
        ("::ffff:127.0.0.1", "127.0.0.1", [], True),
        ("127.0.0.1", "localhost", ["X-Forwarded-For"], False),
        ("127.0.0.1", "localhost", ["via"], False),
        ("127.0.0.1", "attnviz.example", [], False),
        ("10.0.0.7", "localhost", [], False),
        (None, "localhost", [], False),
        ("testclient", "localhost", [], False),
    ],
)
def test_who_is_at_this_machine(peer, host, headers, here):
    assert hosts.from_this_machine(peer, host, headers) is here


def test_the_operators_numbers_are_for_the_machine_itself(client, monkeypatch):
    assert client.get("/api/status").status_code == 403
    with TestClient(APP, "http://localhost", client=("127.0.0.1", 5)) as near:
        told = near.get("/api/status").json()
        assert near.get("/api/status", headers={"x-real-ip": "10.0.0.7"}).status_code == 403
    assert {"version", "up", "ready", "visitors", "requests", "kept", "memory"} <= told.keys()
    assert told["kept"]["trace"]["most"] >= told["kept"]["trace"]["bytes"] >= 0


def test_ready_once_all_is_loaded(client, monkeypatch):
    from attnviz.ui import warmup

    monkeypatch.setattr(warmup, "progress", warmup.Progress())
    early = client.get("/api/ready")
    assert (early.status_code, early.headers["retry-after"]) == (503, "5")
    warmup.progress.finish()
    assert client.get("/api/ready").status_code == 200 == client.get("/api/health").status_code


# ── nobody is asked ───────────────────────────────────────────────────────────────────────────────────────────────


def test_no_host_is_asked_for_this_machines_address(monkeypatch, capsys, option):
    def asked(*arguments, **options):
        raise AssertionError(f"asked: {arguments}")

    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    start.prepare()
    monkeypatch.setattr(net_util, "_make_blocking_http_get", asked)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, asked)
    assert net_util.get_external_ip() is None
    for origin in ("http://evil.example", "http://10.1.1.1"):
        assert not hosts.origin_answered(origin, "localhost:8501")
    start.announce()
    said = capsys.readouterr().err
    assert "http://localhost:8501/" in said
    option("server.address", "::1")
    start.announce()
    assert "http://[::1]:8501/" in capsys.readouterr().err


# ── how much at a time ────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def running(most: int, head_seconds: float) -> Iterator[tuple[int, uvicorn.Server]]:
    """A server with these limits, and its port."""
    config = uvicorn.Config(APP, host="127.0.0.1", port=0, log_level="error", lifespan="off", access_log=False)
    config.load()
    connections.harden(config, most, head_seconds)
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listening.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def test_a_page_beyond_the_limit_says_so_in_the_visitors_language_and_comes_in_later(client, monkeypatch):
    monkeypatch.setenv(VISITORS, "1")
    asks = {"accept": "text/html,*/*;q=0.8", "accept-language": "ja-JP,en;q=0.5"}
    with client.websocket_connect("/open", headers={"origin": "http://testserver"}):
        turned_away = client.get("/", headers=asks)
        assert (turned_away.status_code, turned_away.headers["retry-after"]) == (503, str(full.SECONDS))
        assert translate("ja", "page.full", seconds=full.SECONDS) in turned_away.text
        assert (
            f'http-equiv="refresh" content="{full.SECONDS}"' in turned_away.text
            and '<html lang="ja">' in turned_away.text
        )
        assert turned_away.headers["x-content-type-options"] == "nosniff"
        assert translate("en", "page.full", seconds=full.SECONDS) in client.get("/?lang=en", headers=asks).text
        # Whoever is inside has files and answers, and nobody slips in behind.
        assert (
            client.get("/static/x.js", headers=asks).text == client.get("/", headers={"accept": "*/*"}).text == "page"
        )
        assert client.get("/api/health", headers=asks).status_code == 200
        with pytest.raises(WebSocketDisconnect) as late, client.websocket_connect("/open"):
            pass
        assert late.value.code == 1013
    assert client.get("/", headers=asks).text == "page"


@pytest.mark.parametrize("said", ["", "0", "many", "-3"])
def test_a_limit_that_is_none_is_the_usual_one(monkeypatch, said):
    monkeypatch.setenv(VISITORS, said)
    assert full.most() == full.MOST


def test_a_connection_too_many_is_told_in_every_language():
    with running(most=1, head_seconds=30) as (port, _):
        inside = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        inside.putrequest("POST", "/api/trace")
        inside.putheader("Content-Length", "9")
        inside.endheaders()  # it is being answered: no one that asks nothing
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", port), 5) as late:
            told = b"".join(iter(lambda: late.recv(4096), b"")).decode()
        inside.close()
    assert told.startswith("HTTP/1.1 503 ") and f"Retry-After: {full.SECONDS}\r\n" in told
    assert all(
        f'<p lang="{each}">{translate(each, "page.full", seconds=full.SECONDS)}</p>' in told for each in languages()
    )


def half_open(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), 5)
    opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    return opened


def asked(port: int) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    return connection.getresponse()


def test_who_never_asks_does_not_keep_others_out_and_nothing_is_told_of_the_server():
    with running(most=5, head_seconds=30) as (port, _):
        slow = [half_open(port) for _ in range(23)]
        answer = asked(port)
        assert answer.status == 200 and answer.read() == b"page"
        assert answer.getheader("server") is None and "x-powered-by" not in answer.headers
        slow[0].settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert slow[0].recv(10) == b""  # the oldest was ended


def test_small_answers_are_sent_when_they_are_there():
    with running(most=5, head_seconds=30) as (port, server):
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        kept.request("GET", "/")
        assert kept.getresponse().read() == b"page"
        (connection,) = server.server_state.connections
        opened = connection.transport.get_extra_info("socket")
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        kept.close()


def test_the_head_of_a_request_must_come_in_time_also_the_second_one():
    with running(most=50, head_seconds=0.3) as (port, _):
        begun = time.monotonic()
        slow = half_open(port)
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(10) == b""
        again = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        again.request("GET", "/")
        again.getresponse().read()
        again.sock.sendall(b"GET / HT")
        with contextlib.suppress(ConnectionResetError):
            assert again.sock.recv(10) == b""
        assert 0.5 < time.monotonic() - begun < 4


def test_threads_wake_the_loop_once_for_all_and_every_call_comes():
    came: list[int] = []

    async def wait_for_all():
        loop = asyncio.get_running_loop()
        woken, wake = [], loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given, **how: woken.append(1) or wake(*given, **how)
        start.quicken(loop)
        call = loop.call_soon_threadsafe

        def many(first: int) -> None:
            for number in range(first, first + 500):
                call(came.append, number)

        threads = [threading.Thread(target=many, args=(1000 * each,)) for each in range(4)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 10
        while len(came) < 2000 and time.monotonic() < end:
            await asyncio.sleep(0.01)
        call(came.append, -1)  # the last one, into a loop that sleeps
        await asyncio.sleep(0.1)
        return len(woken)

    assert 0 < asyncio.run(wait_for_all()) < 1000
    assert came[-1] == -1 and [each for each in came if each // 1000 == 2] == list(range(2000, 2500))


def test_tasks_wait_for_their_turn_are_turned_away_and_end_in_time():
    work = api.Work(running=1, waiting=1, seconds=0.4)
    hold = threading.Event()

    async def all_at_once():
        tasks = [asyncio.create_task(work.do(lambda: hold.wait(3))) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(ServerError, match="2 seconds") as busy:
            await work.do(lambda: None)
        hold.set()
        assert busy.value.code == "busy" and await asyncio.gather(*tasks) == [True, True]
        hold.clear()
        first = asyncio.create_task(work.do(lambda: hold.wait(3)))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(work.do(lambda: pytest.fail("nobody waits for it any more")))
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert [each.code for each in found] == ["took_too_long"] * 2
        hold.set()
        await asyncio.sleep(0.1)
        return await work.do(lambda: "again")

    assert asyncio.run(all_at_once()) == "again"
    assert (work.inside, work.refused) == (0, 1)


# ── so many of one address ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def of():
    """A client at an address; a new count for each test."""
    rates.counted.cache_clear()
    return lambda address: TestClient(APP, "http://localhost:8501", client=(address, 5000))


def test_so_many_requests_of_one_address_where_it_is_asked_for(of, monkeypatch):
    monkeypatch.setenv(rates.RATE, "3/minute")
    one, other = of("10.2.3.4"), of("10.2.3.5")
    assert [one.get("/api/nothing").status_code for _ in range(4)] == [404, 404, 404, 429]
    refused = one.get("/api/nothing", headers={"accept-language": "ja"})
    assert 1 <= int(refused.headers["retry-after"]) <= 60 and refused.json()["error"]["code"] == "too_often"
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert other.get("/api/nothing").status_code == 404
    # Files of a page count as little as whoever watches over the server, but to open another page does.
    assert {one.get(path).status_code for path in ("/", "/static/x.js", "/api/health")} == {200}
    with pytest.raises(WebSocketDisconnect) as late, one.websocket_connect("/open"):
        pass
    assert late.value.code == 1013
    monkeypatch.delenv(rates.RATE)
    assert one.get("/api/nothing").status_code == 404


def test_a_household_is_one_address(of, monkeypatch):
    monkeypatch.setenv(rates.RATE, "1/minute")
    found = [of(each).get("/api/nothing").status_code for each in ("2001:db8::7", "2001:db8::8", "2001:db8:1::7")]
    assert found == [404, 429, 404]


@pytest.mark.parametrize("said", ["often", "0 per never", "5", "60/minute; rm"])
def test_a_rate_that_is_none_is_told_before_the_server_answers(monkeypatch, said):
    monkeypatch.setenv(rates.RATE, said)
    with pytest.raises(SystemExit, match=rates.RATE):
        serving.prepare()


# ── what stands in the list ───────────────────────────────────────────────────────────────────────────────────────


def test_every_threat_in_the_list_has_a_test_that_is_there():
    root = Path(__file__).parent
    rows = [line.split("|") for line in LIST.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    named = [re.findall(r"`([\w/]+\.py)::(\w+)`", row[3]) for row in rows]
    assert len(rows) > 15 and all(named)
    missing = [
        f"{file}::{test}"
        for each in named
        for file, test in each
        if f"def {test}(" not in (root / file).read_text(encoding="utf-8")
    ]
    assert missing == []
