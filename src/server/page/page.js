'use strict';
// The live page: only the public protocol, nothing the daemon keeps for itself.

const SECONDS = 8;
const COLOURS = ['--a', '--b', '--c'];
const TRACES = [
  // The band now and then sends a single 0 in an EEG on millivolts of offset: drawn, it would set the scale.
  {sensor: 'eeg', field: ['ch1'], label: 'EEG 1', unit: 'µV', off: 'leadoff_ch1', least: 20, skipZero: true},
  {sensor: 'eeg', field: ['ch2'], label: 'EEG 2', unit: 'µV', off: 'leadoff_ch2', least: 20, skipZero: true},
  // Red and infrared lie far apart, the pulse in each is small: a scale of its own for each.
  {sensor: 'ppg', field: ['red'], label: 'PPG red', unit: 'counts', least: 200},
  {sensor: 'ppg', field: ['ir'], label: 'PPG infrared', unit: 'counts', least: 200},
  {sensor: 'acc', field: ['x', 'y', 'z'], label: 'ACC', unit: 'g', factor: 1 / 16384, least: 0.1},
];
const byId = (id) => document.getElementById(id);

// ---- A ring of samples: times and one column a field.

class Ring {
  constructor(columns, size) {
    this.size = size;
    this.count = 0;
    this.next = 0;
    this.times = new Float64Array(size);
    this.columns = Array.from({length: columns}, () => new Float64Array(size));
  }

  push(time, values) {
    this.times[this.next] = time;
    values.forEach((value, i) => { this.columns[i][this.next] = value; });
    this.next = (this.next + 1) % this.size;
    this.count = Math.min(this.count + 1, this.size);
  }

  // Calls visit(slot) from the oldest sample at or after `from`.
  each(from, visit) {
    for (let i = 0; i < this.count; i++) {
      const slot = (this.next - this.count + i + this.size) % this.size;
      if (this.times[slot] >= from) visit(slot);
    }
  }

  clear() { this.count = 0; }
}

// ---- One trace: heading, canvas, scale.

class Trace {
  constructor(spec) {
    this.spec = spec;
    this.ring = new Ring(spec.field.length, 500 * (SECONDS + 2));
    this.scale = null;
    this.leadOff = false;
    this.lost = 0;
    const element = document.createElement('div');
    element.className = 'trace';
    element.innerHTML = '<div class="trace-head"><strong></strong><span class="rate"></span>' +
      '<span class="lost"></span><span class="off"></span></div><canvas role="img"></canvas>';
    const name = spec.field.length > 1 ? `${spec.label} (${spec.field.join(', ')})` : spec.label;
    element.querySelector('strong').textContent = spec.label;
    if (spec.field.length > 1) element.querySelector('strong').after(...spec.field.map(coloured));
    this.canvas = element.querySelector('canvas');
    this.canvas.setAttribute('aria-label', `${name} over the last ${SECONDS} seconds, in ${spec.unit}`);
    this.rate = element.querySelector('.rate');
    this.lostText = element.querySelector('.lost');
    this.lostText.title = 'Samples lost on the air, or left out by the band: a healthy one skips about 0.7 % of its EEG';
    this.offText = element.querySelector('.off');
    byId('traces').append(element);
  }

  take(message) {
    const {field, factor = 1, off, skipZero} = this.spec;
    this.lost += message.lost || 0;
    // A gap is drawn as one.
    if (message.lost) this.ring.push(message.data[0].timestamp, field.map(() => NaN));
    for (const sample of message.data) {
      this.ring.push(sample.timestamp, field.map((name) =>
        (skipZero && sample[name] === 0 ? NaN : sample[name] * factor)));
      if (off) this.leadOff = Boolean(sample[off]);
    }
    this.nominal = message.sample_rate;
    this.measured = message.sample_rate_measured;
  }

  describe() {
    const measured = this.measured ? ` (measured ${this.measured.toFixed(2)})` : '';
    this.rate.textContent = this.nominal ? `${this.nominal} Hz${measured}` : 'no data';
    this.lostText.textContent = this.nominal ? `${this.lost} missing` : '';
    this.offText.textContent = this.leadOff ? 'lead off: no contact' : '';
  }

  // Widens at once, narrows only when the signal fills less than a third: a scale that holds still.
  fit(from) {
    let low = Infinity, high = -Infinity;
    this.ring.each(from, (slot) => {
      for (const column of this.ring.columns) {
        const value = column[slot];
        if (value < low) low = value;
        if (value > high) high = value;
      }
    });
    if (low > high) return this.scale;
    const range = Math.max(high - low, this.spec.least);
    const scale = this.scale;
    if (!scale || low < scale.low || high > scale.high || range < (scale.high - scale.low) / 3) {
      const step = niceStep(range * 1.3 / 4);
      const middle = (low + high) / 2;
      const bottom = Math.floor((middle - range * 0.65) / step) * step;
      this.scale = {low: bottom, high: Math.ceil((middle + range * 0.65) / step) * step, step};
    }
    return this.scale;
  }

