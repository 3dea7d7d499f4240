// Types of linkbandd's messages. Made by `generate` of docs/schema.json: don't edit.

/** UTC as ISO 8601, to the millisecond. */
export type Timestamp = string;

export type TimestampOrNull = string | null;

/** Unix milliseconds with fractions. */
export type UnixMs = number;

/** As it was given, digit for digit. */
export type Id = string | number;

export type Sensor = "eeg" | "ppg" | "acc" | "bat";

export type ProcessedSensor = "eeg" | "ppg" | "acc";

export type Kind = "raw" | "processed" | "events" | "bands";

export type Format = "csv" | "bdf" | "jsonl";

export type SignalQuality = "good" | "poor" | "no_contact";

/** A band's name, or a list of them. */
export type DeviceId = string | string[] | null;

/** A band's name, or a list of them; absent: all there are. */
export type DeviceIdOrAll = string | string[] | null;

export type Link = "idle" | "connecting" | "connected" | "disconnecting" | "waiting";

export type StreamState = "idle" | "starting" | "streaming" | "waiting";

export type SessionId = string;

export type SessionIdOrNull = string | null;

export type SessionFile = "packets.lbcap" | "eeg.csv" | "ppg.csv" | "acc.csv" | "bat.csv" | "markers.csv" | "session.bdf" | "columns.json" | "processed.jsonl" | "session.json";

export type ErrorCode = "DEVICE_NOT_FOUND" | "CONNECTION_FAILED" | "BLUETOOTH_ERROR" | "STREAMING_ERROR" | "INVALID_MESSAGE" | "UNKNOWN_COMMAND" | "INVALID_PARAMETERS" | "NOT_CONNECTED" | "BUSY" | "CANCELLED" | "RECORDING_ERROR" | "NOT_ALLOWED" | "INTERNAL_ERROR";

/** {} where there is nothing to add. Of a refused parameter: which, what was given (its beginning, as a string, where it is long; null where it was missing) and what is allowed (a sentence, or the list of rates). Of a refused sensor: which, and why. */
export interface ErrorDetails {
  parameter?: string;
  given?: unknown;
  allowed?: string | number[];
  sensor_type?: Sensor;
  message?: string;
}

export interface BandFailure {
  device_id: string | null;
  success: false;
  error_code: ErrorCode;
  message: string;
}

export interface Failure {
  error_code: ErrorCode;
  error_message: string;
  details: ErrorDetails;
  /** Of a command for several bands, what each says; the other fields are the first's. */
  devices?: BandFailure[];
}

/** Samples, only of the sensors concerned. */
export interface Counts {
  eeg?: number;
  ppg?: number;
  acc?: number;
  bat?: number;
}

export interface Device {
  device_id: string;
  name: string;
  address: string;
  rssi: number | null;
}

export interface Server {
  name: "linkbandd";
  version: string;
  protocol: string;
  instance: string;
  backend: "sim" | "replay" | "bluez";
}

/** What is not known is null; all of the device without one. client_id: the reader's own number, only where it is sent to one client. */
export interface DeviceInfo {
  connected: boolean;
  device_id: string | null;
  name: string | null;
  address: string | null;
  battery_level: number | null;
  firmware_version: string | null;
  signal_strength: number | null;
  is_streaming: boolean;
  is_recording: boolean;
  clients_connected: number;
  server: Server;
  link: Link;
  client_id?: number;
}

/** A band that is connected, being connected, waited for (waiting) or being let go. What is not known is null. */
export interface Band {
  device_id: string | null;
  name: string | null;
  address: string | null;
  link: Link;
  is_streaming: boolean;
  battery_level: number | null;
  signal_strength: number | null;
  /** Over which adapter it is reached, like hci0. */
  adapter: string | null;
}

/** silent_for: s without a packet, null where the sensor is not subscribed. */
export interface SensorStatus {
  received: number;
  skipped_by_band: number;
  lost_link: number;
  sample_rate_measured: number | null;
  silent_for: number | null;
}

/** Of the running recording, else of the last; session_id, path and since are null before the first. */
export interface RecordingStatus {
  is_recording: boolean;
  session_id: SessionIdOrNull;
  path: string | null;
  since: TimestampOrNull;
  duration: number;
  samples: Counts;
  lost: Counts;
  bytes: number;
  minutes_left: number | null;
  bands: RecordedBand[];
}

export interface RecordedBand {
  device_id: string | null;
  path: string | null;
  samples: Counts;
  lost: Counts;
}

export interface SessionBand {
  device_id: string | null;
  folder: string;
  files: SessionFile[];
}

export interface Session {
  session_id: string;
  session_name: string | null;
  state: "recording" | "recorded" | "complete" | "interrupted";
  problem: string | null;
  start: Timestamp;
  duration: number;
  bytes: number;
  sensors: Sensor[];
  files: SessionFile[];
  bands?: SessionBand[];
}

export interface Subscription {
  sensors: Sensor[];
  kinds: Kind[];
  raw: Sensor[];
  processed: ProcessedSensor[];
  bands: "eeg"[];
  events: boolean;
  /** Whose data; null: of every band. */
  device_ids: string[] | null;
}

