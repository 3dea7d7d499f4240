// Link Bands over linkbandd's WebSocket, for browsers and Node 18 and newer.
import type {
  BandsData, Commands, Data, DeviceInfo, ErrorCode, ErrorDetails, Events, ProcessedColumns, ProcessedData, RawColumns, RawData,
} from "./messages.js";

export type * from "./messages.js";

/** `ws://localhost:8121/ws` */
export const DEFAULT_URL: string;

/**
 * A connection to the daemon. Rejects with NotReachable or Rejected where the first one can't be made, which is tried
 * once; a later one that is lost is made anew by itself.
 */
export function connect(url?: string, options?: ConnectOptions): Promise<Band>;

export interface ConnectOptions {
  /** Of the daemon's --token-file. */
  token?: string | null;
  /** Where there is none, as in Node before 22: the class of `ws` from npm. */
  WebSocket?: new (url: string) => Socket;
  /** How is asked why a connection was refused; the global one. */
  fetch?: typeof fetch;
  /** false: the first loss is final. */
  reconnect?: boolean;
  /** Seconds for one try, until the daemon has said who it is (10). */
  openTimeout?: number;
  /** Seconds of silence after which the daemon is asked something; silent once more as long it is lost (20). */
  silence?: number;
  /** Seconds before the next try, of the number of vain tries since the loss: at random from 0.5 s, 30 s at most. */
  delay?: (tries: number) => number;
  /** Told what a handler throws or rejects with; a page's reportError, else the console. */
  onHandlerError?: (error: unknown) => void;
}

/** What is used of a WebSocket. */
export interface Socket {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  send(text: string): void;
  close(): void;
  /** Of `ws`: ends it without waiting for the other side. */
  terminate?(): void;
}

/**
 * Each command is a method of its own name, its parameters an object, what it gives the reply's `data`. It settles in
 * any case: CommandError where the daemon refuses, ConnectionLost where the connection ends first or there is none.
 * Nothing is ever sent again by itself. `{signal}` ends the wait, it does not take the command back.
 */
export interface Band extends Commands {
  /** To the daemon; whether a band is, tells `deviceInfo`. */
  readonly connected: boolean;
  /** As it was last told; of several bands that of the one that came first. */
  readonly deviceInfo: DeviceInfo | null;
  /** What was last told of each band that is connected, under way or waited for, by its device_id, in the order they came. */
  readonly devices: ReadonlyMap<string, DeviceInfo>;
  /** Calls handler(event) at each event of that name; returns what undoes it. It outlives lost connections. */
  on<N extends keyof AllEvents>(name: N, handler: (event: AllEvents[N]) => unknown): () => void;
  /** All events from now on; beyond `limit` (1024) not taken the oldest are dropped and counted. */
  events(options?: { limit?: number }): Queue<AnyEvent>;
  /**
   * The sensors' blocks from now on, of all bands or of one. It ends where the stream has ended for good, of all of them, outlives lost
   * connections and the daemon's restart, and throws what ends the connection for good. Beyond `limit` (256) blocks not
   * taken the oldest are dropped. Make it before `startStreaming` to get each sample: it starts nothing by itself.
   */
  stream<S extends keyof RawData>(sensors: S | readonly S[], options?: StreamOptions<"raw">): Stream<RawBlock<S>>;
  stream<S extends keyof ProcessedData>(
    sensors: S | readonly S[], options: StreamOptions<"processed"> & { kind: "processed" },
  ): Stream<ProcessedBlock<S>>;
  stream<S extends keyof BandsData>(
    sensors: S | readonly S[], options: StreamOptions<"bands"> & { kind: "bands" },
  ): Stream<BandsBlock<S>>;
  /** What waits for an answer gets ConnectionLost, iterations end. */
  close(): void;
}

export interface StreamOptions<K> {
  /** `raw`: samples as they came; `processed`: what the daemon computes of them; `bands`: for feedback, to be subscribed by name. */
  kind?: K;
  /** Of one band only. */
  deviceId?: string | null;
  limit?: number;
}

/** Of this package, not of the daemon: the connection has ended. */
export interface ConnectionLostEvent {
  type: "event";
  event_type: "connection_lost";
  /** Without `will_reconnect` it has ended for good, also after vain tries. */
  data: { code: number; reason: string; will_reconnect: boolean };
  timestamp: string;
}

/**
 * Of this package: there is a connection again, subscribed as before. `restarted`: of another run of the daemon, which
 * knows nothing of what the one before was told.
 */
export interface ConnectionRestoredEvent {
  type: "event";
  event_type: "connection_restored";
  data: { restarted: boolean; instance: string | null };
  timestamp: string;
}

export interface AllEvents extends Events {
  connection_lost: ConnectionLostEvent;
  connection_restored: ConnectionRestoredEvent;
}
export type AnyEvent = AllEvents[keyof AllEvents];

/** For one reader, by `for await`. Of what it didn't take the newest `limit` are kept; `dropped` counts the others. */
export interface Queue<T> extends AsyncIterableIterator<T> {
  readonly limit: number;
  readonly dropped: number;
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorResult<T, undefined>>;
}

/** Blocks. `lost` and `missed` are the sums of what the blocks taken so far told. */
export interface Stream<B> extends Queue<B> {
  readonly lost: number;
  readonly missed: number;
}

/** A data message, its samples as columns; NaN is what was not known. */
export interface Block<M extends Data, C> {
  readonly message: M;
  /** Samples missing on the band's timeline just before it. */
  readonly lost: number;
  /** Messages that did not get from the daemon to here, or were dropped here because nobody took them. */
  readonly missed: number;
  readonly kind: "raw" | "processed" | "bands";
  readonly sensor: M["sensor_type"];
  readonly deviceId: string;
  /** Hz, nominal; `message.sample_rate_measured` has the fitted one. */
  readonly sampleRate: number | null;
  /** The message's `data` as it came. */
  readonly values: M["data"];
  /** Of a raw one its samples' fields, `timestamp` (Unix ms) among them; of a processed one the arrays of its data. */
  readonly columns: C;
  /** The number of samples; of `bands` 1. */
  readonly length: number;
}
export type RawBlock<S extends keyof RawData = keyof RawData> = Block<RawData[S], RawColumns[S]>;
export type ProcessedBlock<S extends keyof ProcessedData = keyof ProcessedData> =
  Block<ProcessedData[S], ProcessedColumns[S]>;

/** One set of values: there are no columns. */
export type BandsBlock<S extends keyof BandsData = keyof BandsData> = Block<BandsData[S], {}>;

/** Whatever this package throws by itself. */
export class LinkbandError extends Error {}

/** A command was refused: `code` for programs, `message` for people, `details` as the protocol has them. */
export class CommandError extends LinkbandError {
  readonly command: string;
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

/**
 * The connection ended: whether what was sent was carried out is not known. `code` and `reason` are the WebSocket's: 1006
 * without a close, 1012 at the daemon's shutdown, 1013 where it has no place or this client read too slowly, 1000
 * where this program closed it.
 */
export class ConnectionLost extends LinkbandError {
  readonly code: number;
  readonly reason: string;
}

/** No daemon answered there, or it has no place for one more client now. */
export class NotReachable extends ConnectionLost {}

/** `status` is HTTP's: 401 (the token is missing or wrong), 403 (not from here), 404 (not this path). Not tried again. */
export class Rejected extends ConnectionLost {
  readonly status: number;
}
