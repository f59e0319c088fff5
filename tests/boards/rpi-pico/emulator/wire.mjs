// SPDX-License-Identifier: MIT
// Wires between UART 0 of two boards, which damage bytes and break on demand. The same seed does the same.

const KINDS = ['drop', 'flip', 'double', 'insert'];

export class Wire {
  // `now()` is the time in ns.
  constructor(now, seed) {
    this.now = now;
    this.random = (Math.imul(seed, 2654435761) + 88172645) >>> 0 || 1;
    this.uarts = [null, null];
    this.cutUntil = 0;
    this.damaged = 0;
    this.setErrors(0);
  }

  bits() {
    // xorshift32
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x >>> 0;
    return this.random;
  }

  below(n) {
    return this.bits() % n;
  }

  // Damage one byte of `every`, on average, in both directions; 0 ends it.
  setErrors(every) {
    this.every = every;
    this.good = [this.gap(), this.gap()];
  }

  gap() {
    return this.every ? this.below(2 * this.every) : Infinity;
  }

  cut(ns) {
    this.cutUntil = this.now() + ns;
  }

  // Bytes that nobody has sent arrive at both boards.
  insert(count) {
    for (const uart of this.uarts) uart.arrive(Array.from({ length: count }, () => this.below(256)));
  }

  // A byte has left board n.
  carry(n, byte) {
    if (this.now() < this.cutUntil) return;
    const uart = this.uarts[1 - n];
    if (this.good[n]--) {
      uart.arrive([byte]);
      return;
    }
    this.good[n] = this.gap();
    this.damaged++;
    switch (KINDS[this.below(4)]) {
      case 'drop': return;
      case 'flip': return uart.arrive([byte ^ (1 << this.below(8))]);
      case 'double': return uart.arrive([byte, byte]);
      default: return uart.arrive([this.below(256), byte]);
    }
  }
}
