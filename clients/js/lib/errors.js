// What can go wrong.
//
// LinkbandError
// ├── CommandError            the daemon refused a command
// └── ConnectionLost          the connection ended; whether what was sent was carried out is not known
//     ├── NotReachable        none could be made
//     └── Rejected            the daemon does not let this client in: not tried again

/** Whatever this package throws by itself. */
export class LinkbandError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

/** A command was refused: `code` for programs, `message` for people, `details` as the protocol has them. */
export class CommandError extends LinkbandError {
  /**
   * @param {string} command
   * @param {import("../messages.js").Failure} failure
   */
  constructor(command, failure) {
    super(failure.error_message);
    this.command = command;
    this.code = failure.error_code;
    this.details = failure.details;
  }
}

/**
 * `code` and `reason` are the WebSocket's: 1006 without a close, 1012 at the daemon's shutdown, 1013 where it has no
 * place or this client read too slowly, 1000 where this program closed it.
 */
export class ConnectionLost extends LinkbandError {
  /**
   * @param {number} code
   * @param {string} reason
   */
  constructor(code, reason) {
    super(reason ? `${reason} (${code})` : `the connection was closed with ${code}`);
    this.code = code;
    this.reason = reason;
  }
}

/** No daemon answered there, or it has no place for one more client now. */
export class NotReachable extends ConnectionLost {}

/** `status` is HTTP's: 401 (the token is missing or wrong), 403 (not from here), 404 (not this path). */
export class Rejected extends ConnectionLost {
  /**
   * @param {number} status
   * @param {string} reason
   */
  constructor(status, reason) {
    super(1006, reason);
    this.status = status;
  }
}