  draw(now, style) {
    const box = this.canvas.getBoundingClientRect();
    const pixels = window.devicePixelRatio || 1;
    const width = Math.round(box.width * pixels), height = Math.round(box.height * pixels);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    const c = this.canvas.getContext('2d');
    c.setTransform(pixels, 0, 0, pixels, 0, 0);
    c.clearRect(0, 0, box.width, box.height);
    const from = now - SECONDS * 1000;
    const scale = this.fit(from);
    const plot = {left: 62, right: box.width - 6, top: 6, bottom: box.height - 20};
    drawTime(c, plot, style);
    if (!scale) return;
    const x = (time) => plot.left + (time - from) / (SECONDS * 1000) * (plot.right - plot.left);
    const y = (value) => plot.bottom - (value - scale.low) / (scale.high - scale.low) * (plot.bottom - plot.top);
    drawScale(c, plot, scale, y, this.spec.unit, style);
    c.globalAlpha = this.leadOff ? 0.35 : 1;
    this.ring.columns.forEach((column, i) => this.drawColumn(c, column, from, x, y, style(COLOURS[i])));
    c.globalAlpha = 1;
  }

  drawColumn(c, column, from, x, y, colour) {
    let down = false;
    c.beginPath();
    this.ring.each(from, (slot) => {
      const value = column[slot];
      if (Number.isNaN(value)) { down = false; return; }
      if (down) c.lineTo(x(this.ring.times[slot]), y(value));
      else c.moveTo(x(this.ring.times[slot]), y(value));
      down = true;
    });
    c.strokeStyle = colour;
    c.lineWidth = 1.3;
    c.stroke();
  }

  reset() {
    this.ring.clear();
    this.scale = null;
    this.lost = 0;
    this.leadOff = false;
  }
}

function coloured(field, i) {
  const span = document.createElement('span');
  span.className = `field-${i}`;
  span.textContent = field;
  return span;
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough);
}

function drawTime(c, plot, style) {
  c.font = '11px system-ui, sans-serif';
  c.fillStyle = style('--soft');
  c.strokeStyle = style('--line');
  c.lineWidth = 1;
  c.textBaseline = 'bottom';
  for (let s = 0; s <= SECONDS; s += 2) {
    const x = plot.left + s / SECONDS * (plot.right - plot.left);
    c.beginPath();
    c.moveTo(x, plot.top);
    c.lineTo(x, plot.bottom);
    c.stroke();
    c.textAlign = s === SECONDS ? 'right' : 'center';
    c.fillText(s === SECONDS ? '0 s' : `−${SECONDS - s} s`, x, plot.bottom + 17);
  }
}

function drawScale(c, plot, scale, y, unit, style) {
  const digits = Math.max(0, -Math.floor(Math.log10(scale.step)));
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  c.fillStyle = style('--soft');
  for (let value = scale.low; value <= scale.high + scale.step / 2; value += scale.step) {
    c.fillText(value.toFixed(digits).replace('-', '−'), plot.left - 5, y(value));
  }
  c.textAlign = 'left';
  c.textBaseline = 'top';
  c.fillText(unit, plot.left + 4, plot.top);
}

// ---- What is known of the band, and the words for it.

const traces = TRACES.map((spec) => new Trace(spec));
// `waiting`: lost, and looked for again; `busy`: what is under way, in words.
const band = {connected: false, streaming: false, recording: false, waiting: false, busy: '', device: {}};
let socket = null;
let retry = 0;
let latest = null; // {band ms, page ms} of the newest sample: the traces' clock

// What is said last stands beside the buttons, too: the list of events is far down the page.
function say(sentence, isError = false) {
  byId('notice').textContent = sentence;
  byId('notice').classList.toggle('error', isError);
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toLocaleTimeString();
  item.append(time, sentence);
  if (isError) item.className = 'error';
  byId('log').prepend(item);
  while (byId('log').children.length > 100) byId('log').lastChild.remove();
}

function stateText() {
  if (band.connected) return band.streaming ? 'streaming' : 'connected';
  return band.busy || (band.waiting ? 'lost, waiting for it' : 'not connected');
}

