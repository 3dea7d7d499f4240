"""Types of linkbandd's messages, and a method a command. Made by `generate` of docs/schema.json: don't edit."""
# flake8: noqa: E501

from __future__ import annotations

from typing import Any, Dict, List, Literal, Mapping, Optional, TypedDict, Union, cast


Timestamp = str


TimestampOrNull = Optional[str]


UnixMs = float


Id = Union[str, float]


Sensor = Literal['eeg', 'ppg', 'acc', 'bat']


ProcessedSensor = Literal['eeg', 'ppg', 'acc']


Kind = Literal['raw', 'processed', 'events', 'bands']


Format = Literal['csv', 'bdf', 'jsonl']


SignalQuality = Literal['good', 'poor', 'no_contact']


DeviceId = Optional[Union[str, List[str]]]


DeviceIdOrAll = Optional[Union[str, List[str]]]


Link = Literal['idle', 'connecting', 'connected', 'disconnecting', 'waiting']


StreamState = Literal['idle', 'starting', 'streaming', 'waiting']


SessionId = str


SessionIdOrNull = Optional[str]


SessionFile = Literal['packets.lbcap', 'eeg.csv', 'ppg.csv', 'acc.csv', 'bat.csv', 'markers.csv', 'session.bdf', 'columns.json', 'processed.jsonl', 'session.json']


ErrorCode = Literal['DEVICE_NOT_FOUND', 'CONNECTION_FAILED', 'BLUETOOTH_ERROR', 'STREAMING_ERROR', 'INVALID_MESSAGE', 'UNKNOWN_COMMAND', 'INVALID_PARAMETERS', 'NOT_CONNECTED', 'BUSY', 'CANCELLED', 'RECORDING_ERROR', 'NOT_ALLOWED', 'INTERNAL_ERROR']


class ErrorDetails(TypedDict, total=False):
    """{} where there is nothing to add. Of a refused parameter: which, what was given (its beginning, as a string, where it is long; null where it was missing) and what is allowed (a sentence, or the list of rates). Of a refused sensor: which, and why."""
    parameter: str
    given: Any
    allowed: Union[str, List[float]]
    sensor_type: Sensor
    message: str


class BandFailure(TypedDict):
    device_id: Optional[str]
    success: Literal[False]
    error_code: ErrorCode
    message: str


class _Failure(TypedDict):
    error_code: ErrorCode
    error_message: str
    details: ErrorDetails


class Failure(_Failure, total=False):
    devices: List[BandFailure]


class Counts(TypedDict, total=False):
    """Samples, only of the sensors concerned."""
    eeg: int
    ppg: int
    acc: int
    bat: int


class Device(TypedDict):
    device_id: str
    name: str
    address: str
    rssi: Optional[int]


class Server(TypedDict):
    name: Literal['linkbandd']
    version: str
    protocol: str
    instance: str
    backend: Literal['sim', 'replay', 'bluez']


class _DeviceInfo(TypedDict):
    connected: bool
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    battery_level: Optional[int]
    firmware_version: Optional[str]
    signal_strength: Optional[int]
    is_streaming: bool
    is_recording: bool
    clients_connected: int
    server: Server
    link: Link


class DeviceInfo(_DeviceInfo, total=False):
    """What is not known is null; all of the device without one. client_id: the reader's own number, only where it is sent to one client."""
    client_id: int


class Band(TypedDict):
    """A band that is connected, being connected, waited for (waiting) or being let go. What is not known is null."""
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    link: Link
    is_streaming: bool
    battery_level: Optional[int]
    signal_strength: Optional[int]
    adapter: Optional[str]


class SensorStatus(TypedDict):
    """silent_for: s without a packet, null where the sensor is not subscribed."""
    received: int
    skipped_by_band: int
    lost_link: int
    sample_rate_measured: Optional[float]
    silent_for: Optional[float]


class RecordedBand(TypedDict):
    device_id: Optional[str]
    path: Optional[str]
    samples: Counts
    lost: Counts


class RecordingStatus(TypedDict):
    """Of the running recording, else of the last; session_id, path and since are null before the first."""
    is_recording: bool
    session_id: SessionIdOrNull
    path: Optional[str]
    since: TimestampOrNull
    duration: float
    samples: Counts
    lost: Counts
    bytes: int
    minutes_left: Optional[float]
    bands: List[RecordedBand]


class SessionBand(TypedDict):
    device_id: Optional[str]
    folder: str
    files: List[SessionFile]


class _Session(TypedDict):
    session_id: str
    session_name: Optional[str]
    state: Literal['recording', 'recorded', 'complete', 'interrupted']
    problem: Optional[str]
    start: Timestamp
    duration: float
    bytes: int
    sensors: List[Sensor]
    files: List[SessionFile]


class Session(_Session, total=False):
    bands: List[SessionBand]


class Subscription(TypedDict):
    sensors: List[Sensor]
    kinds: List[Kind]
    raw: List[Sensor]
    processed: List[ProcessedSensor]
    bands: List[Literal['eeg']]
    events: bool
    device_ids: Optional[List[str]]


class SpoolReader(TypedDict):
    """By its cursor; the first 8 by name. One whose cursor can't be read counts as having nothing."""
    name: str
    is_readable: bool
    unread_bytes: int
    oldest_unread: TimestampOrNull
    lag: float


class Spool(TypedDict):
    """What bands send, kept for those who carry it away; as it was looked at last, each 10 s. unread_bytes: of the segments that one reader at least has still to have; lag: seconds since the oldest of them, oldest_unread, was written, null where nobody reads."""
    bytes: int
    unread_bytes: int
    oldest_unread: TimestampOrNull
    lag: Optional[float]
    lost_segments: int
    lost_records: int
    readers: List[SpoolReader]


class Health(TypedDict):
    """problems: what needs a person, a sentence each; [] where status is ok."""
    status: Literal['ok', 'degraded']
    problems: List[str]
    uptime: float
    clients_connected: int
    device_connected: bool
    is_streaming: bool
    is_recording: bool
    version: str
    devices_connected: int
    spool: Optional[Spool]


class Limits(TypedDict):
    clients: int
    waiting_clients: int
    null_origin_clients: int
    own_page_clients: int
    page_clients: int
    connections: int
    message_bytes: int
    frame_bytes: int
    data_queue_bytes: int
    reply_queue_bytes: int
    pending_commands: int
    pending_lists: int
    commands_per_second: int
    commands_burst: int
    nesting: int
    heartbeat_seconds: int
    silent_seconds: int
    handshake_seconds: int
    stuck_seconds: int
    keep_minutes: int
    bands: int


class BandPowers(TypedDict):
    delta: Optional[float]
    theta: Optional[float]
    alpha: Optional[float]
    beta: Optional[float]
    gamma: Optional[float]