/** What bands send, kept for those who carry it away; as it was looked at last, each 10 s. unread_bytes: of the segments that one reader at least has still to have; lag: seconds since the oldest of them, oldest_unread, was written, null where nobody reads. */
export interface Spool {
  bytes: number;
  unread_bytes: number;
  oldest_unread: TimestampOrNull;
  lag: number | null;
  /** That went before all had read them. */
  lost_segments: number;
  /** That never came to the disk. */
  lost_records: number;
  readers: SpoolReader[];
}

/** By its cursor; the first 8 by name. One whose cursor can't be read counts as having nothing. */
export interface SpoolReader {
  name: string;
  is_readable: boolean;
  unread_bytes: number;
  oldest_unread: TimestampOrNull;
  lag: number;
}

/** problems: what needs a person, a sentence each; [] where status is ok. */
export interface Health {
  status: "ok" | "degraded";
  problems: string[];
  uptime: number;
  clients_connected: number;
  device_connected: boolean;
  is_streaming: boolean;
  is_recording: boolean;
  version: string;
  devices_connected: number;
  spool: Spool | null;
}

export interface Limits {
  clients: number;
  waiting_clients: number;
  null_origin_clients: number;
  own_page_clients: number;
  page_clients: number;
  connections: number;
  message_bytes: number;
  frame_bytes: number;
  data_queue_bytes: number;
  reply_queue_bytes: number;
  pending_commands: number;
  pending_lists: number;
  commands_per_second: number;
  commands_burst: number;
  nesting: number;
  heartbeat_seconds: number;
  silent_seconds: number;
  handshake_seconds: number;
  stuck_seconds: number;
  keep_minutes: number;
  bands: number;
}

export interface BandPowers {
  delta: number | null;
  theta: number | null;
  alpha: number | null;
  beta: number | null;
  gamma: number | null;
}

/** Each field of each data message, with its unit. */
export interface SensorFields {
  eeg: { raw_data: { timestamp: string; ch1: string; ch2: string; leadoff_ch1: string; leadoff_ch2: string; }; processed_data: { timestamps: string; frequencies: string; ch1_filtered: string; ch1_leadoff: string; ch1_sqi: string; ch1_power: string; ch1_band_powers: string; ch1_relative_powers: string; ch2_filtered: string; ch2_leadoff: string; ch2_sqi: string; ch2_power: string; ch2_band_powers: string; ch2_relative_powers: string; signal_quality: string; good_samples_ratio: string; interpolated: string; total_power: string; focus_index: string; relaxation_index: string; stress_index: string; cognitive_load: string; emotional_stability: string; hemispheric_balance: string; ch1_spectrum_seconds: string; ch2_spectrum_seconds: string; ch1_muscle: string; ch1_alpha_frequency: string; ch2_muscle: string; ch2_alpha_frequency: string; blinks: string; artefacts: string; }; band_data: { timestamp: string; ch1_band_powers: string; ch1_leadoff: string; ch2_band_powers: string; ch2_leadoff: string; artefacts: string; }; };
  ppg: { raw_data: { timestamp: string; red: string; ir: string; }; processed_data: { timestamps: string; filtered_ppg: string; ppg_sqi: string; beats: string; bpm: string; rr_intervals: string; signal_quality: string; sdnn: string; rmssd: string; sdsd: string; hr_mad: string; sd1: string; sd2: string; pnn50: string; lf: string; hf: string; lf_hf: string; red_mean: string; ir_mean: string; irregular: string; breath: string; perfusion_red: string; perfusion_ir: string; }; };
  acc: { raw_data: { timestamp: string; x: string; y: string; z: string; }; processed_data: { timestamps: string; x: string; y: string; z: string; magnitude: string; x_change: string; y_change: string; z_change: string; avg_movement: string; std_movement: string; max_movement: string; pitch: string; roll: string; nod: string; tilt: string; activity_state: string; }; };
  bat: { raw_data: { timestamp: string; level: string; }; };
}

export interface ScanDevicesParameters {
  /** s */
  duration?: number | null;
}

export interface ScanDevices {
  type?: "command";
  command: "scan_devices";
  parameters?: ScanDevicesParameters;
  id?: Id;
}

export interface ScanDevicesData {
  devices: Device[];
}

export interface ScanDevicesReply {
  type: "command_response";
  command: "scan_devices";
  success: true;
  message: string;
  data: ScanDevicesData;
  timestamp: Timestamp;
  id?: Id;
}

export type StopScanParameters = Record<string, unknown>;

export interface StopScan {
  type?: "command";
  command: "stop_scan";
  parameters?: StopScanParameters;
  id?: Id;
}

export type StopScanData = Record<string, unknown>;

export interface StopScanReply {
  type: "command_response";
  command: "stop_scan";
  success: true;
  message: string;
  data: StopScanData;
  timestamp: Timestamp;
  id?: Id;
}

/** At least one of both. */
export interface ConnectDeviceParameters {
  address?: string | null;
  device_id?: DeviceId;
}

export interface ConnectDevice {
  type?: "command";
  command: "connect_device";
  parameters: ConnectDeviceParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface ConnectDeviceBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  name?: string | null;
  address?: string | null;
  battery_level?: number | null;
  firmware_version?: string | null;
}

export interface ConnectDeviceData {
  device_id: string | null;
  name: string | null;
  address: string | null;
  battery_level: number | null;
  firmware_version: string | null;
  devices: ConnectDeviceBand[];
}

export interface ConnectDeviceReply {
  type: "command_response";
  command: "connect_device";
  success: true;
  message: string;
  data: ConnectDeviceData;
  timestamp: Timestamp;
  id?: Id;
}

