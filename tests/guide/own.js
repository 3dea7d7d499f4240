/*
 * A client of our own that does in a page what each step of the guide does. It knows of the protocol what the guide
 * tells: these messages, these names of fields, these kinds of values. A step that fails throws.
 */
const ADDRESS = 'AA:BB:CC:DD:EE:FF';
const PATIENCE_MS = 90000;
const FIELDS = {eeg: ['timestamp', 'ch1', 'ch2'], ppg: ['timestamp'], acc: ['timestamp', 'x', 'y', 'z'], bat: ['timestamp']};
window.passed = [];

function check(holds, what) {
  if (!holds) throw new Error(what);
}

class Own {
  constructor(url) {
    this.url = url;
    this.kept = [];
    this.waiting = [];
  }

  /* Opens, and asks for the device at once; resolves with the reply. */
  open() {
    this.ws = new WebSocket(this.url);
    this.ws.onmessage = (event) => this.take(JSON.parse(event.data));
    this.closed = new Promise((resolve) => { this.ws.onclose = (event) => resolve(event.code); });
    return new Promise((resolve, reject) => {
      this.ws.onerror = () => reject(new Error(`no connection to ${this.url}`));
      this.ws.onopen = () => resolve(this.ask('check_device_connection'));
    });
  }

  take(message) {
    this.kept.push(message);
    for (const waiting of this.waiting.filter((w) => w.wanted(message))) {
      this.waiting = this.waiting.filter((w) => w !== waiting);
      waiting.resolve(message);
    }
  }

  /* The next message that is wanted. */
  next(wanted, what) {
    return new Promise((resolve, reject) => {
      this.waiting.push({wanted, resolve});
      setTimeout(() => reject(new Error(`not told: ${what}`)), PATIENCE_MS);
    });
  }

  event(kind) {
    return this.next((m) => m.type === 'event' && m.event_type === kind, kind).then((m) => m.data);
  }

  async samples(sensor, type) {
    const wanted = (m) => m.type === type && m.sensor_type === sensor;
    return this.kept.find(wanted) || this.next(wanted, `${type} of ${sensor}`);
  }

  /* `parameters` that are undefined are left out by JSON, as in the guide's full client. */
  send(message) {
    this.ws.send(JSON.stringify(message));
  }

  async ask(command, parameters) {
    const reply = this.next((m) => m.type === 'command_response' && m.command === command, `reply to ${command}`);
    this.send({type: 'command', command, parameters});
    const {success, message, data, timestamp} = await reply;
    check(typeof success === 'boolean' && typeof message === 'string', `${command}: success and message`);
    check(new Date(timestamp).toISOString() === timestamp, `${command}: timestamp ${timestamp}`);
    check(success, `${command}: ${message}`);
    return data;
  }
}

async function onEachAddress() {
  for (const path of ['', '/ws']) {
    const own = new Own(`ws://localhost:8121${path}`);
    await own.open();
    const told = own.kept.filter((m) => m.type === 'event').map((m) => m.event_type);
    check(told[0] === 'device_info' && told[1] === 'bluetooth_status', `first events: ${told}`);
    own.ws.close();
    await own.closed;
  }
}

async function device(own) {
  const {devices} = await own.ask('scan_devices', {duration: 1});
  check(devices.some((d) => d.address === ADDRESS), 'the band in the scan');
  check(own.kept.some((m) => m.event_type === 'scan_result' && Array.isArray(m.data.devices)), 'scan_result');
  const event = own.event('device_connected');
  const reply = await own.ask('connect_device', {address: ADDRESS});
  for (const field of ['device_id', 'address', 'battery_level', 'firmware_version'])
    check(field in reply, `connect_device: ${field}`);
  const connected = await event;
  check(connected.device_id === reply.device_id && connected.address === ADDRESS, 'device_connected');
  check(typeof connected.signal_strength === 'number', 'signal_strength');
}

async function stream(own) {
  const started = own.event('stream_started');
  await own.ask('start_streaming', {sensors: ['eeg', 'ppg', 'acc'], sample_rate: 250, duration: 60});
  check((await started).sensors.includes('eeg'), 'stream_started');
  await own.ask('get_streaming_status');
  for (const sensor of ['eeg', 'ppg', 'acc']) {
    const {device_id, timestamp, sample_rate, data} = await own.samples(sensor, 'raw_data');
    check(device_id && new Date(timestamp).toISOString() === timestamp && sample_rate > 0, `${sensor}: its frame`);
    check(data.length && data.every((sample) => FIELDS[sensor].every((f) => typeof sample[f] === 'number')), `${sensor}: samples`);
    await own.samples(sensor, 'processed_data');
  }
}

async function battery(own) {
  await own.ask('stop_streaming');
  const again = own.event('stream_started');
  await own.ask('start_streaming', {sensors: undefined, sample_rate: 250, duration: undefined});
  await again;
  const {data} = await own.samples('bat', 'raw_data');
  check(data.every((sample) => FIELDS.bat.every((f) => f in sample)), 'bat');
}

async function recording(own) {
  await own.ask('start_recording', {session_name: 'test_session', sensors: ['eeg', 'ppg', 'acc'], sample_rate: 250, duration: 300});
  await own.ask('get_recording_status');
  await own.ask('stop_recording');
}

async function health(own) {
  const id = Date.now().toString();
  const answer = own.next((m) => m.type === 'health_check_response', 'health_check_response');
  own.send({type: 'health_check', id, timestamp: new Date().toISOString()});
  check((await answer).id === id, 'the id of the health check');
}

async function errors(own) {
  const error = own.event('error');
  own.send({type: 'command', command: 'connect_device', parameters: {address: 'no address at all'}});
  const {error_code, error_message, details} = await error;
  check(typeof error_code === 'string' && typeof error_message === 'string' && typeof details === 'object', 'error');
}

async function ending(own) {
  const stopped = own.event('stream_stopped');
  await own.ask('stop_streaming');
  await stopped;
  const gone = own.event('device_disconnected');
  await own.ask('disconnect_device');
  await gone;
}

/* The page stays open over a restart of the daemon: five attempts, a pause that doubles from a second up to thirty. */
async function reconnecting(own) {
  window.readyForRestart = true;
  window.closeCode = await own.closed;
  for (let attempt = 0, pause = 1000; attempt < 5; attempt++, pause = Math.min(2 * pause, 30000)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      await new Own(own.url).open();
      return;
    } catch (error) { /* not yet */ }
  }
  throw new Error('five attempts, none succeeded');
}

async function allSteps() {
  await onEachAddress();
  const own = new Own('ws://localhost:8121/ws');
  await own.open();
  for (const step of [device, stream, battery, recording, health, errors, ending, reconnecting]) {
    await step(own);
    passed.push(step.name);
  }
  window.finished = true;
}

allSteps().catch((error) => failures.push(String(error)));
