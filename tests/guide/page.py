"""Headless Chromium on a blank page of a web server of ours, beside a daemon on port 8121."""

import functools
import http.server
import tempfile
import threading
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PAGE = "http://localhost:8200/"


def serve_blank_page():
    folder = tempfile.mkdtemp()
    with open(folder + "/index.html", "w") as page:
        page.write("<!doctype html><title>guide</title>")
    handler = functools.partial(QuietHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8200), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--user-data-dir=" + tempfile.mkdtemp()):
        options.add_argument(argument)
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Page:
    def __init__(self, browser):
        self.browser = browser
        browser.get(PAGE)
        self.add("window.log = []; window.called = {}; window.failures = [];"
                 "window.onerror = (m) => failures.push(m);")

    def add(self, code):
        """Runs code as a script of the page."""
        self.browser.execute_script(
            "const s = document.createElement('script'); s.textContent = arguments[0]; document.head.append(s);", code)

    def get(self, expression):
        return self.browser.execute_script("return " + expression)

    def until(self, expression, seconds=30):
        deadline = time.monotonic() + seconds
        while not self.get(f"!!({expression})"):
            assert time.monotonic() < deadline, f"not in {seconds} s: {expression}; log ends {self.get('log.slice(-3)')}"
            time.sleep(0.05)

    def finish(self):
        assert not self.get("failures"), self.get("failures")
