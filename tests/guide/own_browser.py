"""A client of our own (own.js) that does in headless Chromium what each step of the guide does, on port 8121."""

import pathlib

from guide import start_daemon, stop_daemon
from page import Page, open_browser, serve_blank_page

daemon = start_daemon()
serve_blank_page()
browser = open_browser()
try:
    page = Page(browser)
    page.add((pathlib.Path(__file__).parent / "own.js").read_text())
    page.until("window.readyForRestart || failures.length", 120)
    page.finish()
    stop_daemon(daemon)
    daemon = start_daemon()
    page.until("window.finished || failures.length", 60)
    page.finish()
    assert page.get("closeCode") == 1012, page.get("closeCode")
    print(page.get("passed"))
finally:
    browser.quit()
    if daemon.poll() is None:
        stop_daemon(daemon)
print("our own JavaScript does what each step of the guide does")
