// A method a command. Made by `generate` of docs/schema.json: don't edit.

/** @typedef {{signal?: AbortSignal}} Options */

/** Its heir sends them. */
export class Commands {
  /**
   * @param {string} _name
   * @param {object} [_parameters]
   * @param {Options} [_options]
   * @returns {Promise<any>}
   */
  async command(_name, _parameters, _options) {
    throw new Error("there is no connection here");
  }

  /**
   * duration: s
   * @param {import("../messages.js").ScanDevicesParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").ScanDevicesData>}
   */
  scanDevices(parameters = {}, options = {}) {
    return this.command("scan_devices", parameters, options);
  }

  /**
   * @param {import("../messages.js").StopScanParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").StopScanData>}
   */
  stopScan(parameters = {}, options = {}) {
    return this.command("stop_scan", parameters, options);
  }

  /**
   * At least one of both.
   * @param {import("../messages.js").ConnectDeviceParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").ConnectDeviceData>}
   */
  connectDevice(parameters = {}, options = {}) {
    return this.command("connect_device", parameters, options);
  }

  /**
   * @param {import("../messages.js").DisconnectDeviceParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").DisconnectDeviceData>}
   */
  disconnectDevice(parameters = {}, options = {}) {
    return this.command("disconnect_device", parameters, options);
  }

  /**
   * @param {import("../messages.js").CheckDeviceConnectionParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").CheckDeviceConnectionData>}
   */
  checkDeviceConnection(parameters = {}, options = {}) {
    return this.command("check_device_connection", parameters, options);
  }

  /**
   * @param {import("../messages.js").ListDevicesParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").ListDevicesData>}
   */
  listDevices(parameters = {}, options = {}) {
    return this.command("list_devices", parameters, options);
  }

  /**
   * sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end
   * @param {import("../messages.js").StartStreamingParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").StartStreamingData>}
   */
  startStreaming(parameters = {}, options = {}) {
    return this.command("start_streaming", parameters, options);
  }

  /**
   * @param {import("../messages.js").StopStreamingParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").StopStreamingData>}
   */
  stopStreaming(parameters = {}, options = {}) {
    return this.command("stop_streaming", parameters, options);
  }

  /**
   * @param {import("../messages.js").GetStreamingStatusParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").GetStreamingStatusData>}
   */
  getStreamingStatus(parameters = {}, options = {}) {
    return this.command("get_streaming_status", parameters, options);
  }

  /**
   * session_name: At most 255 bytes; sample_rate: Hz: the band's own, its half or its quarter; duration: s; absent: no end; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes
   * @param {import("../messages.js").StartRecordingParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").StartRecordingData>}
   */
  startRecording(parameters = {}, options = {}) {
    return this.command("start_recording", parameters, options);
  }

  /**
   * @param {import("../messages.js").StopRecordingParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").StopRecordingData>}
   */
  stopRecording(parameters = {}, options = {}) {
    return this.command("stop_recording", parameters, options);
  }

  /**
   * minutes: So far back, up to 10 s further; absent: all that is kept; session_name: At most 255 bytes; participant: For session.json: whose data it is. At most 64 bytes; task: For session.json: what was done. At most 64 bytes; notes: For session.json. At most 1000 bytes
   * @param {import("../messages.js").KeepRecentParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").KeepRecentData>}
   */
  keepRecent(parameters = {}, options = {}) {
    return this.command("keep_recent", parameters, options);
  }

  /**
   * @param {import("../messages.js").GetRecordingStatusParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").GetRecordingStatusData>}
   */
  getRecordingStatus(parameters = {}, options = {}) {
    return this.command("get_recording_status", parameters, options);
  }

  /**
   * @param {import("../messages.js").ListRecordingsParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").ListRecordingsData>}
   */
  listRecordings(parameters = {}, options = {}) {
    return this.command("list_recordings", parameters, options);
  }

  /**
   * @param {import("../messages.js").DeleteRecordingParameters} parameters
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").DeleteRecordingData>}
   */
  deleteRecording(parameters, options = {}) {
    return this.command("delete_recording", parameters, options);
  }

  /**
   * @param {import("../messages.js").SubscribeParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").SubscribeData>}
   */
  subscribe(parameters = {}, options = {}) {
    return this.command("subscribe", parameters, options);
  }

  /**
   * @param {import("../messages.js").UnsubscribeParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").UnsubscribeData>}
   */
  unsubscribe(parameters = {}, options = {}) {
    return this.command("unsubscribe", parameters, options);
  }

  /**
   * label: At most 256 bytes; timestamp: Unix milliseconds, or ISO 8601 with its zone; absent: now
   * @param {import("../messages.js").InsertMarkerParameters} parameters
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").InsertMarkerData>}
   */
  insertMarker(parameters, options = {}) {
    return this.command("insert_marker", parameters, options);
  }

  /**
   * @param {import("../messages.js").HealthCheckParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").HealthCheckData>}
   */
  healthCheck(parameters = {}, options = {}) {
    return this.command("health_check", parameters, options);
  }

  /**
   * @param {import("../messages.js").GetServerInfoParameters} [parameters]
   * @param {Options} [options]
   * @returns {Promise<import("../messages.js").GetServerInfoData>}
   */
  getServerInfo(parameters = {}, options = {}) {
    return this.command("get_server_info", parameters, options);
  }
}
