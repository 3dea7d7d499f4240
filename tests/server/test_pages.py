"""What browsers ask on behalf of pages: of the daemon's own, of those that are let in, of those that are not."""

import re

import pytest

TOKEN = "0123456789abcdef0123456789abcdef"
CROSS = "Sec-Fetch-Site: cross-site"
CLICK = [CROSS, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"]
# How a page of another site can ask for an address without a click: (Mode, Dest, Sec-Purpose).
SILENT = {"a prefetch": ("no-cors", "empty", "prefetch"), "an image": ("no-cors", "image", None), "a script": ("no-cors", "script", None),
          "a frame": ("navigate", "iframe", None), "an object": ("navigate", "object", None), "a prerendered page": ("navigate", "document", "prefetch;prerender"),
          "something without a mode": (None, None, None)}
STUDY = "https://study.example"


def fetch_headers(mode, dest, purpose):
    named = {"Mode": mode, "Dest": dest}
    return [CROSS, *(f"Sec-Fetch-{n}: {v}" for n, v in named.items() if v), *([f"Sec-Purpose: {purpose}"] if purpose else [])]


def preflight(server, origin, *more, path="/recordings", method="GET"):
    return server.get(path, f"Origin: {origin}", f"Access-Control-Request-Method: {method}", *more, method="OPTIONS")


def upgrade(server, lines):
    with server.raw("\r\n".join(["GET /ws HTTP/1.1", "Host: localhost", *lines, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                 "Sec-WebSocket-Version: 13", "", ""]).encode()) as peer:
        return int(peer.recv(4096).split()[1])


@pytest.mark.parametrize("how", SILENT)
def test_another_site_cannot_tell_a_right_token_from_a_wrong_one_by(start, how):
    server = start("--token", TOKEN)
    answers = {server.get(f"/?token={guess}", *fetch_headers(*SILENT[how])) for guess in (TOKEN, "wrong")}
    assert len(answers) == 1
    assert answers.pop()[0] == 403


def test_a_link_of_another_site_opens_the_page_and_tells_its_opener_nothing(start):
    server = start("--token", TOKEN)
    for guess, status in ((TOKEN, 200), ("wrong", 401)):
        got, head, _ = server.get(f"/?token={guess}", *CLICK)
        assert got == status
        assert "Cross-Origin-Opener-Policy: same-origin" in head


@pytest.mark.parametrize("request_line, status", [
    ("GET / HTTP/1.1", 200), ("GET /health HTTP/1.1", 200), ("GET /nothing HTTP/1.1", 404), ("GET /ws HTTP/1.1", 426), ("POST / HTTP/1.1", 405),
    ("hello", 400)])
def test_every_answer_is_kept_from_openers_and_embedders(server, request_line, status):
    got, head, _ = server.http(request_line + "\nHost: localhost\n\n")
    assert got == status
    assert "Cross-Origin-Opener-Policy: same-origin\r\n" in head and "Cross-Origin-Resource-Policy: same-origin\r\n" in head


def test_a_clicked_link_that_is_refused_hears_what_a_visitor_can_do(server):
    status, _, body = server.get("/health", *CLICK)
    assert status == 403 and b"address bar" in body and b"--allow" not in body
    status, _, body = server.get("/health", CROSS, "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")
    assert status == 403 and b"--allow-origin" in body
    server.stop()
    assert "address bar" in server.log


def test_pop_ups_of_the_page_leave_places_for_programs_and_null_origins_do_not_add_up(server):
    own, null = [f"Origin: http://localhost:{server.port}"], ["Origin: null"]
    pages = [server.open(headers=own) for _ in range(5)]
    assert server.connect(headers=own).status == 503
    frames = [server.open(headers=null) for _ in range(3)]
    assert server.connect(headers=null).status == 503
    programs = [server.open(), server.open(headers=["Origin: http://localhost:3000"])]
    for peer in pages + frames + programs:
        peer.text("count")
        assert peer.next_text().startswith("10 ")


def test_where_a_token_guards_the_page_it_may_take_every_place(start):
    server = start("--token", TOKEN)
    peers = [server.open(path=f"/ws?token={TOKEN}", headers=[f"Origin: http://localhost:{server.port}"]) for _ in range(10)]
    peers[9].text("count")
    assert peers[9].next_text() == "10 0"


@pytest.mark.parametrize("options, path", [((), "/health"), (("--token", TOKEN), "/health"), (("--token", TOKEN), "/nothing?token=wrong")])
def test_the_preflight_of_an_allowed_origin_is_answered_before_any_token(start, options, path):
    server = start("--allow-origin", STUDY, *options)
    status, head, body = preflight(server, STUDY, CROSS, "Access-Control-Request-Headers: authorization,range", path=path)
    assert (status, body) == (204, b"")
    assert f"Access-Control-Allow-Origin: {STUDY}\r\n" in head and "Vary: Origin" in head
    assert re.search(r"Access-Control-Allow-Methods: .*\bGET\b", head) and "Content-Length" not in head
    for name in ("Authorization", "Range", "If-Range"):
        assert re.search(rf"Access-Control-Allow-Headers:.*\b{name}\b", head), name
    assert "Private-Network" not in head
    assert "Access-Control-Allow-Private-Network: true" in preflight(server, STUDY, "Access-Control-Request-Private-Network: true")[1]


def test_the_preflight_of_another_origin_is_refused(start):
    server = start("--allow-origin", STUDY)
    for origin in ("https://evil.example", "null", "https://study.example.evil.example"):
        status, head, _ = preflight(server, origin)
        assert status == 403 and "Access-Control-Allow" not in head, origin
    assert preflight(server, "http://localhost:3000")[0] == 204
    assert preflight(start("--allow-origin", "null"), "null")[0] == 204


def test_an_allowed_page_can_read_that_its_token_is_wrong(start):
    server = start("--token", TOKEN, "--allow-origin", STUDY)
    status, head, _ = server.get("/health", f"Origin: {STUDY}", CROSS)
    assert status == 401 and f"Access-Control-Allow-Origin: {STUDY}" in head


def test_a_hosted_origin_without_https_is_warned_of(start):
    server = start("--allow-origin", "http://study.example", "--allow-origin", STUDY, "--allow-origin", "http://localhost:3000", "--allow-origin", "null")
    server.stop()
    warnings = [line for line in server.log.splitlines() if "https" in line]
    assert len(warnings) == 1 and "http://study.example" in warnings[0] and "permission" in warnings[0]


@pytest.mark.parametrize("lines", [
    ["Connection: keep-alive", "Connection: Upgrade", "Upgrade: websocket"], ["Connection: Upgrade", "connection: keep-alive", "Upgrade: websocket"],
    ["Connection: Upgrade", "Upgrade: h2c", "Upgrade: WebSocket"], ["Connection:", "Connection: x,\tupgrade", "Upgrade: websocket/13, websocket"]])
def test_a_header_that_is_a_list_may_come_on_two_lines(server, lines):
    assert upgrade(server, lines) == 101


@pytest.mark.parametrize("size", [9_000, 30_000])
def test_cookies_of_other_programs_on_localhost_keep_nobody_out(server, size):
    cookies = "Cookie: " + "; ".join(f"c{n}=" + "x" * 1000 for n in range(size // 1000))
    assert server.get("/health", cookies)[0] == 200
    peer = server.open(headers=[cookies])
    peer.text("in")
    assert peer.next_text() == "in"
    early = server.connect(headers=[cookies], after=peer.frame(1, b"early"))
    assert [early.next_text() for _ in range(2)][1] == "early"


def test_an_address_over_8_kib_gets_414(server):
    assert server.get("/health?x=" + "y" * 8100)[0] == 200
    assert server.get("/health?x=" + "y" * 9000)[0] == 414
