// SPDX-License-Identifier: MIT
// What must happen before the port's main(), and Ctrl-C for programs that sleep. It stands between
// the start-up code and main(), and between the UART and its reader: board.mk renames the port's.

#include "py/runtime.h"
#include "py/ringbuf.h"
#include "shared/runtime/interrupt_char.h"
#include "ports/qemu/uart.h"

#include "board.h"

int port_main(int argc, char **argv);
int port_uart_rx_chr(void);

int main(int argc, char **argv) {
    #if defined(__ARM_FP)
    // Coprocessors 10 and 11 are the FPU: until access is allowed, the first float faults.
    *(volatile uint32_t *)0xe000ed88 |= 0xf << 20;
    __asm volatile ("dsb\n isb\n");
    #endif
    board_clock_init();
    return port_main(argc, argv);
}

// Characters received while a program slept. Real boards have such a buffer in their UART driver.
static uint8_t received_buf[256];
static ringbuf_t received = { received_buf, sizeof(received_buf), 0, 0 };

void board_poll_uart(void) {
    // A character that finds the buffer full stays in the UART.
    while (ringbuf_free(&received) != 0) {
        int c = port_uart_rx_chr();
        if (c == UART_RX_NO_CHAR) {
            return;
        }
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&received, c);
        }
    }
}

int uart_rx_chr(void) {
    int c = ringbuf_get(&received);
    if (c < 0) {
        // Only who waits for a character calls this.
        board_sleep();
        c = port_uart_rx_chr();
    }
    return c;
}
