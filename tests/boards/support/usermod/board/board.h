// SPDX-License-Identifier: MIT
#ifndef BOARD_H
#define BOARD_H

// Look whether the UART has received a character: Ctrl-C interrupts the running program, anything
// else is kept for the REPL.
void board_poll_uart(void);

// Let the emulator sleep until the UART has a character or another interrupt is due.
void board_sleep(void);

// Start the hardware timer behind the mp_hal_ticks functions.
void board_clock_init(void);

#endif // BOARD_H