class SensorFieldsEegRawData(TypedDict):
    timestamp: str
    ch1: str
    ch2: str
    leadoff_ch1: str
    leadoff_ch2: str


class SensorFieldsEegProcessedData(TypedDict):
    timestamps: str
    frequencies: str
    ch1_filtered: str
    ch1_leadoff: str
    ch1_sqi: str
    ch1_power: str
    ch1_band_powers: str
    ch1_relative_powers: str
    ch2_filtered: str
    ch2_leadoff: str
    ch2_sqi: str
    ch2_power: str
    ch2_band_powers: str
    ch2_relative_powers: str
    signal_quality: str
    good_samples_ratio: str
    interpolated: str
    total_power: str
    focus_index: str
    relaxation_index: str
    stress_index: str
    cognitive_load: str
    emotional_stability: str
    hemispheric_balance: str
    ch1_spectrum_seconds: str
    ch2_spectrum_seconds: str
    ch1_muscle: str
    ch1_alpha_frequency: str
    ch2_muscle: str
    ch2_alpha_frequency: str
    blinks: str
    artefacts: str


class SensorFieldsEegBandData(TypedDict):
    timestamp: str
    ch1_band_powers: str
    ch1_leadoff: str
    ch2_band_powers: str
    ch2_leadoff: str
    artefacts: str


class SensorFieldsEeg(TypedDict):
    raw_data: SensorFieldsEegRawData
    processed_data: SensorFieldsEegProcessedData
    band_data: SensorFieldsEegBandData


class SensorFieldsPpgRawData(TypedDict):
    timestamp: str
    red: str
    ir: str


class SensorFieldsPpgProcessedData(TypedDict):
    timestamps: str
    filtered_ppg: str
    ppg_sqi: str
    beats: str
    bpm: str
    rr_intervals: str
    signal_quality: str
    sdnn: str
    rmssd: str
    sdsd: str
    hr_mad: str
    sd1: str
    sd2: str
    pnn50: str
    lf: str
    hf: str
    lf_hf: str
    red_mean: str
    ir_mean: str
    irregular: str
    breath: str
    perfusion_red: str
    perfusion_ir: str


class SensorFieldsPpg(TypedDict):
    raw_data: SensorFieldsPpgRawData
    processed_data: SensorFieldsPpgProcessedData


class SensorFieldsAccRawData(TypedDict):
    timestamp: str
    x: str
    y: str
    z: str


class SensorFieldsAccProcessedData(TypedDict):
    timestamps: str
    x: str
    y: str
    z: str
    magnitude: str
    x_change: str
    y_change: str
    z_change: str
    avg_movement: str
    std_movement: str
    max_movement: str
    pitch: str
    roll: str
    nod: str
    tilt: str
    activity_state: str


class SensorFieldsAcc(TypedDict):
    raw_data: SensorFieldsAccRawData
    processed_data: SensorFieldsAccProcessedData


class SensorFieldsBatRawData(TypedDict):
    timestamp: str
    level: str


class SensorFieldsBat(TypedDict):
    raw_data: SensorFieldsBatRawData


class SensorFields(TypedDict):
    """Each field of each data message, with its unit."""
    eeg: SensorFieldsEeg
    ppg: SensorFieldsPpg
    acc: SensorFieldsAcc
    bat: SensorFieldsBat


class ScanDevicesParameters(TypedDict, total=False):
    duration: Optional[float]


class _ScanDevices(TypedDict):
    command: Literal['scan_devices']


class ScanDevices(_ScanDevices, total=False):
    type: Literal['command']
    parameters: ScanDevicesParameters
    id: Id


class ScanDevicesData(TypedDict):
    devices: List[Device]


class _ScanDevicesReply(TypedDict):
    type: Literal['command_response']
    command: Literal['scan_devices']
    success: Literal[True]
    message: str
    data: ScanDevicesData
    timestamp: Timestamp


class ScanDevicesReply(_ScanDevicesReply, total=False):
    id: Id


class StopScanParameters(TypedDict, total=False):
    pass


class _StopScan(TypedDict):
    command: Literal['stop_scan']


class StopScan(_StopScan, total=False):
    type: Literal['command']
    parameters: StopScanParameters
    id: Id


class StopScanData(TypedDict, total=False):
    pass


class _StopScanReply(TypedDict):
    type: Literal['command_response']
    command: Literal['stop_scan']
    success: Literal[True]
    message: str
    data: StopScanData
    timestamp: Timestamp


class StopScanReply(_StopScanReply, total=False):
    id: Id


class ConnectDeviceParameters(TypedDict, total=False):
    """At least one of both."""
    address: Optional[str]
    device_id: DeviceId


class _ConnectDevice(TypedDict):
    command: Literal['connect_device']
    parameters: ConnectDeviceParameters


class ConnectDevice(_ConnectDevice, total=False):
    type: Literal['command']
    id: Id


class _ConnectDeviceBand(TypedDict):
    device_id: Optional[str]
    success: bool


