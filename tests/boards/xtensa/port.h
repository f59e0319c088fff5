// SPDX-License-Identifier: MIT
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

// In windowed.S and call0.S: a Linux system call, whose result below 0 is an error; and the state
// of all active functions brought to memory, for the garbage collector.
long system_call(long number, long a, long b, long c);
void *save_registers(uint32_t registers[4]);

// Called by _start.
void start(void);

// In linux.c.
void port_exit(int status);

#endif // PORT_H
