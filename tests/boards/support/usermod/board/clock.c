// SPDX-License-Identifier: MIT
// The port's missing time functions, over a hardware timer. With them the stock time module works.

#include "py/mphal.h"
#include "py/runtime.h"

#include "board.h"

#if defined(QEMU_SOC_MPS2)

// The FPGA system block of the MPS2: a 20 MHz counter behind a prescaler. (The CMSDK timers are
// left to programs that measure.)
#define FPGAIO_COUNTER (*(volatile uint32_t *)0x40028018)
#define FPGAIO_PRESCALE (*(volatile uint32_t *)0x4002801c)

void board_clock_init(void) {
    FPGAIO_PRESCALE = 20 - 1;
}

// The counter has 32 bits and so wraps each 71 minutes; it has to be read at least that often.
static uint64_t microseconds(void) {
    static uint32_t low;
    static uint32_t high;
    uint32_t now = FPGAIO_COUNTER;
    if (now < low) {
        high += 1;
    }
    low = now;
    return (uint64_t)high << 32 | now;
}

#elif defined(QEMU_SOC_VIRT)

// The RISC-V machine timer counts at 10 MHz.
#define CLINT_MTIME_LOW (*(volatile uint32_t *)0x0200bff8)
#define CLINT_MTIME_HIGH (*(volatile uint32_t *)0x0200bffc)

void board_clock_init(void) {
}

static uint64_t microseconds(void) {
    uint32_t high, low;
    do {
        high = CLINT_MTIME_HIGH;
        low = CLINT_MTIME_LOW;
    } while (high != CLINT_MTIME_HIGH);
    return ((uint64_t)high << 32 | low) / 10;
}

#endif

mp_uint_t mp_hal_ticks_us(void) {
    return microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return microseconds() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return microseconds();
}

// LittleFS stamps files with this. There is no calendar: time begins when the board starts.
uint64_t mp_hal_time_ns(void) {
    return microseconds() * 1000;
}

// Callbacks of the scheduler run, and Ctrl-C interrupts, during a delay in milliseconds.
void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = microseconds() + (uint64_t)ms * 1000;
    do {
        board_poll_uart();
        mp_event_handle_nowait();
    } while (microseconds() < end);
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = microseconds() + us;
    while (microseconds() < end) {
    }
}
