// SPDX-License-Identifier: MIT
// The terminal and the clock, by system calls of Linux. QEMU's user mode needs no C library.

#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"
#include "port.h"

// Of the Xtensa Linux kernel.
#define SYS_READ (12)
#define SYS_WRITE (13)
#define SYS_POLL (16)
#define SYS_EXIT_GROUP (119)
#define SYS_GETTIMEOFDAY (192)

#define POLL_IN (1)

void port_exit(int status) {
    system_call(SYS_EXIT_GROUP, status, 0, 0);
}

/******************************************************************************/
// The terminal

static uint8_t received_buf[256];
static ringbuf_t received = { received_buf, sizeof(received_buf), 0, 0 };

// Whether a byte can be read within some milliseconds.
static bool wait_for_input(int ms) {
    struct {
        int fd;
        int16_t events, happened;
    } input = { 0, POLL_IN, 0 };
    return system_call(SYS_POLL, (long)&input, 1, ms) > 0;
}

// Take what the terminal has: Ctrl-C interrupts, all else is kept. Waits for the first byte.
static void receive(int ms) {
    while (ringbuf_free(&received) != 0 && wait_for_input(ms)) {
        uint8_t c;
        if (system_call(SYS_READ, 0, (long)&c, 1) != 1) {
            port_exit(0); // The terminal is gone.
        }
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&received, c);
        }
        ms = 0;
    }
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int c = ringbuf_get(&received);
        if (c >= 0) {
            return c;
        }
        mp_handle_pending(true);
        receive(1000);
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    receive(0);
    if (ringbuf_peek(&received) >= 0) {
        ready |= flags & MP_STREAM_POLL_RD;
    }
    return ready;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *str, size_t len) {
    for (size_t done = 0; done < len;) {
        long n = system_call(SYS_WRITE, 1, (long)(str + done), len - done);
        if (n <= 0) {
            port_exit(1);
        }
        done += n;
    }
    return len;
}

/******************************************************************************/
// The clock, from the first time that it is read

static uint64_t microseconds(void) {
    static long start;
    struct {
        long seconds, microseconds;
    } now;
    system_call(SYS_GETTIMEOFDAY, (long)&now, 0, 0);
    if (start == 0) {
        start = now.seconds;
    }
    return (uint64_t)(now.seconds - start) * 1000000 + now.microseconds;
}

mp_uint_t mp_hal_ticks_us(void) {
    return microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return microseconds() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return microseconds();
}

uint64_t mp_hal_time_ns(void) {
    return microseconds() * 1000;
}

// Callbacks of the scheduler run, and Ctrl-C interrupts, during a delay in milliseconds.
void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = microseconds() + (uint64_t)ms * 1000;
    do {
        receive(0);
        mp_event_handle_nowait();
    } while (microseconds() < end);
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = microseconds() + us;
    while (microseconds() < end) {
    }
}