class ConnectDeviceBand(_ConnectDeviceBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    name: Optional[str]
    address: Optional[str]
    battery_level: Optional[int]
    firmware_version: Optional[str]


class ConnectDeviceData(TypedDict):
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    battery_level: Optional[int]
    firmware_version: Optional[str]
    devices: List[ConnectDeviceBand]


class _ConnectDeviceReply(TypedDict):
    type: Literal['command_response']
    command: Literal['connect_device']
    success: Literal[True]
    message: str
    data: ConnectDeviceData
    timestamp: Timestamp


class ConnectDeviceReply(_ConnectDeviceReply, total=False):
    id: Id


class DisconnectDeviceParameters(TypedDict, total=False):
    device_id: DeviceIdOrAll


class _DisconnectDevice(TypedDict):
    command: Literal['disconnect_device']


class DisconnectDevice(_DisconnectDevice, total=False):
    type: Literal['command']
    parameters: DisconnectDeviceParameters
    id: Id


class _DisconnectDeviceBand(TypedDict):
    device_id: Optional[str]
    success: bool


class DisconnectDeviceBand(_DisconnectDeviceBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    address: Optional[str]


class DisconnectDeviceData(TypedDict):
    device_id: Optional[str]
    address: Optional[str]
    devices: List[DisconnectDeviceBand]


class _DisconnectDeviceReply(TypedDict):
    type: Literal['command_response']
    command: Literal['disconnect_device']
    success: Literal[True]
    message: str
    data: DisconnectDeviceData
    timestamp: Timestamp


class DisconnectDeviceReply(_DisconnectDeviceReply, total=False):
    id: Id


class CheckDeviceConnectionParameters(TypedDict, total=False):
    device_id: DeviceIdOrAll


class _CheckDeviceConnection(TypedDict):
    command: Literal['check_device_connection']


class CheckDeviceConnection(_CheckDeviceConnection, total=False):
    type: Literal['command']
    parameters: CheckDeviceConnectionParameters
    id: Id


class _CheckDeviceConnectionBand(TypedDict):
    device_id: Optional[str]
    success: bool


class CheckDeviceConnectionBand(_CheckDeviceConnectionBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    connected: bool
    name: Optional[str]
    address: Optional[str]
    battery_level: Optional[int]
    firmware_version: Optional[str]
    signal_strength: Optional[int]
    is_streaming: bool
    is_recording: bool
    clients_connected: int
    server: Server
    link: Link


class CheckDeviceConnectionData(TypedDict):
    connected: bool
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    battery_level: Optional[int]
    firmware_version: Optional[str]
    signal_strength: Optional[int]
    is_streaming: bool
    is_recording: bool
    clients_connected: int
    server: Server
    link: Link
    devices: List[CheckDeviceConnectionBand]


class _CheckDeviceConnectionReply(TypedDict):
    type: Literal['command_response']
    command: Literal['check_device_connection']
    success: Literal[True]
    message: str
    data: CheckDeviceConnectionData
    timestamp: Timestamp


class CheckDeviceConnectionReply(_CheckDeviceConnectionReply, total=False):
    id: Id


class ListDevicesParameters(TypedDict, total=False):
    pass


class _ListDevices(TypedDict):
    command: Literal['list_devices']


class ListDevices(_ListDevices, total=False):
    type: Literal['command']
    parameters: ListDevicesParameters
    id: Id


class ListDevicesData(TypedDict):
    devices: List[Band]


class _ListDevicesReply(TypedDict):
    type: Literal['command_response']
    command: Literal['list_devices']
    success: Literal[True]
    message: str
    data: ListDevicesData
    timestamp: Timestamp


class ListDevicesReply(_ListDevicesReply, total=False):
    id: Id


class StartStreamingParameters(TypedDict, total=False):
    sensors: Optional[List[Sensor]]
    sample_rate: Optional[float]
    duration: Optional[float]
    device_id: DeviceIdOrAll


class _StartStreaming(TypedDict):
    command: Literal['start_streaming']


class StartStreaming(_StartStreaming, total=False):
    type: Literal['command']
    parameters: StartStreamingParameters
    id: Id


class _StartStreamingBand(TypedDict):
    device_id: Optional[str]
    success: bool


class StartStreamingBand(_StartStreamingBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    state: StreamState
    sensors: List[Sensor]
    sample_rate: float
    duration: Optional[float]


class StartStreamingData(TypedDict):
    state: StreamState
    sensors: List[Sensor]
    sample_rate: float
    duration: Optional[float]
    devices: List[StartStreamingBand]


class _StartStreamingReply(TypedDict):
    type: Literal['command_response']
    command: Literal['start_streaming']
    success: Literal[True]
    message: str
    data: StartStreamingData
    timestamp: Timestamp


class StartStreamingReply(_StartStreamingReply, total=False):
    id: Id


class StopStreamingParameters(TypedDict, total=False):
    device_id: DeviceIdOrAll


class _StopStreaming(TypedDict):
    command: Literal['stop_streaming']


class StopStreaming(_StopStreaming, total=False):
    type: Literal['command']
    parameters: StopStreamingParameters
    id: Id


class _StopStreamingBand(TypedDict):
    device_id: Optional[str]
    success: bool


class StopStreamingBand(_StopStreamingBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    sensors: List[Sensor]
    samples: Counts
    lost: Counts


class StopStreamingData(TypedDict):
    sensors: List[Sensor]
    samples: Counts
    lost: Counts
    devices: List[StopStreamingBand]


class _StopStreamingReply(TypedDict):
    type: Literal['command_response']
    command: Literal['stop_streaming']
    success: Literal[True]
    message: str
    data: StopStreamingData
    timestamp: Timestamp


class StopStreamingReply(_StopStreamingReply, total=False):
    id: Id


class GetStreamingStatusParameters(TypedDict, total=False):
    device_id: DeviceIdOrAll


class _GetStreamingStatus(TypedDict):
    command: Literal['get_streaming_status']


class GetStreamingStatus(_GetStreamingStatus, total=False):
    type: Literal['command']
    parameters: GetStreamingStatusParameters
    id: Id


class GetStreamingStatusBandSensor(TypedDict, total=False):
    """Only of the stream's sensors."""
    eeg: SensorStatus
    ppg: SensorStatus
    acc: SensorStatus
    bat: SensorStatus


class _GetStreamingStatusBand(TypedDict):
    device_id: Optional[str]
    success: bool


class GetStreamingStatusBand(_GetStreamingStatusBand, total=False):
    """What came of one band: error_code and message where it has refused, the other fields where it has not."""
    error_code: ErrorCode
    message: str
    state: StreamState
    is_streaming: bool
    sensors: List[Sensor]
    sample_rate: Optional[float]
    duration: Optional[float]
    since: TimestampOrNull
    remaining: Optional[float]
    sensor: GetStreamingStatusBandSensor
    utc_error_ms: Optional[float]
    clients_connected: int


class GetStreamingStatusDataSensor(TypedDict, total=False):
    """Only of the stream's sensors."""
    eeg: SensorStatus
    ppg: SensorStatus
    acc: SensorStatus
    bat: SensorStatus


class GetStreamingStatusData(TypedDict):
    state: StreamState
    is_streaming: bool
    device_id: Optional[str]
    sensors: List[Sensor]
    sample_rate: Optional[float]
    duration: Optional[float]
    since: TimestampOrNull
    remaining: Optional[float]
    sensor: GetStreamingStatusDataSensor
    utc_error_ms: Optional[float]
    clients_connected: int
    devices: List[GetStreamingStatusBand]


class _GetStreamingStatusReply(TypedDict):
    type: Literal['command_response']
    command: Literal['get_streaming_status']
    success: Literal[True]
    message: str
    data: GetStreamingStatusData
    timestamp: Timestamp


class GetStreamingStatusReply(_GetStreamingStatusReply, total=False):
    id: Id


class StartRecordingParameters(TypedDict, total=False):
    session_name: Optional[str]
    sensors: Optional[List[Sensor]]
    sample_rate: Optional[float]
    duration: Optional[float]
    formats: Optional[List[Format]]
    participant: Optional[str]
    task: Optional[str]
    notes: Optional[str]
    device_id: DeviceIdOrAll


class _StartRecording(TypedDict):
    command: Literal['start_recording']


class StartRecording(_StartRecording, total=False):
    type: Literal['command']
    parameters: StartRecordingParameters
    id: Id


class StartRecordingData(TypedDict):
    session_id: SessionId
    path: Optional[str]
    formats: List[Format]


class _StartRecordingReply(TypedDict):
    type: Literal['command_response']
    command: Literal['start_recording']
    success: Literal[True]
    message: str
    data: StartRecordingData
    timestamp: Timestamp


class StartRecordingReply(_StartRecordingReply, total=False):
    id: Id


class StopRecordingParameters(TypedDict, total=False):
    pass


class _StopRecording(TypedDict):
    command: Literal['stop_recording']


class StopRecording(_StopRecording, total=False):
    type: Literal['command']
    parameters: StopRecordingParameters
    id: Id


StopRecordingData = RecordingStatus


class _StopRecordingReply(TypedDict):
    type: Literal['command_response']
    command: Literal['stop_recording']
    success: Literal[True]
    message: str
    data: StopRecordingData
    timestamp: Timestamp


class StopRecordingReply(_StopRecordingReply, total=False):
    id: Id


class KeepRecentParameters(TypedDict, total=False):
    minutes: Optional[float]
    session_name: Optional[str]
    sensors: Optional[List[Sensor]]
    formats: Optional[List[Format]]
    participant: Optional[str]
    task: Optional[str]
    notes: Optional[str]
    device_id: DeviceIdOrAll


class _KeepRecent(TypedDict):
    command: Literal['keep_recent']


class KeepRecent(_KeepRecent, total=False):
    type: Literal['command']
    parameters: KeepRecentParameters
    id: Id


KeepRecentData = RecordingStatus


class _KeepRecentReply(TypedDict):
    type: Literal['command_response']
    command: Literal['keep_recent']
    success: Literal[True]
    message: str
    data: KeepRecentData
    timestamp: Timestamp


class KeepRecentReply(_KeepRecentReply, total=False):
    id: Id


class GetRecordingStatusParameters(TypedDict, total=False):
    pass


class _GetRecordingStatus(TypedDict):
    command: Literal['get_recording_status']


class GetRecordingStatus(_GetRecordingStatus, total=False):
    type: Literal['command']
    parameters: GetRecordingStatusParameters
    id: Id


GetRecordingStatusData = RecordingStatus


class _GetRecordingStatusReply(TypedDict):
    type: Literal['command_response']
    command: Literal['get_recording_status']
    success: Literal[True]
    message: str
    data: GetRecordingStatusData
    timestamp: Timestamp


class GetRecordingStatusReply(_GetRecordingStatusReply, total=False):
    id: Id


class ListRecordingsParameters(TypedDict, total=False):
    limit: Optional[int]
    before: SessionIdOrNull


class _ListRecordings(TypedDict):
    command: Literal['list_recordings']


class ListRecordings(_ListRecordings, total=False):
    type: Literal['command']
    parameters: ListRecordingsParameters
    id: Id


class ListRecordingsData(TypedDict):
    sessions: List[Session]
    more: bool


class _ListRecordingsReply(TypedDict):
    type: Literal['command_response']
    command: Literal['list_recordings']
    success: Literal[True]
    message: str
    data: ListRecordingsData
    timestamp: Timestamp


class ListRecordingsReply(_ListRecordingsReply, total=False):
    id: Id


class DeleteRecordingParameters(TypedDict):
    session_id: SessionId


class _DeleteRecording(TypedDict):
    command: Literal['delete_recording']
    parameters: DeleteRecordingParameters


class DeleteRecording(_DeleteRecording, total=False):
    type: Literal['command']
    id: Id


class DeleteRecordingData(TypedDict):
    session_id: SessionId


class _DeleteRecordingReply(TypedDict):
    type: Literal['command_response']
    command: Literal['delete_recording']
    success: Literal[True]
    message: str
    data: DeleteRecordingData
    timestamp: Timestamp


class DeleteRecordingReply(_DeleteRecordingReply, total=False):
    id: Id


class SubscribeParameters(TypedDict, total=False):
    sensors: Optional[List[Sensor]]
    kinds: Optional[List[Kind]]
    device_id: DeviceIdOrAll


class _Subscribe(TypedDict):
    command: Literal['subscribe']


class Subscribe(_Subscribe, total=False):
    type: Literal['command']
    parameters: SubscribeParameters
    id: Id


SubscribeData = Subscription


class _SubscribeReply(TypedDict):
    type: Literal['command_response']
    command: Literal['subscribe']
    success: Literal[True]
    message: str
    data: SubscribeData
    timestamp: Timestamp


class SubscribeReply(_SubscribeReply, total=False):
    id: Id


class UnsubscribeParameters(TypedDict, total=False):
    sensors: Optional[List[Sensor]]
    kinds: Optional[List[Kind]]


class _Unsubscribe(TypedDict):
    command: Literal['unsubscribe']


class Unsubscribe(_Unsubscribe, total=False):
    type: Literal['command']
    parameters: UnsubscribeParameters
    id: Id


UnsubscribeData = Subscription


class _UnsubscribeReply(TypedDict):
    type: Literal['command_response']
    command: Literal['unsubscribe']
    success: Literal[True]
    message: str
    data: UnsubscribeData
    timestamp: Timestamp


class UnsubscribeReply(_UnsubscribeReply, total=False):
    id: Id


class _InsertMarkerParameters(TypedDict):
    label: str


class InsertMarkerParameters(_InsertMarkerParameters, total=False):
    timestamp: Optional[Union[float, str]]
    device_id: DeviceIdOrAll


class _InsertMarker(TypedDict):
    command: Literal['insert_marker']
    parameters: InsertMarkerParameters


class InsertMarker(_InsertMarker, total=False):
    type: Literal['command']
    id: Id


class InsertMarkerData(TypedDict):
    timestamp: UnixMs


class _InsertMarkerReply(TypedDict):
    type: Literal['command_response']
    command: Literal['insert_marker']
    success: Literal[True]
    message: str
    data: InsertMarkerData
    timestamp: Timestamp


class InsertMarkerReply(_InsertMarkerReply, total=False):
    id: Id


class HealthCheckParameters(TypedDict, total=False):
    pass


class _HealthCheck(TypedDict):
    command: Literal['health_check']


class HealthCheck(_HealthCheck, total=False):
    type: Literal['command']
    parameters: HealthCheckParameters
    id: Id


HealthCheckData = Health


class _HealthCheckReply(TypedDict):
    type: Literal['command_response']
    command: Literal['health_check']
    success: Literal[True]
    message: str
    data: HealthCheckData
    timestamp: Timestamp


class HealthCheckReply(_HealthCheckReply, total=False):
    id: Id


class GetServerInfoParameters(TypedDict, total=False):
    pass


class _GetServerInfo(TypedDict):
    command: Literal['get_server_info']


class GetServerInfo(_GetServerInfo, total=False):
    type: Literal['command']
    parameters: GetServerInfoParameters
    id: Id


class ParameterRow(TypedDict):
    """What is known of a parameter; null: none. min and max are a number's, or a string's bytes; type device_id is a string or a list of up to 8; values what a list may hold; default what counts where it is absent; allowed ends the sentence of a refusal: it must be …."""
    type: Literal['number', 'integer', 'string', 'address', 'session_id', 'time', 'list', 'device_id']
    required: bool
    min: Optional[float]
    max: Optional[float]
    unit: Optional[str]
    values: Optional[List[str]]
    default: Optional[Union[float, List[str]]]
    allowed: str


class ParameterRowsScanDevices(TypedDict):
    duration: ParameterRow


class ParameterRowsStopScan(TypedDict, total=False):
    pass


class ParameterRowsConnectDevice(TypedDict):
    address: ParameterRow
    device_id: ParameterRow


class ParameterRowsDisconnectDevice(TypedDict):
    device_id: ParameterRow


class ParameterRowsCheckDeviceConnection(TypedDict):
    device_id: ParameterRow


class ParameterRowsListDevices(TypedDict, total=False):
    pass


class ParameterRowsStartStreaming(TypedDict):
    sensors: ParameterRow
    sample_rate: ParameterRow
    duration: ParameterRow
    device_id: ParameterRow


class ParameterRowsStopStreaming(TypedDict):
    device_id: ParameterRow


class ParameterRowsGetStreamingStatus(TypedDict):
    device_id: ParameterRow


class ParameterRowsStartRecording(TypedDict):
    session_name: ParameterRow
    sensors: ParameterRow
    sample_rate: ParameterRow
    duration: ParameterRow
    formats: ParameterRow
    participant: ParameterRow
    task: ParameterRow
    notes: ParameterRow
    device_id: ParameterRow


class ParameterRowsStopRecording(TypedDict, total=False):
    pass


class ParameterRowsKeepRecent(TypedDict):
    minutes: ParameterRow
    session_name: ParameterRow
    sensors: ParameterRow
    formats: ParameterRow
    participant: ParameterRow
    task: ParameterRow
    notes: ParameterRow
    device_id: ParameterRow


class ParameterRowsGetRecordingStatus(TypedDict, total=False):
    pass


class ParameterRowsListRecordings(TypedDict):
    limit: ParameterRow
    before: ParameterRow


class ParameterRowsDeleteRecording(TypedDict):
    session_id: ParameterRow


class ParameterRowsSubscribe(TypedDict):
    sensors: ParameterRow
    kinds: ParameterRow
    device_id: ParameterRow


class ParameterRowsUnsubscribe(TypedDict):
    sensors: ParameterRow
    kinds: ParameterRow


class ParameterRowsInsertMarker(TypedDict):
    label: ParameterRow
    timestamp: ParameterRow
    device_id: ParameterRow


class ParameterRowsHealthCheck(TypedDict, total=False):
    pass


class ParameterRowsGetServerInfo(TypedDict, total=False):
    pass


class ParameterRows(TypedDict):
    """A row for each parameter of each command."""
    scan_devices: ParameterRowsScanDevices
    stop_scan: ParameterRowsStopScan
    connect_device: ParameterRowsConnectDevice
    disconnect_device: ParameterRowsDisconnectDevice
    check_device_connection: ParameterRowsCheckDeviceConnection
    list_devices: ParameterRowsListDevices
    start_streaming: ParameterRowsStartStreaming
    stop_streaming: ParameterRowsStopStreaming
    get_streaming_status: ParameterRowsGetStreamingStatus
    start_recording: ParameterRowsStartRecording
    stop_recording: ParameterRowsStopRecording
    keep_recent: ParameterRowsKeepRecent
    get_recording_status: ParameterRowsGetRecordingStatus
    list_recordings: ParameterRowsListRecordings
    delete_recording: ParameterRowsDeleteRecording
    subscribe: ParameterRowsSubscribe
    unsubscribe: ParameterRowsUnsubscribe
    insert_marker: ParameterRowsInsertMarker
    health_check: ParameterRowsHealthCheck
    get_server_info: ParameterRowsGetServerInfo


class GetServerInfoDataParameters(TypedDict):
    """The names of each command's parameters."""
    scan_devices: List[str]
    stop_scan: List[str]
    connect_device: List[str]
    disconnect_device: List[str]
    check_device_connection: List[str]
    list_devices: List[str]
    start_streaming: List[str]
    stop_streaming: List[str]
    get_streaming_status: List[str]
    start_recording: List[str]
    stop_recording: List[str]
    keep_recent: List[str]
    get_recording_status: List[str]
    list_recordings: List[str]
    delete_recording: List[str]
    subscribe: List[str]
    unsubscribe: List[str]
    insert_marker: List[str]
    health_check: List[str]
    get_server_info: List[str]


class GetServerInfoData(TypedDict):
    version: str
    protocol: str
    instance: str
    mains: Literal[50, 60]
    limits: Limits
    sensors: SensorFields
    commands: List[str]
    parameters: GetServerInfoDataParameters
    parameter_rows: ParameterRows
    events: List[str]


class _GetServerInfoReply(TypedDict):
    type: Literal['command_response']
    command: Literal['get_server_info']
    success: Literal[True]
    message: str
    data: GetServerInfoData
    timestamp: Timestamp


class GetServerInfoReply(_GetServerInfoReply, total=False):
    id: Id


class _FailureReply(TypedDict):
    type: Literal['command_response']
    command: str
    success: Literal[False]
    message: str
    data: Failure
    timestamp: Timestamp


class FailureReply(_FailureReply, total=False):
    """To any command, one that there is not included; an Event_error with the same data follows but for CANCELLED."""
    id: Id


DeviceInfoEventData = DeviceInfo


class DeviceInfoEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['device_info']
    data: DeviceInfoEventData
    timestamp: Timestamp


class ScanResultEventData(TypedDict):
    status: Literal['scanning', 'completed', 'stopped', 'failed']
    devices: List[Device]


class ScanResultEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['scan_result']
    data: ScanResultEventData
    timestamp: Timestamp


class DeviceConnectedEventData(TypedDict):
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    device_address: Optional[str]
    signal_strength: Optional[int]
    battery_level: Optional[int]
    firmware_version: Optional[str]
    resumed: bool
    clock_step_ms: float


class DeviceConnectedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['device_connected']
    data: DeviceConnectedEventData
    timestamp: Timestamp


class DeviceDisconnectedEventData(TypedDict):
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    device_address: Optional[str]
    reason: Literal['user_request', 'link_lost', 'silent', 'bluetooth_off', 'shutdown']
    will_reconnect: bool


class DeviceDisconnectedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['device_disconnected']
    data: DeviceDisconnectedEventData
    timestamp: Timestamp


class StreamStartedEventData(TypedDict):
    device_id: Optional[str]
    sensors: List[Sensor]
    sample_rate: float
    duration: Optional[float]
    resumed: bool


class StreamStartedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['stream_started']
    data: StreamStartedEventData
    timestamp: Timestamp


class StreamStoppedEventData(TypedDict):
    device_id: Optional[str]
    sensors: List[Sensor]
    reason: Literal['user_request', 'duration', 'device_disconnected', 'error']
    will_resume: bool


class StreamStoppedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['stream_stopped']
    data: StreamStoppedEventData
    timestamp: Timestamp


class SensorStatusEventData(TypedDict):
    device_id: Optional[str]
    sensor_type: Sensor
    state: Literal['flowing', 'silent', 'retrying']
    silent_for: Optional[float]
    bad_packets: int
    message: Optional[str]


class SensorStatusEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['sensor_status']
    data: SensorStatusEventData
    timestamp: Timestamp


class ClockSteppedEventData(TypedDict):
    device_id: Optional[str]
    step_ms: float


class ClockSteppedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['clock_stepped']
    data: ClockSteppedEventData
    timestamp: Timestamp


class DeviceConnectionFailedEventData(TypedDict):
    device_id: Optional[str]
    name: Optional[str]
    address: Optional[str]
    device_address: Optional[str]
    error_code: ErrorCode
    error_message: str
    details: ErrorDetails
    will_retry: bool


class DeviceConnectionFailedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['device_connection_failed']
    data: DeviceConnectionFailedEventData
    timestamp: Timestamp


class RecordingStartedEventData(TypedDict):
    session_id: SessionIdOrNull
    session_name: Optional[str]
    path: Optional[str]
    sensors: List[Sensor]
    formats: List[Format]
    bands: List[RecordedBand]


class RecordingStartedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['recording_started']
    data: RecordingStartedEventData
    timestamp: Timestamp


class RecordingStoppedEventData(TypedDict):
    session_id: SessionIdOrNull
    session_name: Optional[str]
    path: Optional[str]
    sensors: List[Sensor]
    formats: List[Format]
    reason: Literal['user_request', 'duration', 'device_disconnected', 'error', 'shutdown']
    duration: float
    samples: Counts
    lost: Counts
    bands: List[RecordedBand]


class RecordingStoppedEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['recording_stopped']
    data: RecordingStoppedEventData
    timestamp: Timestamp


class RecordingFileEventData(TypedDict):
    session_id: SessionId
    file: str
    state: Literal['ready', 'failed']
    error_message: Optional[str]


class RecordingFileEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['recording_file']
    data: RecordingFileEventData
    timestamp: Timestamp


class StorageLowEventData(TypedDict):
    free_bytes: int
    minutes_left: float


class StorageLowEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['storage_low']
    data: StorageLowEventData
    timestamp: Timestamp


class MarkerEventData(TypedDict):
    label: str
    timestamp: UnixMs
    client_id: int
    session_id: SessionIdOrNull
    device_id: Optional[str]


class MarkerEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['marker']
    data: MarkerEventData
    timestamp: Timestamp


class ClientLaggingEventData(TypedDict):
    dropped: Counts


class ClientLaggingEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['client_lagging']
    data: ClientLaggingEventData
    timestamp: Timestamp


class BluetoothStatusEventData(TypedDict):
    """message: "" where all is well."""
    available: bool
    powered: bool
    message: str


class BluetoothStatusEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['bluetooth_status']
    data: BluetoothStatusEventData
    timestamp: Timestamp


ErrorEventData = Failure


class ErrorEvent(TypedDict):
    type: Literal['event']
    event_type: Literal['error']
    data: ErrorEventData
    timestamp: Timestamp


class _RawEegSample(TypedDict):
    timestamp: UnixMs
    ch1: float
    ch2: float
    leadoff_ch1: bool
    leadoff_ch2: bool


class RawEegSample(_RawEegSample, total=False):
    ch3: float
    ch4: float
    ch5: float
    ch6: float
    ch7: float
    ch8: float
    leadoff_ch3: bool
    leadoff_ch4: bool
    leadoff_ch5: bool
    leadoff_ch6: bool
    leadoff_ch7: bool
    leadoff_ch8: bool


class RawEeg(TypedDict):
    type: Literal['raw_data']
    sensor_type: Literal['eeg']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: List[RawEegSample]


class RawPpgSample(TypedDict):
    timestamp: UnixMs
    red: int
    ir: int


class RawPpg(TypedDict):
    type: Literal['raw_data']
    sensor_type: Literal['ppg']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: List[RawPpgSample]


class RawAccSample(TypedDict):
    timestamp: UnixMs
    x: int
    y: int
    z: int


class RawAcc(TypedDict):
    type: Literal['raw_data']
    sensor_type: Literal['acc']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: List[RawAccSample]


class RawBatSample(TypedDict):
    timestamp: UnixMs
    level: int


class RawBat(TypedDict):
    type: Literal['raw_data']
    sensor_type: Literal['bat']
    device_id: str
    timestamp: Timestamp
    sample_rate: None
    sample_rate_measured: None
    seq: int
    lost: int
    data: List[RawBatSample]


class ProcessedEegValues(TypedDict):
    timestamps: List[UnixMs]
    frequencies: List[float]
    ch1_filtered: List[Optional[float]]
    ch1_leadoff: bool
    ch1_sqi: Optional[float]
    ch1_power: List[Optional[float]]
    ch1_band_powers: BandPowers
    ch1_relative_powers: BandPowers
    ch2_filtered: List[Optional[float]]
    ch2_leadoff: bool
    ch2_sqi: Optional[float]
    ch2_power: List[Optional[float]]
    ch2_band_powers: BandPowers
    ch2_relative_powers: BandPowers
    signal_quality: SignalQuality
    good_samples_ratio: Optional[float]
    interpolated: int
    total_power: Optional[float]
    focus_index: Optional[float]
    relaxation_index: Optional[float]
    stress_index: Optional[float]
    cognitive_load: Optional[float]
    emotional_stability: Optional[float]
    hemispheric_balance: Optional[float]
    ch1_spectrum_seconds: Optional[float]
    ch2_spectrum_seconds: Optional[float]
    ch1_muscle: Optional[float]
    ch1_alpha_frequency: Optional[float]
    ch2_muscle: Optional[float]
    ch2_alpha_frequency: Optional[float]
    blinks: List[UnixMs]
    artefacts: List[Literal['blink', 'muscle', 'movement', 'pop']]


class ProcessedEeg(TypedDict):
    type: Literal['processed_data']
    sensor_type: Literal['eeg']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: ProcessedEegValues


class FastBandPowers(TypedDict):
    theta: Optional[float]
    alpha: Optional[float]
    beta: Optional[float]
    gamma: Optional[float]


class BandsEegValues(TypedDict):
    timestamp: UnixMs
    ch1_band_powers: FastBandPowers
    ch1_leadoff: bool
    ch2_band_powers: FastBandPowers
    ch2_leadoff: bool
    artefacts: List[Literal['blink', 'muscle', 'movement', 'pop']]


class BandsEeg(TypedDict):
    type: Literal['band_data']
    sensor_type: Literal['eeg']
    device_id: str
    timestamp: Timestamp
    sample_rate: Literal[10]
    sample_rate_measured: Literal[10]
    seq: int
    lost: int
    data: BandsEegValues


class ProcessedPpgValues(TypedDict):
    timestamps: List[UnixMs]
    filtered_ppg: List[Optional[float]]
    ppg_sqi: Optional[float]
    beats: List[UnixMs]
    bpm: Optional[float]
    rr_intervals: List[float]
    signal_quality: SignalQuality
    sdnn: Optional[float]
    rmssd: Optional[float]
    sdsd: Optional[float]
    hr_mad: Optional[float]
    sd1: Optional[float]
    sd2: Optional[float]
    pnn50: Optional[float]
    lf: Optional[float]
    hf: Optional[float]
    lf_hf: Optional[float]
    red_mean: Optional[float]
    ir_mean: Optional[float]
    irregular: Optional[bool]
    breath: Optional[float]
    perfusion_red: Optional[float]
    perfusion_ir: Optional[float]


class ProcessedPpg(TypedDict):
    type: Literal['processed_data']
    sensor_type: Literal['ppg']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: ProcessedPpgValues


class ProcessedAccValues(TypedDict):
    timestamps: List[UnixMs]
    x: List[float]
    y: List[float]
    z: List[float]
    magnitude: List[float]
    x_change: Optional[float]
    y_change: Optional[float]
    z_change: Optional[float]
    avg_movement: Optional[float]
    std_movement: Optional[float]
    max_movement: Optional[float]
    pitch: Optional[float]
    roll: Optional[float]
    nod: Optional[float]
    tilt: Optional[float]
    activity_state: Optional[Literal['stationary', 'sitting', 'walking', 'running']]


class ProcessedAcc(TypedDict):
    type: Literal['processed_data']
    sensor_type: Literal['acc']
    device_id: str
    timestamp: Timestamp
    sample_rate: Optional[float]
    sample_rate_measured: Optional[float]
    seq: int
    lost: int
    data: ProcessedAccValues


Event = Union[
    DeviceInfoEvent,
    ScanResultEvent,
    DeviceConnectedEvent,
    DeviceDisconnectedEvent,
    StreamStartedEvent,
    StreamStoppedEvent,
    SensorStatusEvent,
    ClockSteppedEvent,
    DeviceConnectionFailedEvent,
    RecordingStartedEvent,
    RecordingStoppedEvent,
    RecordingFileEvent,
    StorageLowEvent,
    MarkerEvent,
    ClientLaggingEvent,
    BluetoothStatusEvent,
    ErrorEvent,
]


class Commands:
    """A coroutine a command, by its own name; what it gives is the reply's data."""

    async def _command(self, name: str, parameters: Mapping[str, object]) -> object:
        raise NotImplementedError

    async def scan_devices(self, *, duration: Optional[float] = None) -> ScanDevicesData:
        """duration: s"""
        return cast(ScanDevicesData, await self._command("scan_devices", {"duration": duration}))

    async def stop_scan(self) -> StopScanData:
        return cast(StopScanData, await self._command("stop_scan", {}))

    async def connect_device(self, *, address: Optional[str] = None, device_id: Optional[DeviceId] = None) -> ConnectDeviceData:
        """At least one of both."""
        return cast(ConnectDeviceData, await self._command("connect_device", {"address": address, "device_id": device_id}))

    async def disconnect_device(self, *, device_id: Optional[DeviceIdOrAll] = None) -> DisconnectDeviceData:
        return cast(DisconnectDeviceData, await self._command("disconnect_device", {"device_id": device_id}))

    async def check_device_connection(self, *, device_id: Optional[DeviceIdOrAll] = None) -> CheckDeviceConnectionData:
        return cast(CheckDeviceConnectionData, await self._command("check_device_connection", {"device_id": device_id}))

    async def list_devices(self) -> ListDevicesData:
        return cast(ListDevicesData, await self._command("list_devices", {}))

    async def start_streaming(self, *, sensors: Optional[List[Sensor]] = None, sample_rate: Optional[float] = None, duration: Optional[float] = None, device_id: Optional[DeviceIdOrAll] = None) -> StartStreamingData:
        """sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end"""
        return cast(StartStreamingData, await self._command("start_streaming", {"sensors": sensors, "sample_rate": sample_rate, "duration": duration, "device_id": device_id}))

    async def stop_streaming(self, *, device_id: Optional[DeviceIdOrAll] = None) -> StopStreamingData:
        return cast(StopStreamingData, await self._command("stop_streaming", {"device_id": device_id}))

    async def get_streaming_status(self, *, device_id: Optional[DeviceIdOrAll] = None) -> GetStreamingStatusData:
        return cast(GetStreamingStatusData, await self._command("get_streaming_status", {"device_id": device_id}))

    async def start_recording(self, *, session_name: Optional[str] = None, sensors: Optional[List[Sensor]] = None, sample_rate: Optional[float] = None, duration: Optional[float] = None, formats: Optional[List[Format]] = None, participant: Optional[str] = None, task: Optional[str] = None, notes: Optional[str] = None, device_id: Optional[DeviceIdOrAll] = None) -> StartRecordingData:
        """session_name: At most 255 bytes; sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes"""
        return cast(StartRecordingData, await self._command("start_recording", {"session_name": session_name, "sensors": sensors, "sample_rate": sample_rate, "duration": duration, "formats": formats, "participant": participant, "task": task, "notes": notes, "device_id": device_id}))

    async def stop_recording(self) -> StopRecordingData:
        return cast(StopRecordingData, await self._command("stop_recording", {}))

    async def keep_recent(self, *, minutes: Optional[float] = None, session_name: Optional[str] = None, sensors: Optional[List[Sensor]] = None, formats: Optional[List[Format]] = None, participant: Optional[str] = None, task: Optional[str] = None, notes: Optional[str] = None, device_id: Optional[DeviceIdOrAll] = None) -> KeepRecentData:
        """minutes: So far back, up to 10 s further; absent: all that is kept; session_name: At most 255 bytes; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes"""
        return cast(KeepRecentData, await self._command("keep_recent", {"minutes": minutes, "session_name": session_name, "sensors": sensors, "formats": formats, "participant": participant, "task": task, "notes": notes, "device_id": device_id}))

    async def get_recording_status(self) -> GetRecordingStatusData:
        return cast(GetRecordingStatusData, await self._command("get_recording_status", {}))

    async def list_recordings(self, *, limit: Optional[int] = None, before: Optional[SessionIdOrNull] = None) -> ListRecordingsData:
        return cast(ListRecordingsData, await self._command("list_recordings", {"limit": limit, "before": before}))

    async def delete_recording(self, session_id: SessionId) -> DeleteRecordingData:
        return cast(DeleteRecordingData, await self._command("delete_recording", {"session_id": session_id}))

    async def subscribe(self, *, sensors: Optional[List[Sensor]] = None, kinds: Optional[List[Kind]] = None, device_id: Optional[DeviceIdOrAll] = None) -> SubscribeData:
        return cast(SubscribeData, await self._command("subscribe", {"sensors": sensors, "kinds": kinds, "device_id": device_id}))

    async def unsubscribe(self, *, sensors: Optional[List[Sensor]] = None, kinds: Optional[List[Kind]] = None) -> UnsubscribeData:
        return cast(UnsubscribeData, await self._command("unsubscribe", {"sensors": sensors, "kinds": kinds}))

    async def insert_marker(self, label: str, *, timestamp: Optional[Union[float, str]] = None, device_id: Optional[DeviceIdOrAll] = None) -> InsertMarkerData:
        """label: At most 256 bytes; timestamp: Unix milliseconds, or ISO 8601 with its zone; absent: now"""
        return cast(InsertMarkerData, await self._command("insert_marker", {"label": label, "timestamp": timestamp, "device_id": device_id}))

    async def health_check(self) -> HealthCheckData:
        return cast(HealthCheckData, await self._command("health_check", {}))

    async def get_server_info(self) -> GetServerInfoData:
        return cast(GetServerInfoData, await self._command("get_server_info", {}))


class BlockingCommands:
    """A method a command, which waits for the reply and gives its data."""

    def _command(self, name: str, parameters: Mapping[str, object]) -> object:
        raise NotImplementedError

    def scan_devices(self, *, duration: Optional[float] = None) -> ScanDevicesData:
        """duration: s"""
        return cast(ScanDevicesData, self._command("scan_devices", {"duration": duration}))

    def stop_scan(self) -> StopScanData:
        return cast(StopScanData, self._command("stop_scan", {}))

    def connect_device(self, *, address: Optional[str] = None, device_id: Optional[DeviceId] = None) -> ConnectDeviceData:
        """At least one of both."""
        return cast(ConnectDeviceData, self._command("connect_device", {"address": address, "device_id": device_id}))

    def disconnect_device(self, *, device_id: Optional[DeviceIdOrAll] = None) -> DisconnectDeviceData:
        return cast(DisconnectDeviceData, self._command("disconnect_device", {"device_id": device_id}))

    def check_device_connection(self, *, device_id: Optional[DeviceIdOrAll] = None) -> CheckDeviceConnectionData:
        return cast(CheckDeviceConnectionData, self._command("check_device_connection", {"device_id": device_id}))

    def list_devices(self) -> ListDevicesData:
        return cast(ListDevicesData, self._command("list_devices", {}))

    def start_streaming(self, *, sensors: Optional[List[Sensor]] = None, sample_rate: Optional[float] = None, duration: Optional[float] = None, device_id: Optional[DeviceIdOrAll] = None) -> StartStreamingData:
        """sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end"""
        return cast(StartStreamingData, self._command("start_streaming", {"sensors": sensors, "sample_rate": sample_rate, "duration": duration, "device_id": device_id}))

    def stop_streaming(self, *, device_id: Optional[DeviceIdOrAll] = None) -> StopStreamingData:
        return cast(StopStreamingData, self._command("stop_streaming", {"device_id": device_id}))

    def get_streaming_status(self, *, device_id: Optional[DeviceIdOrAll] = None) -> GetStreamingStatusData:
        return cast(GetStreamingStatusData, self._command("get_streaming_status", {"device_id": device_id}))

    def start_recording(self, *, session_name: Optional[str] = None, sensors: Optional[List[Sensor]] = None, sample_rate: Optional[float] = None, duration: Optional[float] = None, formats: Optional[List[Format]] = None, participant: Optional[str] = None, task: Optional[str] = None, notes: Optional[str] = None, device_id: Optional[DeviceIdOrAll] = None) -> StartRecordingData:
        """session_name: At most 255 bytes; sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes"""
        return cast(StartRecordingData, self._command("start_recording", {"session_name": session_name, "sensors": sensors, "sample_rate": sample_rate, "duration": duration, "formats": formats, "participant": participant, "task": task, "notes": notes, "device_id": device_id}))

    def stop_recording(self) -> StopRecordingData:
        return cast(StopRecordingData, self._command("stop_recording", {}))

    def keep_recent(self, *, minutes: Optional[float] = None, session_name: Optional[str] = None, sensors: Optional[List[Sensor]] = None, formats: Optional[List[Format]] = None, participant: Optional[str] = None, task: Optional[str] = None, notes: Optional[str] = None, device_id: Optional[DeviceIdOrAll] = None) -> KeepRecentData:
        """minutes: So far back, up to 10 s further; absent: all that is kept; session_name: At most 255 bytes; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes"""
        return cast(KeepRecentData, self._command("keep_recent", {"minutes": minutes, "session_name": session_name, "sensors": sensors, "formats": formats, "participant": participant, "task": task, "notes": notes, "device_id": device_id}))

    def get_recording_status(self) -> GetRecordingStatusData:
        return cast(GetRecordingStatusData, self._command("get_recording_status", {}))

    def list_recordings(self, *, limit: Optional[int] = None, before: Optional[SessionIdOrNull] = None) -> ListRecordingsData:
        return cast(ListRecordingsData, self._command("list_recordings", {"limit": limit, "before": before}))

    def delete_recording(self, session_id: SessionId) -> DeleteRecordingData:
        return cast(DeleteRecordingData, self._command("delete_recording", {"session_id": session_id}))

    def subscribe(self, *, sensors: Optional[List[Sensor]] = None, kinds: Optional[List[Kind]] = None, device_id: Optional[DeviceIdOrAll] = None) -> SubscribeData:
        return cast(SubscribeData, self._command("subscribe", {"sensors": sensors, "kinds": kinds, "device_id": device_id}))

    def unsubscribe(self, *, sensors: Optional[List[Sensor]] = None, kinds: Optional[List[Kind]] = None) -> UnsubscribeData:
        return cast(UnsubscribeData, self._command("unsubscribe", {"sensors": sensors, "kinds": kinds}))

    def insert_marker(self, label: str, *, timestamp: Optional[Union[float, str]] = None, device_id: Optional[DeviceIdOrAll] = None) -> InsertMarkerData:
        """label: At most 256 bytes; timestamp: Unix milliseconds, or ISO 8601 with its zone; absent: now"""
        return cast(InsertMarkerData, self._command("insert_marker", {"label": label, "timestamp": timestamp, "device_id": device_id}))

    def health_check(self) -> HealthCheckData:
        return cast(HealthCheckData, self._command("health_check", {}))

    def get_server_info(self) -> GetServerInfoData:
        return cast(GetServerInfoData, self._command("get_server_info", {}))
