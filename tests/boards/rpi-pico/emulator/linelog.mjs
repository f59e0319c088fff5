// SPDX-License-Identifier: MIT
// What passes on the line of a UART, as text for tools/frames.py: the board's time in microseconds,
// > for what it has sent or < for what has arrived, and some bytes.
import fs from 'node:fs';

const MOST = 16; // Bytes in a row; the time is that of the first one.
const PAUSE = 100; // Microseconds after which a row ends.

export class LineLog {
  constructor(file, clock) {
    this.file = file;
    this.clock = clock;
    this.rows = [];
  }

  add(direction, byte) {
    const { rows } = this;
    const now = this.clock.nanos / 1000;
    let row = rows.at(-1);
    if (row?.direction !== direction || row.bytes.length === MOST || now - row.ended > PAUSE) {
      row = { direction, began: now, bytes: [] };
      rows.push(row);
    }
    row.ended = now;
    row.bytes.push(byte);
  }

  // Append what has passed since the last time.
  save() {
    if (!this.rows.length) return;
    const text = this.rows.map(({ direction, began, bytes }) => `${began.toFixed(1)} ${direction} ${Buffer.from(bytes).toString('hex')}\n`);
    fs.appendFileSync(this.file, text.join(''));
    this.rows = [];
  }
}
