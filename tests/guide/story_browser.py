"""The guide's JavaScript, as printed, in headless Chromium against a daemon on port 8121."""

import re

from guide import ADDRESS, blocks, start_daemon, stop_daemon
from page import Page, open_browser, serve_blank_page

CODE = blocks("javascript")
STUBS = sorted(
    {
        name
        for name in re.findall(r"\b([a-z]\w*)\(", CODE["JavaScript Message Handler"] + CODE["JavaScript Error Handling"])
        if name not in ("if", "switch", "function", "handleMessage", "handleEvent", "handleSensorData", "handleError",
                        "handleStreamingError", "restartSensorStreaming", "log", "error", "send", "stringify", "setTimeout")
    }
)


def sends(block):
    """The block's printed ws.send calls, each by itself, by their command."""
    found = re.findall(r"ws\.send\(JSON\.stringify\(\{.*?\}\)\);", CODE[block], flags=re.S)
    return {re.search(r"command: '(\w+)'", code).group(1): code for code in found}


def open_connection(page, path):
    for name in STUBS:
        page.add(f"function {name}(...a) {{ (called.{name} = called.{name} || []).push(a); }}")
    page.add(CODE["JavaScript Message Handler"] + CODE["JavaScript Error Handling"])
    page.add(CODE["Basic Connection"].replace("ws://localhost:8121", "ws://localhost:8121" + path))
    page.add("ws.addEventListener('message', (e) => log.push(JSON.parse(e.data)));")
    page.until("called.updateDeviceStatus")


def step(page, commands, name, seconds=30):
    """One printed ws.send; its reply."""
    page.add(f"window.from = log.length; {commands[name]}")
    found = f"log.slice(from).find((m) => m.type === 'command_response' && m.command === '{name}')"
    page.until(found, seconds)
    return page.get(found)


def step_by_step(browser, path):
    page = Page(browser)
    open_connection(page, path)
    device, stream, record = (sends(h) for h in (
        "Device Control Commands", "Streaming Control Commands", "Recording Control Commands"))
    reply = step(page, device, "scan_devices")
    assert ADDRESS in [d["address"] for d in reply["data"]["devices"]]
    assert step(page, device, "connect_device")["success"]
    page.until("called.onDeviceConnected")
    assert step(page, device, "check_device_connection")["success"]
    assert step(page, stream, "start_streaming")["success"]
    for stub in ("onStreamStarted", "handleRawEEG", "handleRawPPG", "handleRawACC", "handleBatteryData"):
        page.until(f"called.{stub}")
    assert step(page, stream, "get_streaming_status")["data"]["state"] == "streaming"
    for name in record:
        assert step(page, record, name)["success"]
    assert step(page, stream, "stop_streaming")["success"]
    page.until("called.onStreamStopped")
    assert step(page, device, "disconnect_device")["success"]
    page.until("called.onDeviceDisconnected")
    page.finish()
    print(f"ws://localhost:8121{path}: each printed ws.send by itself:", sorted(page.get("Object.keys(called)")))


def in_one_go(browser):
    page = Page(browser)
    open_connection(page, "")
    for heading in ("Device Control Commands", "Streaming Control Commands", "Recording Control Commands"):
        page.add(f"window.from = log.length; {CODE[heading]}")
        for name in sends(heading):
            page.until(f"log.slice(from).filter((m) => m.type === 'command_response' && m.command === '{name}').length === 1")
    page.finish()
    print("each block of commands in one go: one reply each")


def whole_client(browser, daemon):
    page = Page(browser)
    page.add(CODE["Reconnection Logic"] + CODE["Health Check Implementation"] + CODE["Full JavaScript Implementation"]
             + "\nwindow.client = client; client.on('command_response', (m) => log.push(m));"
               "for (const e of ['scan_result', 'device_connected', 'stream_started', 'device_info'])"
               " client.on(e, (d) => { log.push({event: e, data: d}); });"
               "client.on('sensor_data', (m) => { called[m.sensor_type] = m; });")
    page.until("log.find((m) => m.event === 'scan_result' && m.data.devices.length)")
    page.add("client.connectDevice('AA:BB:CC:DD:EE:FF'); client.startStreaming();")
    page.until("log.find((m) => m.event === 'device_connected')")
    page.until("log.find((m) => m.event === 'stream_started')")
    page.until("called.eeg && called.ppg && called.acc && called.bat")
    page.add("client.healthMonitor.performHealthCheck(); window.checked = client.healthMonitor.lastHealthCheck;")
    page.until("checked && client.healthMonitor.lastHealthCheck === null", 4)
    instance = page.get("log.find((m) => m.event === 'device_info').data.server.instance")
    stop_daemon(daemon)
    daemon = start_daemon()
    page.until(f"log.find((m) => m.event === 'device_info' && m.data.server.instance !== '{instance}')")
    page.finish()
    print("the full client: scan, connect, stream, health check, and a restart of the daemon")
    return daemon


daemon = start_daemon()
serve_blank_page()
browser = open_browser()
try:
    step_by_step(browser, "")
    step_by_step(browser, "/ws")
    in_one_go(browser)
    daemon = whole_client(browser, daemon)
finally:
    browser.quit()
    if daemon.poll() is None:
        stop_daemon(daemon)
print("the guide's JavaScript works as printed")