export interface DisconnectDeviceParameters {
  device_id?: DeviceIdOrAll;
}

export interface DisconnectDevice {
  type?: "command";
  command: "disconnect_device";
  parameters?: DisconnectDeviceParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface DisconnectDeviceBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  address?: string | null;
}

export interface DisconnectDeviceData {
  device_id: string | null;
  address: string | null;
  devices: DisconnectDeviceBand[];
}

export interface DisconnectDeviceReply {
  type: "command_response";
  command: "disconnect_device";
  success: true;
  message: string;
  data: DisconnectDeviceData;
  timestamp: Timestamp;
  id?: Id;
}

export interface CheckDeviceConnectionParameters {
  device_id?: DeviceIdOrAll;
}

export interface CheckDeviceConnection {
  type?: "command";
  command: "check_device_connection";
  parameters?: CheckDeviceConnectionParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface CheckDeviceConnectionBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  connected?: boolean;
  name?: string | null;
  address?: string | null;
  battery_level?: number | null;
  firmware_version?: string | null;
  signal_strength?: number | null;
  is_streaming?: boolean;
  is_recording?: boolean;
  clients_connected?: number;
  server?: Server;
  link?: Link;
}

export interface CheckDeviceConnectionData {
  connected: boolean;
  device_id: string | null;
  name: string | null;
  address: string | null;
  battery_level: number | null;
  firmware_version: string | null;
  signal_strength: number | null;
  is_streaming: boolean;
  is_recording: boolean;
  clients_connected: number;
  server: Server;
  link: Link;
  devices: CheckDeviceConnectionBand[];
}

export interface CheckDeviceConnectionReply {
  type: "command_response";
  command: "check_device_connection";
  success: true;
  message: string;
  data: CheckDeviceConnectionData;
  timestamp: Timestamp;
  id?: Id;
}

export type ListDevicesParameters = Record<string, unknown>;

export interface ListDevices {
  type?: "command";
  command: "list_devices";
  parameters?: ListDevicesParameters;
  id?: Id;
}

export interface ListDevicesData {
  devices: Band[];
}

export interface ListDevicesReply {
  type: "command_response";
  command: "list_devices";
  success: true;
  message: string;
  data: ListDevicesData;
  timestamp: Timestamp;
  id?: Id;
}

export interface StartStreamingParameters {
  sensors?: Sensor[] | null;
  /** Hz: the band's own, its half or its quarter. */
  sample_rate?: number | null;
  /** s; absent: no end. */
  duration?: number | null;
  device_id?: DeviceIdOrAll;
}

export interface StartStreaming {
  type?: "command";
  command: "start_streaming";
  parameters?: StartStreamingParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface StartStreamingBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  state?: StreamState;
  sensors?: Sensor[];
  sample_rate?: number;
  duration?: number | null;
}

export interface StartStreamingData {
  state: StreamState;
  sensors: Sensor[];
  sample_rate: number;
  duration: number | null;
  devices: StartStreamingBand[];
}

export interface StartStreamingReply {
  type: "command_response";
  command: "start_streaming";
  success: true;
  message: string;
  data: StartStreamingData;
  timestamp: Timestamp;
  id?: Id;
}

export interface StopStreamingParameters {
  device_id?: DeviceIdOrAll;
}

export interface StopStreaming {
  type?: "command";
  command: "stop_streaming";
  parameters?: StopStreamingParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface StopStreamingBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  sensors?: Sensor[];
  samples?: Counts;
  lost?: Counts;
}

export interface StopStreamingData {
  sensors: Sensor[];
  samples: Counts;
  lost: Counts;
  devices: StopStreamingBand[];
}

export interface StopStreamingReply {
  type: "command_response";
  command: "stop_streaming";
  success: true;
  message: string;
  data: StopStreamingData;
  timestamp: Timestamp;
  id?: Id;
}

export interface GetStreamingStatusParameters {
  device_id?: DeviceIdOrAll;
}

export interface GetStreamingStatus {
  type?: "command";
  command: "get_streaming_status";
  parameters?: GetStreamingStatusParameters;
  id?: Id;
}

/** What came of one band: error_code and message where it has refused, the other fields where it has not. */
export interface GetStreamingStatusBand {
  device_id: string | null;
  success: boolean;
  error_code?: ErrorCode;
  message?: string;
  state?: StreamState;
  is_streaming?: boolean;
  sensors?: Sensor[];
  sample_rate?: number | null;
  duration?: number | null;
  since?: TimestampOrNull;
  remaining?: number | null;
  /** Only of the stream's sensors. */
  sensor?: { eeg?: SensorStatus; ppg?: SensorStatus; acc?: SensorStatus; bat?: SensorStatus; };
  utc_error_ms?: number | null;
  clients_connected?: number;
}

export interface GetStreamingStatusData {
  state: StreamState;
  is_streaming: boolean;
  device_id: string | null;
  sensors: Sensor[];
  sample_rate: number | null;
  duration: number | null;
  since: TimestampOrNull;
  remaining: number | null;
  /** Only of the stream's sensors. */
  sensor: { eeg?: SensorStatus; ppg?: SensorStatus; acc?: SensorStatus; bat?: SensorStatus; };
  utc_error_ms: number | null;
  clients_connected: number;
  devices: GetStreamingStatusBand[];
}

