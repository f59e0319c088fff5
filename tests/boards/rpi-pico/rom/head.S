// SPDX-License-Identifier: MIT
// The start of the boot ROM: vectors, the tables in which the pico-sdk looks functions up, and what
// must leave registers alone.

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .section .head, "ax"
    .word 0x20042000            // The stack's end, at first: that of the RAM.
    .word rom_reset
    .word rom_fault             // NMI
    .word rom_fault             // HardFault
    .byte 'M', 'u', 1, 3        // At 0x10: the magic number, and the version, that of RP2040-B2.
    .hword functions            // At 0x14.
    .hword data                 // At 0x16.
    .hword lookup + 1           // At 0x18.

    .macro function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    // Starts the second stage in flash, as after a reset from power-on: it goes on by itself when lr is 0.
    .text
    function rom_reset
    movs r0, #0
    mov lr, r0
    ldr r0, =0x10000001
    bx r0

    function rom_fault
    bkpt #1

    function rom_missing
    bkpt #2

    function rom_usb_boot
    bkpt #3

    // Connecting the flash and leaving its execute-in-place mode: the emulated flash is always there.
    function nothing
    bx lr

    // void *lookup(const uint16_t *table, uint32_t code): 0 when the table does not have it.
    function lookup
    ldrh r2, [r0]
    cmp r2, #0
    beq 1f
    ldrh r3, [r0, #2]
    adds r0, #4
    cmp r2, r1
    bne lookup
    movs r0, r3
    bx lr
1:  movs r0, #0
    bx lr

    // Leading zeros. The SDK's conversions from integers rely on r12 being kept.
    function rom_clz
    movs r1, #32
    cmp r0, #0
    beq 2f
    movs r1, #0
1:  lsls r0, #1
    bcs 2f
    adds r1, #1
    b 1b
2:  movs r0, r1
    bx lr

    // Trailing zeros.
    function rom_ctz
    movs r1, #32
    cmp r0, #0
    beq 2f
    movs r1, #0
1:  lsrs r0, #1
    bcs 2f
    adds r1, #1
    b 1b
2:  movs r0, r1
    bx lr

    .macro entry a, b, address
    .byte \a, \b
    .hword \address
    .endm

    .section .head
    .balign 4
functions:
    entry 'P', '3', rom_popcount + 1
    entry 'R', '3', rom_reverse + 1
    entry 'L', '3', rom_clz + 1
    entry 'T', '3', rom_ctz + 1
    entry 'M', 'S', rom_memset + 1
    entry 'S', '4', rom_memset + 1
    entry 'M', 'C', rom_memcpy + 1
    entry 'C', '4', rom_memcpy + 1
    entry 'U', 'B', rom_usb_boot + 1
    entry 'I', 'F', nothing + 1
    entry 'E', 'X', nothing + 1
    entry 'R', 'E', rom_flash_erase + 1
    entry 'R', 'P', rom_flash_program + 1
    entry 'F', 'C', nothing + 1
    entry 'C', 'X', nothing + 1
    .hword 0
    .balign 4
data:
    entry 'S', 'F', rom_float_table
    entry 'S', 'D', rom_double_table
    .hword 0
