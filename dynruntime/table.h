// SPDX-License-Identifier: MIT
// How code finds the function table: in a register, where slots.h says so.
#ifndef NATMOD_TABLE_H
#define NATMOD_TABLE_H

#ifdef NATMOD_TABLE_REGISTER

register const mp_fun_table_t *natmod_table __asm__ (NATMOD_TABLE_REGISTER);

// An entry begins with this, and returns after natmod_leave. The call keeps the function's arguments
// where they are: natmod_find_table, of context.c, changes no other registers than these.
static inline __attribute__((always_inline)) const mp_fun_table_t *natmod_enter(void) {
    const mp_fun_table_t *kept = natmod_table;
    #ifdef __riscv
    __asm__ volatile ("jal t0, natmod_find_table" : "=r" (natmod_table) : : "t0", "memory");
    #else
    __asm__ volatile ("bl natmod_find_table" : "=r" (natmod_table) : : "ip", "lr", "cc", "memory");
    #endif
    return kept;
}

static inline __attribute__((always_inline)) void natmod_leave(const mp_fun_table_t *kept) {
    natmod_table = kept;
}

#define mp_fun_table (*natmod_table)

#else

#define natmod_enter() (NULL)
#define natmod_leave(kept) ((void)(kept))

#endif

#endif // NATMOD_TABLE_H