export interface GetStreamingStatusReply {
  type: "command_response";
  command: "get_streaming_status";
  success: true;
  message: string;
  data: GetStreamingStatusData;
  timestamp: Timestamp;
  id?: Id;
}

export interface StartRecordingParameters {
  /** At most 255 bytes. */
  session_name?: string | null;
  sensors?: Sensor[] | null;
  /** Hz: the band's own, its half or its quarter. */
  sample_rate?: number | null;
  /** s; absent: no end. */
  duration?: number | null;
  formats?: Format[] | null;
  /** For session.json: whose data it is. At most 64 bytes. */
  participant?: string | null;
  /** For session.json: what was done. At most 64 bytes. */
  task?: string | null;
  /** For session.json. At most 1000 bytes. */
  notes?: string | null;
  device_id?: DeviceIdOrAll;
}

export interface StartRecording {
  type?: "command";
  command: "start_recording";
  parameters?: StartRecordingParameters;
  id?: Id;
}

export interface StartRecordingData {
  session_id: SessionId;
  path: string | null;
  formats: Format[];
}

export interface StartRecordingReply {
  type: "command_response";
  command: "start_recording";
  success: true;
  message: string;
  data: StartRecordingData;
  timestamp: Timestamp;
  id?: Id;
}

export type StopRecordingParameters = Record<string, unknown>;

export interface StopRecording {
  type?: "command";
  command: "stop_recording";
  parameters?: StopRecordingParameters;
  id?: Id;
}

export type StopRecordingData = RecordingStatus;

export interface StopRecordingReply {
  type: "command_response";
  command: "stop_recording";
  success: true;
  message: string;
  data: StopRecordingData;
  timestamp: Timestamp;
  id?: Id;
}

export interface KeepRecentParameters {
  /** So far back, up to 10 s further; absent: all that is kept. */
  minutes?: number | null;
  /** At most 255 bytes. */
  session_name?: string | null;
  sensors?: Sensor[] | null;
  formats?: Format[] | null;
  /** For session.json: whose data it is. At most 64 bytes. */
  participant?: string | null;
  /** For session.json: what was done. At most 64 bytes. */
  task?: string | null;
  /** For session.json. At most 1000 bytes. */
  notes?: string | null;
  device_id?: DeviceIdOrAll;
}

export interface KeepRecent {
  type?: "command";
  command: "keep_recent";
  parameters?: KeepRecentParameters;
  id?: Id;
}

export type KeepRecentData = RecordingStatus;

export interface KeepRecentReply {
  type: "command_response";
  command: "keep_recent";
  success: true;
  message: string;
  data: KeepRecentData;
  timestamp: Timestamp;
  id?: Id;
}

export type GetRecordingStatusParameters = Record<string, unknown>;

export interface GetRecordingStatus {
  type?: "command";
  command: "get_recording_status";
  parameters?: GetRecordingStatusParameters;
  id?: Id;
}

export type GetRecordingStatusData = RecordingStatus;

export interface GetRecordingStatusReply {
  type: "command_response";
  command: "get_recording_status";
  success: true;
  message: string;
  data: GetRecordingStatusData;
  timestamp: Timestamp;
  id?: Id;
}

export interface ListRecordingsParameters {
  limit?: number | null;
  before?: SessionIdOrNull;
}

export interface ListRecordings {
  type?: "command";
  command: "list_recordings";
  parameters?: ListRecordingsParameters;
  id?: Id;
}

export interface ListRecordingsData {
  sessions: Session[];
  more: boolean;
}

export interface ListRecordingsReply {
  type: "command_response";
  command: "list_recordings";
  success: true;
  message: string;
  data: ListRecordingsData;
  timestamp: Timestamp;
  id?: Id;
}

export interface DeleteRecordingParameters {
  session_id: SessionId;
}

export interface DeleteRecording {
  type?: "command";
  command: "delete_recording";
  parameters: DeleteRecordingParameters;
  id?: Id;
}

export interface DeleteRecordingData {
  session_id: SessionId;
}

export interface DeleteRecordingReply {
  type: "command_response";
  command: "delete_recording";
  success: true;
  message: string;
  data: DeleteRecordingData;
  timestamp: Timestamp;
  id?: Id;
}

export interface SubscribeParameters {
  sensors?: Sensor[] | null;
  kinds?: Kind[] | null;
  device_id?: DeviceIdOrAll;
}

export interface Subscribe {
  type?: "command";
  command: "subscribe";
  parameters?: SubscribeParameters;
  id?: Id;
}

export type SubscribeData = Subscription;

export interface SubscribeReply {
  type: "command_response";
  command: "subscribe";
  success: true;
  message: string;
  data: SubscribeData;
  timestamp: Timestamp;
  id?: Id;
}

export interface UnsubscribeParameters {
  sensors?: Sensor[] | null;
  kinds?: Kind[] | null;
}

export interface Unsubscribe {
  type?: "command";
  command: "unsubscribe";
  parameters?: UnsubscribeParameters;
  id?: Id;
}

export type UnsubscribeData = Subscription;

export interface UnsubscribeReply {
  type: "command_response";
  command: "unsubscribe";
  success: true;
  message: string;
  data: UnsubscribeData;
  timestamp: Timestamp;
  id?: Id;
}

