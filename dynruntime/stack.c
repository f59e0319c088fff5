// SPDX-License-Identifier: MIT
// The check of the C stack.
//
// MicroPython keeps a margin below the limit that it checks, 256 bytes on rp2 and 1024 on esp32, for
// what functions in C use. A module's may use more. It cannot read the limit, but some entries of
// the function table compare the stack pointer with it. So they are called at one depth after the
// other, in steps that are smaller than any margin, until there is enough.
//
// What is known to be enough is remembered, for the stack that never ends: that of the main thread.

#include "toolkit.h"

#if NATMOD_CHECKS_STACK

#ifdef NATMOD_USERMOD

void natmod_check_stack(natmod_t *nm) {
    #if MICROPY_STACK_CHECK
    char here;
    size_t used = MP_STATE_THREAD(stack_top) - &here;
    // If nothing is to be reserved, the interpreter's own checks suffice.
    if (nm->stack_reserve > 0 && used + nm->stack_reserve >= MP_STATE_THREAD(stack_limit)) {
        mp_raise_recursion_depth();
    }
    #endif
}

#else

enum {
    // Bytes of each step, besides the frames of the calls, which are larger on armv6m. Only ESP32 boards
    // have register windows.
    #if defined(__XTENSA_WINDOWED_ABI__)
    STEP = 512,
    #elif defined(NATMOD_SMALL) && !defined(__ARM_ARCH_6M__)
    STEP = 80,
    #else
    STEP = 64,
    #endif
};

// Raise RuntimeError if the stack pointer is at the limit. Of the function table's entries that check
// this, iternext is the cheapest.
NATMOD_GATE static __attribute__((noinline)) void check_here(natmod_t *nm) {
    mp_obj_iter_buf_t iter;
    iter.base.type = NULL;
    iter.buf[0] = nm->exhausted;
    natmod_iternext(&iter);
}

NATMOD_GATE static __attribute__((noinline)) void check_down_to(natmod_t *nm, const byte *low) {
    byte step[STEP];
    const byte *here = step;
    __asm__ volatile ("" : "+r" (here) : : "memory");
    check_here(nm);
    if (here > low) {
        check_down_to(nm, low);
    }
    __asm__ volatile ("" : : : "memory"); // The call above is not to become a jump.
}

#ifdef NATMOD_SMALL

NATMOD_GATE void natmod_check_stack(natmod_t *nm) {
    byte local;
    const byte *here = &local;
    __asm__ volatile ("" : "+r" (here));
    #ifdef __ARM_ARCH_6M__
    check_here(nm);
    #endif
    check_down_to(nm, here - NATMOD_STACK_RESERVE);
}

NATMOD_INIT void natmod_stack_init(natmod_t *nm) {
    mp_obj_t empty = mp_const_empty_tuple;
    nm->exhausted = mp_call_function_n_kw(mp_load_global(MP_QSTR_iter), 1, 0, &empty);
}

#else

static bool is_thread(natmod_t *nm, int number) {
    return !natmod_is_none(nm->get_ident)
           && mp_call_function_n_kw(nm->get_ident, 0, 0, NULL) == MP_OBJ_NEW_SMALL_INT(number);
}

void natmod_check_stack(natmod_t *nm) {
    byte local;
    const byte *here = &local;
    __asm__ volatile ("" : "+r" (here));
    const byte *low = here - NATMOD_STACK_RESERVE;
    if ((size_t)(low - nm->stack_low) <= nm->stack_len) {
        return;
    }
    check_here(nm);
    check_down_to(nm, low);
    if (nm->get_ident == MP_OBJ_NULL || is_thread(nm, 1)) {
        if (nm->stack_low == NULL) {
            nm->stack_low = low;
        }
        const byte *high = nm->stack_low + nm->stack_len;
        nm->stack_low = MIN(nm->stack_low, low);
        nm->stack_len = MAX(high, low) - nm->stack_low;
    }
}

NATMOD_INIT void natmod_stack_init(natmod_t *nm) {
    mp_obj_t empty = mp_const_empty_tuple;
    nm->exhausted = mp_call_function_n_kw(mp_load_global(MP_QSTR_iter), 1, 0, &empty);
    nm->get_ident = natmod_import_maybe(MP_QSTR__thread, MP_QSTR_get_ident);
    // On rp2 the main thread is 1, the other one 2. Elsewhere the numbers are addresses, which say
    // nothing, and may take memory.
    if (nm->get_ident != MP_OBJ_NULL && !is_thread(nm, 1) && !is_thread(nm, 2)) {
        nm->get_ident = mp_const_none;
    }
}

#endif

#endif

#endif