// Until something has been said, and once it is known of the band how it is.
function showHint(open) {
  if (byId('log').childElementCount) return;
  const idle = open && 'connected' in band.device && !band.connected && !band.busy && !band.waiting;
  byId('notice').textContent = idle ? 'Switch the band on, then press Scan.' : '';
}

function show() {
  const {name, battery_level: battery, signal_strength: signal, firmware_version: firmware} = band.device;
  const open = socket !== null && socket.readyState === WebSocket.OPEN;
  byId('state').textContent = stateText();
  byId('name').textContent = name ?? '–';
  byId('battery').textContent = battery == null ? '–' : `${battery} %`;
  byId('signal').textContent = signal == null ? '–' : `${String(signal).replace('-', '−')} dBm`;
  byId('firmware').textContent = firmware ?? '–';
  byId('scan').disabled = !open || band.connected;
  byId('disconnect').disabled = !open || !(band.connected || band.waiting || band.busy === CONNECTING);
  byId('start').disabled = !open || !band.connected;
  showRecording(open && band.connected, open && band.recording);
  byId('stop').disabled = !open || !band.streaming;
  showHint(open);
}

const CONNECTING = 'connecting…';
const SCANNING = 'scanning…';

function connect(device) {
  command('connect_device', {address: device.address});
  band.busy = CONNECTING;
  show();
}

function showDevices(devices) {
  byId('devices').replaceChildren(...devices.map((device) => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    const about = document.createElement('span');
    button.type = 'button';
    button.textContent = `Connect ${device.name || device.device_id}`;
    button.addEventListener('click', () => connect(device));
    about.textContent = `${device.address}${device.rssi == null ? '' : `, ${String(device.rssi).replace('-', '−')} dBm`}`;
    item.append(button, about);
    return item;
  }));
}

const REASONS = {
  user_request: 'as asked', link_lost: 'the link was lost', silent: 'the band fell silent',
  bluetooth_off: 'Bluetooth is off', shutdown: 'the daemon stops', duration: 'its time is over',
  device_disconnected: 'the band is disconnected', error: 'an error',
};
const reason = (data) => REASONS[data.reason] || data.reason || 'no reason given';
const sensors = (data) => (data.sensors || []).join(', ').toUpperCase();

// Times may have fallen.
function beginTraces() {
  latest = null;
  traces.forEach((trace) => trace.reset());
}

const EVENTS = {
  device_info(data) {
    band.device = data;
    band.connected = data.connected;
    band.streaming = data.is_streaming;
    band.recording = data.is_recording;
    if (data.server) byId('daemon').textContent = `${data.server.name} ${data.server.version}`;
  },
  scan_result(data) {
    showDevices(data.devices || []);
    if (band.busy !== CONNECTING) band.busy = data.status === 'scanning' ? SCANNING : '';
    if (data.status === 'scanning' && !(data.devices || []).length) say('Scanning…');
    if (data.status === 'failed') say('The scan failed.', true);
    if (data.status === 'completed') say(`Scan completed: ${(data.devices || []).length} found.`);
  },
  device_connected(data) {
    band.connected = true;
    band.waiting = false;
    band.busy = '';
    Object.assign(band.device, data);
    if (data.clock_step_ms) beginTraces();
    showDevices([]);
    say(`${data.name || data.device_id} is ${data.resumed ? 'back' : 'connected'}.`);
  },
  device_disconnected(data) {
    band.connected = false;
    band.streaming = false;
    band.waiting = data.will_reconnect;
    band.busy = '';
    say(`${data.name || data.device_id} is disconnected: ${reason(data)}.${data.will_reconnect ? ' Waiting for it.' : ''}`);
  },
  device_connection_failed(data) {
    band.busy = '';
    band.waiting = data.will_retry;
    say(`Can't connect: ${data.error_message}${data.will_retry ? ' Trying on.' : ''}`, true);
  },
  stream_started(data) {
    band.streaming = true;
    if (!data.resumed) beginTraces();
    forgetProcessed();
    say(`Streaming ${sensors(data)}.`);
  },
  stream_stopped(data) {
    band.streaming = false;
    forgetProcessed();
    say(`The stream stopped: ${reason(data)}.${data.will_resume ? ' It resumes with the band.' : ''}`);
  },
  sensor_status(data) {
    const name = data.sensor_type.toUpperCase();
    const states = {flowing: `${name} flows.`, silent: `${name} is silent.`, retrying: `${name} is being asked for again.`};
    say(states[data.state] || `${name}: ${data.state}`, data.state !== 'flowing');
    if (data.state !== 'flowing') forgetProcessed(); // those that flow tell theirs again within a second
  },
  clock_stepped() {
    beginTraces();
    say('The clock of the daemon was set.');
  },
  bluetooth_status(data) {
    if (!data.available || !data.powered) say(data.message || 'Bluetooth is not there.', true);
  },
  recording_started(data) {
    band.recording = true;
    askForRecordings();
    say(`Recording “${data.session_name || data.session_id}”.`);
  },
  recording_stopped(data) {
    band.recording = false;
    askForRecordings();
    say(`The recording ended: ${reason(data)}.`);
  },
  recording_file(data) {
    askForRecordings();
    if (data.state === 'failed') say(`${data.file} could not be made.`, true);
  },
  marker(data) { say(`Marker “${data.label}”.`); },
  storage_low(data) { say(`Little storage is left: ${Math.round(data.minutes_left)} min.`, true); },
  client_lagging() { say('This page is too slow: some data was skipped.', true); },
  error(data) {
    if (band.busy === CONNECTING) band.busy = '';
    say(data.error_message || data.error_code, true);
  },
};