export interface InsertMarkerParameters {
  /** At most 256 bytes. */
  label: string;
  /** Unix milliseconds, or ISO 8601 with its zone; absent: now. */
  timestamp?: number | string | null;
  device_id?: DeviceIdOrAll;
}

export interface InsertMarker {
  type?: "command";
  command: "insert_marker";
  parameters: InsertMarkerParameters;
  id?: Id;
}

export interface InsertMarkerData {
  timestamp: UnixMs;
}

export interface InsertMarkerReply {
  type: "command_response";
  command: "insert_marker";
  success: true;
  message: string;
  data: InsertMarkerData;
  timestamp: Timestamp;
  id?: Id;
}

export type HealthCheckParameters = Record<string, unknown>;

export interface HealthCheck {
  type?: "command";
  command: "health_check";
  parameters?: HealthCheckParameters;
  id?: Id;
}

export type HealthCheckData = Health;

export interface HealthCheckReply {
  type: "command_response";
  command: "health_check";
  success: true;
  message: string;
  data: HealthCheckData;
  timestamp: Timestamp;
  id?: Id;
}

export type GetServerInfoParameters = Record<string, unknown>;

export interface GetServerInfo {
  type?: "command";
  command: "get_server_info";
  parameters?: GetServerInfoParameters;
  id?: Id;
}

/** What is known of a parameter; null: none. min and max are a number's, or a string's bytes; type device_id is a string or a list of up to 8; values what a list may hold; default what counts where it is absent; allowed ends the sentence of a refusal: it must be …. */
export interface ParameterRow {
  type: "number" | "integer" | "string" | "address" | "session_id" | "time" | "list" | "device_id";
  required: boolean;
  min: number | null;
  max: number | null;
  unit: string | null;
  values: string[] | null;
  default: number | string[] | null;
  allowed: string;
}

/** A row for each parameter of each command. */
export interface ParameterRows {
  scan_devices: { duration: ParameterRow; };
  stop_scan: Record<string, unknown>;
  connect_device: { address: ParameterRow; device_id: ParameterRow; };
  disconnect_device: { device_id: ParameterRow; };
  check_device_connection: { device_id: ParameterRow; };
  list_devices: Record<string, unknown>;
  start_streaming: { sensors: ParameterRow; sample_rate: ParameterRow; duration: ParameterRow; device_id: ParameterRow; };
  stop_streaming: { device_id: ParameterRow; };
  get_streaming_status: { device_id: ParameterRow; };
  start_recording: { session_name: ParameterRow; sensors: ParameterRow; sample_rate: ParameterRow; duration: ParameterRow; formats: ParameterRow; participant: ParameterRow; task: ParameterRow; notes: ParameterRow; device_id: ParameterRow; };
  stop_recording: Record<string, unknown>;
  keep_recent: { minutes: ParameterRow; session_name: ParameterRow; sensors: ParameterRow; formats: ParameterRow; participant: ParameterRow; task: ParameterRow; notes: ParameterRow; device_id: ParameterRow; };
  get_recording_status: Record<string, unknown>;
  list_recordings: { limit: ParameterRow; before: ParameterRow; };
  delete_recording: { session_id: ParameterRow; };
  subscribe: { sensors: ParameterRow; kinds: ParameterRow; device_id: ParameterRow; };
  unsubscribe: { sensors: ParameterRow; kinds: ParameterRow; };
  insert_marker: { label: ParameterRow; timestamp: ParameterRow; device_id: ParameterRow; };
  health_check: Record<string, unknown>;
  get_server_info: Record<string, unknown>;
}

export interface GetServerInfoData {
  version: string;
  protocol: string;
  instance: string;
  mains: 50 | 60;
  limits: Limits;
  sensors: SensorFields;
  commands: string[];
  /** The names of each command's parameters. */
  parameters: { scan_devices: string[]; stop_scan: string[]; connect_device: string[]; disconnect_device: string[]; check_device_connection: string[]; list_devices: string[]; start_streaming: string[]; stop_streaming: string[]; get_streaming_status: string[]; start_recording: string[]; stop_recording: string[]; keep_recent: string[]; get_recording_status: string[]; list_recordings: string[]; delete_recording: string[]; subscribe: string[]; unsubscribe: string[]; insert_marker: string[]; health_check: string[]; get_server_info: string[]; };
  parameter_rows: ParameterRows;
  events: string[];
}

export interface GetServerInfoReply {
  type: "command_response";
  command: "get_server_info";
  success: true;
  message: string;
  data: GetServerInfoData;
  timestamp: Timestamp;
  id?: Id;
}

/** To any command, one that there is not included; an Event_error with the same data follows but for CANCELLED. */
export interface FailureReply {
  type: "command_response";
  command: string;
  success: false;
  message: string;
  data: Failure;
  timestamp: Timestamp;
  id?: Id;
}

export type DeviceInfoEventData = DeviceInfo;

export interface DeviceInfoEvent {
  type: "event";
  event_type: "device_info";
  data: DeviceInfoEventData;
  timestamp: Timestamp;
}

export interface ScanResultEventData {
  status: "scanning" | "completed" | "stopped" | "failed";
  devices: Device[];
}

export interface ScanResultEvent {
  type: "event";
  event_type: "scan_result";
  data: ScanResultEventData;
  timestamp: Timestamp;
}

