'use strict';
// Recordings: one button to begin and end, and the newest sessions with their files to download.

const RECORDINGS_SHOWN = 5;

// `running` false while none runs or no band is there; the name is free text.
function showRecording(usable, running) {
  byId('record').disabled = !usable && !running;
  byId('record').textContent = running ? 'Stop recording' : 'Record';
  byId('record').setAttribute('aria-pressed', String(running));
  byId('session-name').disabled = running;
}

function askForRecordings() {
  command('list_recordings', {limit: RECORDINGS_SHOWN});
}

function fileLink(session, file) {
  const link = document.createElement('a');
  link.href = `recordings/${session.session_id}/${file}${location.search}`;
  link.textContent = file;
  link.download = '';
  return link;
}

function showRecordings({sessions = [], more = false}) {
  byId('recordings').replaceChildren(...sessions.map((session) => {
    const item = document.createElement('li');
    const about = document.createElement('span');
    const state = session.state === 'complete' ? '' : `, ${session.state}`;
    about.textContent = `${new Date(session.start).toLocaleString()}, ${Math.round(session.duration)} s${state}`;
    const name = document.createElement('strong');
    name.textContent = session.session_name || session.session_id;
    item.append(name, about, ...session.files.map((file) => fileLink(session, file)));
    return item;
  }));
  byId('recordings-more').hidden = !more;
}

document.addEventListener('DOMContentLoaded', () => {
  byId('recording').addEventListener('submit', (event) => {
    event.preventDefault();
    if (band.recording) command('stop_recording');
    else command('start_recording', {session_name: byId('session-name').value || null});
  });
});
