// SPDX-License-Identifier: MIT
// Calls whose exceptions are caught.

#include "toolkit.h"

#ifdef NATMOD_USERMOD

mp_obj_t natmod_protect(void (*fun)(void *), void *arg) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        fun(arg);
        nlr_pop();
        return MP_OBJ_NULL;
    }
    return MP_OBJ_FROM_PTR(nlr.ret_val);
}

#else

// The size of the firmware's nlr_buf_t is not known here: it depends on the registers that it
// saves, on its setjmp and on options. The largest known is glibc's jmp_buf on x86-64
// (25 words) with three words around it.
typedef union _nlr_space_t {
    nlr_buf_t buf;
    void *words[40];
} nlr_space_t;

// nlr_push returns twice, which GCC is not told about a function that is called through the
// table. So this is a function of its own, in which nothing but the buffer, in memory at a fixed
// place in the frame, is used after the second return.
NATMOD_PROTECT __attribute__((noinline)) mp_obj_t natmod_protect(void (*fun)(void *), void *arg) {
    volatile nlr_space_t nlr;
    nlr_buf_t *buf = (nlr_buf_t *)&nlr.buf;
    unsigned int raised = mp_fun_table.nlr_push(buf);
    if (mp_fun_table.setjmp_ != NULL) {
        // Then nlr_push has only linked the buffer, whose third word is where jmp_buf starts.
        raised = ((int (*)(void *))mp_fun_table.setjmp_)((void *)&nlr.words[2]);
    }
    if (raised == 0) {
        fun(arg);
        mp_fun_table.nlr_pop();
        return MP_OBJ_NULL;
    }
    return MP_OBJ_FROM_PTR(nlr.buf.ret_val);
}

#ifdef NATMOD_LAYOUTS
enum {
    GUARD = 24, // Words.
};

// For the same reason a function of its own.
NATMOD_INIT __attribute__((noinline)) bool natmod_nlr_is_known(void) {
    volatile struct {
        nlr_space_t nlr;
        uintptr_t guard[GUARD];
        mp_obj_t exception;
    } probe;
    for (size_t i = 0; i < GUARD; i++) {
        probe.guard[i] = i;
    }
    probe.exception = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_Exception), 0, 0, NULL);
    unsigned int raised = mp_fun_table.nlr_push((nlr_buf_t *)&probe.nlr.buf);
    if (mp_fun_table.setjmp_ != NULL) {
        raised = ((int (*)(void *))mp_fun_table.setjmp_)((void *)&probe.nlr.words[2]);
    }
    if (raised == 0) {
        nlr_raise(probe.exception);
    }
    for (size_t i = 0; i < GUARD; i++) {
        if (probe.guard[i] != i) {
            return false;
        }
    }
    return MP_OBJ_FROM_PTR(probe.nlr.buf.ret_val) == probe.exception;
}
#endif

#endif