export interface DeviceConnectedEventData {
  device_id: string | null;
  name: string | null;
  address: string | null;
  device_address: string | null;
  signal_strength: number | null;
  battery_level: number | null;
  firmware_version: string | null;
  resumed: boolean;
  clock_step_ms: number;
}

export interface DeviceConnectedEvent {
  type: "event";
  event_type: "device_connected";
  data: DeviceConnectedEventData;
  timestamp: Timestamp;
}

export interface DeviceDisconnectedEventData {
  device_id: string | null;
  name: string | null;
  address: string | null;
  device_address: string | null;
  reason: "user_request" | "link_lost" | "silent" | "bluetooth_off" | "shutdown";
  will_reconnect: boolean;
}

export interface DeviceDisconnectedEvent {
  type: "event";
  event_type: "device_disconnected";
  data: DeviceDisconnectedEventData;
  timestamp: Timestamp;
}

export interface StreamStartedEventData {
  device_id: string | null;
  sensors: Sensor[];
  sample_rate: number;
  duration: number | null;
  resumed: boolean;
}

export interface StreamStartedEvent {
  type: "event";
  event_type: "stream_started";
  data: StreamStartedEventData;
  timestamp: Timestamp;
}

export interface StreamStoppedEventData {
  device_id: string | null;
  sensors: Sensor[];
  reason: "user_request" | "duration" | "device_disconnected" | "error";
  will_resume: boolean;
}

export interface StreamStoppedEvent {
  type: "event";
  event_type: "stream_stopped";
  data: StreamStoppedEventData;
  timestamp: Timestamp;
}

export interface SensorStatusEventData {
  device_id: string | null;
  sensor_type: Sensor;
  state: "flowing" | "silent" | "retrying";
  silent_for: number | null;
  bad_packets: number;
  message: string | null;
}

export interface SensorStatusEvent {
  type: "event";
  event_type: "sensor_status";
  data: SensorStatusEventData;
  timestamp: Timestamp;
}

export interface ClockSteppedEventData {
  device_id: string | null;
  step_ms: number;
}

export interface ClockSteppedEvent {
  type: "event";
  event_type: "clock_stepped";
  data: ClockSteppedEventData;
  timestamp: Timestamp;
}

export interface DeviceConnectionFailedEventData {
  device_id: string | null;
  name: string | null;
  address: string | null;
  device_address: string | null;
  error_code: ErrorCode;
  error_message: string;
  details: ErrorDetails;
  will_retry: boolean;
}

export interface DeviceConnectionFailedEvent {
  type: "event";
  event_type: "device_connection_failed";
  data: DeviceConnectionFailedEventData;
  timestamp: Timestamp;
}

export interface RecordingStartedEventData {
  session_id: SessionIdOrNull;
  session_name: string | null;
  path: string | null;
  sensors: Sensor[];
  formats: Format[];
  bands: RecordedBand[];
}

export interface RecordingStartedEvent {
  type: "event";
  event_type: "recording_started";
  data: RecordingStartedEventData;
  timestamp: Timestamp;
}

export interface RecordingStoppedEventData {
  session_id: SessionIdOrNull;
  session_name: string | null;
  path: string | null;
  sensors: Sensor[];
  formats: Format[];
  reason: "user_request" | "duration" | "device_disconnected" | "error" | "shutdown";
  duration: number;
  samples: Counts;
  lost: Counts;
  bands: RecordedBand[];
}

export interface RecordingStoppedEvent {
  type: "event";
  event_type: "recording_stopped";
  data: RecordingStoppedEventData;
  timestamp: Timestamp;
}

export interface RecordingFileEventData {
  session_id: SessionId;
  file: string;
  state: "ready" | "failed";
  error_message: string | null;
}

export interface RecordingFileEvent {
  type: "event";
  event_type: "recording_file";
  data: RecordingFileEventData;
  timestamp: Timestamp;
}

export interface StorageLowEventData {
  free_bytes: number;
  minutes_left: number;
}

export interface StorageLowEvent {
  type: "event";
  event_type: "storage_low";
  data: StorageLowEventData;
  timestamp: Timestamp;
}

export interface MarkerEventData {
  label: string;
  timestamp: UnixMs;
  client_id: number;
  session_id: SessionIdOrNull;
  /** The band that it is of; null: of all. */
  device_id: string | null;
}

export interface MarkerEvent {
  type: "event";
  event_type: "marker";
  data: MarkerEventData;
  timestamp: Timestamp;
}

export interface ClientLaggingEventData {
  dropped: Counts;
}

export interface ClientLaggingEvent {
  type: "event";
  event_type: "client_lagging";
  data: ClientLaggingEventData;
  timestamp: Timestamp;
}

/** message: "" where all is well. */
export interface BluetoothStatusEventData {
  available: boolean;
  powered: boolean;
  message: string;
}

export interface BluetoothStatusEvent {
  type: "event";
  event_type: "bluetooth_status";
  data: BluetoothStatusEventData;
  timestamp: Timestamp;
}

export type ErrorEventData = Failure;

export interface ErrorEvent {
  type: "event";
  event_type: "error";
  data: ErrorEventData;
  timestamp: Timestamp;
}

