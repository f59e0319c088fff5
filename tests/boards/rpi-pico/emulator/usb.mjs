// SPDX-License-Identifier: MIT
// The host's end of the board's USB serial port.
import { USBCDC } from 'rp2040js';

export class Serial {
  constructor(pico) {
    this.usb = pico.usbCtrl;
    this.cdc = new USBCDC(pico.usbCtrl);
    this.connected = false;
    this.input = []; // Chunks for the board.
    this.wanted = 0; // How many bytes the board waits for.
    this.output = [];
    this.cdc.onDeviceConnected = () => { this.connected = true; };
    this.cdc.onSerialData = (data) => this.output.push(Buffer.from(data));
    // The package would answer at once, with no data if need be, and so keep the board awake.
    this.usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.wanted = size;
      this.feed();
    };
  }

  // Is there input that the board could take now?
  get pending() {
    return this.connected && this.wanted > 0 && this.input.length > 0;
  }

  send(chunk) {
    this.input.push(chunk);
  }

  feed() {
    if (!this.pending) return;
    const chunk = this.input.shift();
    const rest = chunk.subarray(this.wanted);
    if (rest.length) this.input.unshift(rest);
    this.usb.endpointReadDone(this.cdc.outEndpoint, new Uint8Array(chunk.subarray(0, this.wanted)));
    this.wanted = 0;
  }

  // What the board has sent since the last call.
  take() {
    const data = Buffer.concat(this.output);
    this.output = [];
    return data;
  }
}
