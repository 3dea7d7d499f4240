"""In Chromium: which pages get at the daemon, by where they come from."""

import functools
import http.server
import os
import tempfile
import threading
import urllib.request

import pytest
from peers import Daemon, free_port

webdriver = pytest.importorskip("selenium.webdriver", reason="no python3-selenium: browsers are not tried")
waiting = pytest.importorskip("selenium.webdriver.support.ui")
if not os.path.exists("/usr/bin/chromedriver"):
    pytest.skip("no chromium-driver: browsers are not tried", allow_module_level=True)

TOKEN = "0123456789abcdef0123456789abcdef"
EVIL, REBOUND = "evil.example", "rebound.example"

# Runs in the page; answers with what a WebSocket and a fetch to the daemon came to.
TRY = """
async function attempt(host, commands, path) {
  const result = {ws: 'refused', replies: {}, fetch: 'refused'};
  await new Promise((done) => {
    const ws = new WebSocket(`ws://${host}/ws`);
    const waiting = new Set(commands);
    setTimeout(done, 8000);
    ws.onclose = done;
    ws.onopen = () => {
      result.ws = 'open';
      for (const command of commands) ws.send(JSON.stringify({command}));
      if (!waiting.size) ws.close();
    };
    ws.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type !== 'command_response') return;
      result.replies[message.command] = message.success ? 'ok' : message.data.error_code;
      waiting.delete(message.command);
      if (!waiting.size) ws.close();
    };
  });
  try {
    result.fetch = (await fetch(`http://${host}${path}`)).status;
  } catch (error) { /* refused: the browser tells the page no more */ }
  return result;
}
"""
COMMANDS = ["get_streaming_status", "stop_scan", "start_recording", "list_recordings", "delete_recording"]
FREE, SHUT = ["get_streaming_status", "stop_scan"], ["start_recording", "list_recordings", "delete_recording"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pages():
    """A web server of someone else; its port. /frame.html holds a sandboxed frame that tries, and tells its parent."""
    folder = tempfile.mkdtemp()
    with open(f"{folder}/index.html", "w", encoding="utf-8") as page:
        page.write("<!doctype html><title>a page</title>")
    with open(f"{folder}/inner.html", "w", encoding="utf-8") as page:
        page.write(f"<!doctype html><script>{TRY}\nonmessage = async (e) => parent.postMessage(await attempt(...e.data), '*');</script>")
    with open(f"{folder}/frame.html", "w", encoding="utf-8") as page:
        page.write('<!doctype html><iframe sandbox="allow-scripts" src="inner.html"></iframe>')
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     f"--host-resolver-rules=MAP {EVIL} 127.0.0.1, MAP {REBOUND} 127.0.0.1", "--user-data-dir=" + tempfile.mkdtemp()):
        options.add_argument(argument)
    service = webdriver.chrome.service.Service("/usr/bin/chromedriver")
    driver = webdriver.Chrome(service=service, options=options)
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


def attempt(browser, host, path="/health"):
    return browser.execute_async_script(TRY + "attempt(...arguments).then(arguments[arguments.length - 1]);", host, COMMANDS, path)


def test_a_page_of_localhost_may_do_everything(browser, pages, daemon):
    for host in ("localhost", "127.0.0.1"):
        browser.get(f"http://{host}:{pages}/")
        got = attempt(browser, f"127.0.0.1:{daemon.port}")
        assert got["ws"] == "open" and got["fetch"] == 200
        assert "NOT_ALLOWED" not in got["replies"].values() and set(got["replies"]) == set(COMMANDS)
        assert got["replies"]["list_recordings"] == "ok"


def test_a_page_of_another_origin_gets_in_nowhere(browser, pages, daemon):
    browser.get(f"http://{EVIL}:{pages}/")
    for host in ("127.0.0.1", "localhost"):
        got = attempt(browser, f"{host}:{daemon.port}")
        assert (got["ws"], got["fetch"], got["replies"]) == ("refused", "refused", {})


def test_a_name_that_was_rebound_to_this_machine_gets_in_nowhere(browser, daemon):
    """The page would be the daemon's own by name and port: only Host gives it away."""
    browser.get(f"http://{REBOUND}:{daemon.port}/")
    assert "--allow-host" in browser.page_source and "canvas" not in browser.page_source
    got = attempt(browser, f"{REBOUND}:{daemon.port}")
    assert got["ws"] == "refused" and got["fetch"] in (403, "refused") and got["replies"] == {}