export interface RawEegSample {
  timestamp: UnixMs;
  ch1: number;
  ch2: number;
  ch3?: number;
  ch4?: number;
  ch5?: number;
  ch6?: number;
  ch7?: number;
  ch8?: number;
  leadoff_ch1: boolean;
  leadoff_ch2: boolean;
  leadoff_ch3?: boolean;
  leadoff_ch4?: boolean;
  leadoff_ch5?: boolean;
  leadoff_ch6?: boolean;
  leadoff_ch7?: boolean;
  leadoff_ch8?: boolean;
}

export interface RawEeg {
  type: "raw_data";
  sensor_type: "eeg";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: RawEegSample[];
}

export interface RawPpgSample {
  timestamp: UnixMs;
  red: number;
  ir: number;
}

export interface RawPpg {
  type: "raw_data";
  sensor_type: "ppg";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: RawPpgSample[];
}

export interface RawAccSample {
  timestamp: UnixMs;
  x: number;
  y: number;
  z: number;
}

export interface RawAcc {
  type: "raw_data";
  sensor_type: "acc";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: RawAccSample[];
}

export interface RawBatSample {
  timestamp: UnixMs;
  level: number;
}

export interface RawBat {
  type: "raw_data";
  sensor_type: "bat";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: null;
  sample_rate_measured: null;
  seq: number;
  lost: number;
  data: RawBatSample[];
}

export interface ProcessedEegValues {
  timestamps: UnixMs[];
  frequencies: number[];
  ch1_filtered: (number | null)[];
  ch1_leadoff: boolean;
  ch1_sqi: number | null;
  ch1_power: (number | null)[];
  ch1_band_powers: BandPowers;
  ch1_relative_powers: BandPowers;
  ch2_filtered: (number | null)[];
  ch2_leadoff: boolean;
  ch2_sqi: number | null;
  ch2_power: (number | null)[];
  ch2_band_powers: BandPowers;
  ch2_relative_powers: BandPowers;
  signal_quality: SignalQuality;
  good_samples_ratio: number | null;
  interpolated: number;
  total_power: number | null;
  focus_index: number | null;
  relaxation_index: number | null;
  stress_index: number | null;
  cognitive_load: number | null;
  emotional_stability: number | null;
  hemispheric_balance: number | null;
  ch1_spectrum_seconds: number | null;
  ch2_spectrum_seconds: number | null;
  ch1_muscle: number | null;
  ch1_alpha_frequency: number | null;
  ch2_muscle: number | null;
  ch2_alpha_frequency: number | null;
  blinks: UnixMs[];
  artefacts: ("blink" | "muscle" | "movement" | "pop")[];
}

export interface ProcessedEeg {
  type: "processed_data";
  sensor_type: "eeg";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: ProcessedEegValues;
}

export interface FastBandPowers {
  theta: number | null;
  alpha: number | null;
  beta: number | null;
  gamma: number | null;
}

export interface BandsEegValues {
  timestamp: UnixMs;
  ch1_band_powers: FastBandPowers;
  ch1_leadoff: boolean;
  ch2_band_powers: FastBandPowers;
  ch2_leadoff: boolean;
  artefacts: ("blink" | "muscle" | "movement" | "pop")[];
}

export interface BandsEeg {
  type: "band_data";
  sensor_type: "eeg";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: 10;
  sample_rate_measured: 10;
  seq: number;
  lost: number;
  data: BandsEegValues;
}

export interface ProcessedPpgValues {
  timestamps: UnixMs[];
  filtered_ppg: (number | null)[];
  ppg_sqi: number | null;
  beats: UnixMs[];
  bpm: number | null;
  rr_intervals: number[];
  signal_quality: SignalQuality;
  sdnn: number | null;
  rmssd: number | null;
  sdsd: number | null;
  hr_mad: number | null;
  sd1: number | null;
  sd2: number | null;
  pnn50: number | null;
  lf: number | null;
  hf: number | null;
  lf_hf: number | null;
  red_mean: number | null;
  ir_mean: number | null;
  irregular: boolean | null;
  breath: number | null;
  perfusion_red: number | null;
  perfusion_ir: number | null;
}

export interface ProcessedPpg {
  type: "processed_data";
  sensor_type: "ppg";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: ProcessedPpgValues;
}

export interface ProcessedAccValues {
  timestamps: UnixMs[];
  x: number[];
  y: number[];
  z: number[];
  magnitude: number[];
  x_change: number | null;
  y_change: number | null;
  z_change: number | null;
  avg_movement: number | null;
  std_movement: number | null;
  max_movement: number | null;
  pitch: number | null;
  roll: number | null;
  nod: number | null;
  tilt: number | null;
  activity_state: "stationary" | "sitting" | "walking" | "running" | null;
}

export interface ProcessedAcc {
  type: "processed_data";
  sensor_type: "acc";
  device_id: string;
  timestamp: Timestamp;
  sample_rate: number | null;
  sample_rate_measured: number | null;
  seq: number;
  lost: number;
  data: ProcessedAccValues;
}

/** Each event by its name. */
export interface Events {
  device_info: DeviceInfoEvent;
  scan_result: ScanResultEvent;
  device_connected: DeviceConnectedEvent;
  device_disconnected: DeviceDisconnectedEvent;
  stream_started: StreamStartedEvent;
  stream_stopped: StreamStoppedEvent;
  sensor_status: SensorStatusEvent;
  clock_stepped: ClockSteppedEvent;
  device_connection_failed: DeviceConnectionFailedEvent;
  recording_started: RecordingStartedEvent;
  recording_stopped: RecordingStoppedEvent;
  recording_file: RecordingFileEvent;
  storage_low: StorageLowEvent;
  marker: MarkerEvent;
  client_lagging: ClientLaggingEvent;
  bluetooth_status: BluetoothStatusEvent;
  error: ErrorEvent;
}

