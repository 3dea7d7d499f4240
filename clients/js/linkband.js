// Link Bands over linkbandd's WebSocket: connect() gives a Band. linkband.d.ts tells what each of these does.
export { Block } from "./lib/blocks.js";
export { Band, DEFAULT_URL, connect } from "./lib/client.js";
export { CommandError, ConnectionLost, LinkbandError, NotReachable, Rejected } from "./lib/errors.js";
export { Queue, Stream } from "./lib/queues.js";