function takeData(message) {
  if (message.sensor_type === 'bat') {
    const last = message.data[message.data.length - 1];
    if (last) band.device.battery_level = last.level;
    show();
    return;
  }
  if (!message.data.length) return;
  const newest = message.data[message.data.length - 1].timestamp;
  if (!latest || newest > latest.band || newest < latest.band - 60000) latest = {band: newest, page: performance.now()};
  for (const trace of traces) {
    if (trace.spec.sensor === message.sensor_type) trace.take(message);
  }
}

function take(message) {
  if (message.type === 'raw_data') {
    takeData(message);
  } else if (message.type === 'processed_data') {
    showProcessed(message);
  } else if (message.type === 'command_response' && message.command === 'list_recordings' && message.success) {
    showRecordings(message.data);
  } else if (message.type === 'event') {
    const handler = EVENTS[message.event_type];
    if (handler) handler(message.data);
    show();
  }
}

// ---- The socket; lost, it is opened again by itself.

function command(name, parameters = {}) {
  if (socket && socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({type: 'command', command: name, parameters}));
  }
}

// Why the socket was refused, which the browser keeps to itself; null where nothing answers at all.
async function refusal() {
  const answer = await fetch(`health${location.search}`).catch(() => null);
  if (answer === null) return null;
  if (answer.status === 401) return 'The daemon wants its token: open this page with ?token=… in the address';
  return 'The daemon is there, but has no place for one more page: close another';
}

function tell(text, wait) {
  byId('daemon').textContent = `${text}; trying again in ${wait} s`;
}

function forgetBand() {
  forgetProcessed();
  Object.assign(band, {connected: false, streaming: false, waiting: false, busy: '', device: {}});
  byId('notice').textContent = '';
  show();
}

function open() {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const base = location.pathname.replace(/[^/]*$/, '');
  const own = new WebSocket(`${scheme}://${location.host}${base}ws${location.search}`);
  let opened = false;
  socket = own;
  own.addEventListener('open', () => {
    opened = true;
    retry = 0;
    byId('daemon').textContent = 'Connected to the daemon';
    askForRecordings();
    show();
  });
  own.addEventListener('message', (event) => take(JSON.parse(event.data)));
  own.addEventListener('close', async (event) => {
    const wait = Math.min(10, 1 + retry++);
    setTimeout(open, wait * 1000);
    forgetBand();
    tell(`No connection to the daemon${event.reason ? `: ${event.reason}` : ''}`, wait);
    const why = opened ? null : await refusal();
    if (why && socket === own) tell(why, wait);
  });
}

// ---- Drawing, once a frame at most and only while the page is seen.

const colours = getComputedStyle(document.documentElement);
const style = (name) => colours.getPropertyValue(name).trim();
let described = 0;

function frame(time) {
  if (latest) {
    // Packets come in bursts; the page's own clock carries the time axis between them.
    const now = latest.band + Math.min(1000, band.streaming ? performance.now() - latest.page : 0);
    for (const trace of traces) trace.draw(now, style);
  }
  if (time - described > 500) {
    described = time;
    for (const trace of traces) trace.describe();
  }
  requestAnimationFrame(frame);
}

byId('scan').addEventListener('click', () => command('scan_devices', {duration: 10}));
byId('disconnect').addEventListener('click', () => command('disconnect_device'));
byId('stop').addEventListener('click', () => command('stop_streaming'));
byId('stream').addEventListener('submit', (event) => {
  event.preventDefault();
  const chosen = [...document.querySelectorAll('#stream input:checked')].map((input) => input.value);
  if (chosen.length) command('start_streaming', {sensors: chosen});
  else say('Choose at least one sensor.', true);
});
show();
open();
requestAnimationFrame(frame);