export interface RawData {
  eeg: RawEeg;
  ppg: RawPpg;
  acc: RawAcc;
  bat: RawBat;
}

export interface ProcessedData {
  eeg: ProcessedEeg;
  ppg: ProcessedPpg;
  acc: ProcessedAcc;
}

export interface BandsData {
  eeg: BandsEeg;
}

/** A method a command. */
export interface Commands {
  /** duration: s */
  scanDevices(parameters?: ScanDevicesParameters, options?: { signal?: AbortSignal }): Promise<ScanDevicesData>;
  stopScan(parameters?: StopScanParameters, options?: { signal?: AbortSignal }): Promise<StopScanData>;
  /** At least one of both. */
  connectDevice(parameters?: ConnectDeviceParameters, options?: { signal?: AbortSignal }): Promise<ConnectDeviceData>;
  disconnectDevice(parameters?: DisconnectDeviceParameters, options?: { signal?: AbortSignal }): Promise<DisconnectDeviceData>;
  checkDeviceConnection(parameters?: CheckDeviceConnectionParameters, options?: { signal?: AbortSignal }): Promise<CheckDeviceConnectionData>;
  listDevices(parameters?: ListDevicesParameters, options?: { signal?: AbortSignal }): Promise<ListDevicesData>;
  /** sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end */
  startStreaming(parameters?: StartStreamingParameters, options?: { signal?: AbortSignal }): Promise<StartStreamingData>;
  stopStreaming(parameters?: StopStreamingParameters, options?: { signal?: AbortSignal }): Promise<StopStreamingData>;
  getStreamingStatus(parameters?: GetStreamingStatusParameters, options?: { signal?: AbortSignal }): Promise<GetStreamingStatusData>;
  /** session_name: At most 255 bytes; sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes */
  startRecording(parameters?: StartRecordingParameters, options?: { signal?: AbortSignal }): Promise<StartRecordingData>;
  stopRecording(parameters?: StopRecordingParameters, options?: { signal?: AbortSignal }): Promise<StopRecordingData>;
  /** minutes: So far back, up to 10 s further; absent: all that is kept; session_name: At most 255 bytes; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes */
  keepRecent(parameters?: KeepRecentParameters, options?: { signal?: AbortSignal }): Promise<KeepRecentData>;
  getRecordingStatus(parameters?: GetRecordingStatusParameters, options?: { signal?: AbortSignal }): Promise<GetRecordingStatusData>;
  listRecordings(parameters?: ListRecordingsParameters, options?: { signal?: AbortSignal }): Promise<ListRecordingsData>;
  deleteRecording(parameters: DeleteRecordingParameters, options?: { signal?: AbortSignal }): Promise<DeleteRecordingData>;
  subscribe(parameters?: SubscribeParameters, options?: { signal?: AbortSignal }): Promise<SubscribeData>;
  unsubscribe(parameters?: UnsubscribeParameters, options?: { signal?: AbortSignal }): Promise<UnsubscribeData>;
  /** label: At most 256 bytes; timestamp: Unix milliseconds, or ISO 8601 with its zone; absent: now */
  insertMarker(parameters: InsertMarkerParameters, options?: { signal?: AbortSignal }): Promise<InsertMarkerData>;
  healthCheck(parameters?: HealthCheckParameters, options?: { signal?: AbortSignal }): Promise<HealthCheckData>;
  getServerInfo(parameters?: GetServerInfoParameters, options?: { signal?: AbortSignal }): Promise<GetServerInfoData>;
}

export type Data = RawData[keyof RawData] | ProcessedData[keyof ProcessedData] | BandsData[keyof BandsData];

/** The columns of a block, by its sensor. */
export interface RawColumns {
  eeg: { timestamp: Float64Array; ch1: Float64Array; ch2: Float64Array; ch3?: Float64Array; ch4?: Float64Array; ch5?: Float64Array; ch6?: Float64Array; ch7?: Float64Array; ch8?: Float64Array; leadoff_ch1: Uint8Array; leadoff_ch2: Uint8Array; leadoff_ch3?: Uint8Array; leadoff_ch4?: Uint8Array; leadoff_ch5?: Uint8Array; leadoff_ch6?: Uint8Array; leadoff_ch7?: Uint8Array; leadoff_ch8?: Uint8Array; };
  ppg: { timestamp: Float64Array; red: Float64Array; ir: Float64Array; };
  acc: { timestamp: Float64Array; x: Float64Array; y: Float64Array; z: Float64Array; };
  bat: { timestamp: Float64Array; level: Float64Array; };
}

/** The columns of a block, by its sensor. */
export interface ProcessedColumns {
  eeg: { timestamps: Float64Array; frequencies: Float64Array; ch1_filtered: Float64Array; ch1_power: Float64Array; ch2_filtered: Float64Array; ch2_power: Float64Array; blinks: Float64Array; };
  ppg: { timestamps: Float64Array; filtered_ppg: Float64Array; beats: Float64Array; rr_intervals: Float64Array; };
  acc: { timestamps: Float64Array; x: Float64Array; y: Float64Array; z: Float64Array; magnitude: Float64Array; };
}
