// SPDX-License-Identifier: MIT
// Sleep while the REPL waits for a character: the emulator then takes no time of the host's processor.
// Interrupts stay masked in the processor, as the port has no handler for the UART; a masked one ends
// the sleep all the same.

#include <stdint.h>

#include "board.h"

#define REG(type, address) (*(volatile type *)(address))

#if defined(QEMU_SOC_MPS2)

#define UART_STATE REG(uint32_t, 0x40004004)
#define UART_CTRL REG(uint32_t, 0x40004008)
#define UART_INTSTATUS REG(uint32_t, 0x4000400c)
#define STATE_RXFULL (1 << 1)
#define CTRL_RX_INT_EN (1 << 3)
#define INTSTATUS_RX (1 << 1)
#define NVIC_ISER REG(uint32_t, 0xe000e100)
#define NVIC_ICER REG(uint32_t, 0xe000e180)
#define NVIC_ICPR REG(uint32_t, 0xe000e280)
#define UART_RX_IRQ (1 << 0)

void board_sleep(void) {
    UART_CTRL |= CTRL_RX_INT_EN;
    __asm volatile ("cpsid i" : : : "memory");
    NVIC_ISER = UART_RX_IRQ;
    if (!(UART_STATE & STATE_RXFULL)) {
        __asm volatile ("dsb\n wfi" : : : "memory");
    }
    NVIC_ICER = UART_RX_IRQ;
    UART_INTSTATUS = INTSTATUS_RX;
    NVIC_ICPR = UART_RX_IRQ;
    __asm volatile ("cpsie i" : : : "memory");
}

#elif defined(QEMU_SOC_VIRT)

#define UART_IER REG(uint8_t, 0x10000001)
#define UART_LSR REG(uint8_t, 0x10000005)
#define IER_RX (1 << 0)
#define LSR_DR (1 << 0)
#define UART_IRQ (10)
#define PLIC_PRIORITY(irq) REG(uint32_t, 0x0c000000 + 4 * (irq))
#define PLIC_ENABLE REG(uint32_t, 0x0c002000)
#define PLIC_CLAIM REG(uint32_t, 0x0c200004)
#define MSTATUS_MIE (1 << 3)
#define MIE_MEIE (1 << 11)

void board_sleep(void) {
    PLIC_PRIORITY(UART_IRQ) = 1;
    PLIC_ENABLE = 1 << UART_IRQ;
    UART_IER = IER_RX;
    uint32_t mstatus;
    __asm volatile ("csrrc %0, mstatus, %1" : "=r" (mstatus) : "r" (MSTATUS_MIE) : "memory");
    __asm volatile ("csrs mie, %0" : : "r" (MIE_MEIE) : "memory");
    if (!(UART_LSR & LSR_DR)) {
        __asm volatile ("wfi" : : : "memory");
    }
    __asm volatile ("csrc mie, %0" : : "r" (MIE_MEIE) : "memory");
    __asm volatile ("csrs mstatus, %0" : : "r" (mstatus & MSTATUS_MIE) : "memory");
    // A claim that is not completed would keep the next interrupt from being pending.
    PLIC_CLAIM = PLIC_CLAIM;
}

#endif
