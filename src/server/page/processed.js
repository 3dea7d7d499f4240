'use strict';
// What the daemon computes of the samples: contact, bands, heart, activity. null is shown as a dash.

const BANDS = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
const QUALITIES = {good: 'good', poor: 'poor', no_contact: 'no contact'};

const fixed = (value, digits, unit) => (value == null ? '–' : `${value.toFixed(digits)} ${unit}`);

// One channel's bars, made once: name, share of the whole, power.
function makeBands(channel) {
  channel.querySelector('.bands').replaceChildren(...BANDS.map((name) => {
    const row = document.createElement('div');
    const label = document.createElement('span');
    const meter = document.createElement('meter');
    row.className = 'band';
    label.textContent = name;
    meter.max = 1;
    meter.setAttribute('aria-label', `${name}, share of the power from 1 to 45 Hz`);
    row.append(label, meter, document.createElement('output'));
    return row;
  }));
}

function showBands(channel, powers, shares) {
  channel.querySelectorAll('.band').forEach((row, i) => {
    const share = shares?.[BANDS[i]];
    row.querySelector('meter').value = share ?? 0;
    row.querySelector('output').textContent =
      share == null ? '–' : `${(100 * share).toFixed(0)} %  ${fixed(powers[BANDS[i]], 1, 'µV²')}`;
  });
}

function showChannel(channel, data) {
  const name = channel.dataset.channel;
  const quality = channel.querySelector('.quality');
  const off = data[`${name}_leadoff`];
  quality.textContent = off ? 'no contact' : `quality ${(100 * data[`${name}_sqi`]).toFixed(0)} %`;
  quality.classList.toggle('bad', off || data[`${name}_sqi`] < 0.7);
  showBands(channel, data[`${name}_band_powers`], data[`${name}_relative_powers`]);
}

const channels = [...document.querySelectorAll('.channel')];

function showProcessed(message) {
  const {sensor_type: sensor, data} = message;
  if (sensor === 'eeg') {
    channels.forEach((channel) => showChannel(channel, data));
    byId('eeg-quality').textContent = QUALITIES[data.signal_quality];
  } else if (sensor === 'ppg') {
    byId('ppg-quality').textContent = QUALITIES[data.signal_quality];
    byId('bpm').textContent = fixed(data.bpm, 0, 'bpm');
    byId('rmssd').textContent = fixed(data.rmssd, 0, 'ms');
  } else {
    byId('activity').textContent = data.activity_state ?? '–';
  }
}

// Nothing that was is shown as if it still were.
function forgetProcessed() {
  for (const channel of channels) {
    channel.querySelector('.quality').textContent = '';
    showBands(channel);
  }
  document.querySelectorAll('#processed dd').forEach((value) => { value.textContent = '–'; });
}

channels.forEach(makeBands);