def test_a_page_of_a_file_may_stream_but_not_record(browser, daemon, tmp_path):
    (tmp_path / "page.html").write_text("<!doctype html><title>a file</title>")
    browser.get(f"file://{tmp_path}/page.html")
    got = attempt(browser, f"127.0.0.1:{daemon.port}", "/recordings")
    assert got["ws"] == "open" and got["fetch"] == "refused"
    assert [got["replies"][c] for c in FREE] == ["ok"] * 2 and [got["replies"][c] for c in SHUT] == ["NOT_ALLOWED"] * 3


@pytest.mark.parametrize("host", [EVIL, "localhost"])
def test_a_sandboxed_frame_can_neither_record_nor_download(browser, pages, daemon, host):
    browser.get(f"http://{host}:{pages}/frame.html")
    got = browser.execute_async_script(
        "const done = arguments[arguments.length - 1], args = [...arguments].slice(0, 3);"
        "onmessage = (e) => done(e.data);"
        "const ask = () => document.querySelector('iframe').contentWindow.postMessage(args, '*');"
        "setTimeout(ask, 500);", f"127.0.0.1:{daemon.port}", COMMANDS, "/recordings")
    assert got["fetch"] == "refused" and got["ws"] == "open"
    assert [got["replies"][c] for c in SHUT] == ["NOT_ALLOWED"] * 3


def test_deny_origin_null_shuts_files_out(browser, tmp_path):
    daemon = Daemon("--backend", "sim", "--deny-origin", "null")
    (tmp_path / "page.html").write_text("<!doctype html><title>a file</title>")
    browser.get(f"file://{tmp_path}/page.html")
    assert attempt(browser, f"127.0.0.1:{daemon.port}")["ws"] == "refused"
    assert daemon.stop()[0] == 0


def needs_the_page(daemon):
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/") as page:
        if b"page.js" not in page.read():
            pytest.skip("not built: the page (npm ci in web, esbuild)")


def test_the_page_passes_its_token_on(browser, daemon, tmp_path):
    needs_the_page(daemon)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    daemon = Daemon("--backend", "sim", "--token-file", str(token), port=free_port())
    browser.implicitly_wait(15)
    browser.get(f"http://localhost:{daemon.port}/")
    assert "token" in browser.page_source and TOKEN not in browser.page_source
    browser.get(f"http://localhost:{daemon.port}/?token={TOKEN}")
    try:
        assert browser.find_element("xpath", "//*[@id='daemon'][starts-with(text(), 'linkbandd ')]"), "told by the WebSocket"
    finally:
        assert daemon.stop()[0] == 0


PREFETCH = """
const [right, wrong, done] = arguments;
const fetched = (href) => new Promise((told) => {
  const link = document.createElement('link');
  Object.assign(link, {rel: 'prefetch', href, onload: () => told('load'), onerror: () => told('error')});
  document.head.append(link);
});
Promise.all([fetched(right), fetched(wrong)]).then(done);
"""


def test_a_page_of_another_origin_learns_nothing_of_a_token_by_prefetching(browser, pages, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    daemon = Daemon("--backend", "sim", "--token-file", str(token))
    try:
        browser.get(f"http://{EVIL}:{pages}/")
        guesses = [f"http://127.0.0.1:{daemon.port}/?token={guess}" for guess in (TOKEN, TOKEN[::-1])]
        assert browser.execute_async_script(PREFETCH, *guesses) == ["error", "error"]
    finally:
        assert daemon.stop()[0] == 0


def test_a_page_too_many_says_so_and_gets_the_place_of_one_that_is_closed(browser, daemon):
    """The browser tells a page only that its WebSocket failed: the page asks further."""
    needs_the_page(daemon)
    page = f"http://127.0.0.1:{daemon.port}/"

    def says(words):
        return lambda _: words in browser.find_element("id", "daemon").text

    browser.get(page)
    waiting.WebDriverWait(browser, 20).until(says("linkbandd "))
    browser.execute_async_script(
        "const done = arguments[0], url = `ws://${location.host}/ws`; let left = 4;"
        "window.others = [1, 2, 3, 4].map(() => new WebSocket(url));"
        "for (const one of window.others) one.onopen = () => { if (!--left) done(); };")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(page)
    waiting.WebDriverWait(browser, 20).until(says("close another"))
    second = browser.current_window_handle
    browser.switch_to.window(first)
    browser.execute_script("window.others[0].close();")
    browser.switch_to.window(second)
    waiting.WebDriverWait(browser, 30).until(says("linkbandd "))
    browser.close()
    browser.switch_to.window(first)
