// SPDX-License-Identifier: MIT
// Calls of the program's functions, and the one function of the module that the firmware calls.

#include "finaliser.h"

typedef struct _call_t {
    mp_obj_t func;
    size_t n_args;
    size_t n_kw;
    const mp_obj_t *args;
} call_t;

static void call_arg(void *arg) {
    call_t *c = arg;
    mp_call_function_n_kw(c->func, c->n_args, c->n_kw, c->args);
}

__attribute__((noinline)) mp_obj_t call_protected(mp_obj_t func, size_t n_args, size_t n_kw,
    const mp_obj_t *args) {
    call_t c = { func, n_args, n_kw, args };
    return natmod_protect(call_arg, &c);
}

void call_and_print(state_t *st, mp_obj_t func, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t exception = call_protected(func, n_args, n_kw, args);
    // Printing calls methods of the exception, which may raise another one: that is printed in its
    // place, once.
    for (size_t i = 0; i < 2 && exception != MP_OBJ_NULL; i++) {
        exception = call_protected(st->print_exception, 1, 0, &exception);
    }
}

// The end of the program.
static void end(state_t *st) {
    st->over = true;
    finalize_end(st);
    if (st->before != MP_OBJ_NULL) {
        mp_call_function_n_kw(st->before, 0, 0, NULL);
    }
}

// The scheduler calls it with None, sys.atexit, where the firmware has that, with nothing, and the
// sweep with the canary or with the callback of a proxy.
static mp_obj_t internal(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = state_of(nm);
    if (n_args == 0 || args[0] == MP_OBJ_FROM_PTR(st->canary)) {
        if (n_args != 0) {
            mutex_end(st);
        }
        end(st);
    } else if (natmod_is_none(args[0])) {
        st->scheduled = false;
        __sync_synchronize();
        finalize_run_due(st);
    } else {
        call_and_print(st, args[0], 0, 0, NULL);
    }
    return mp_const_none;
}

void calls_init(state_t *st) {
    st->internal = natmod_fun_new(&st->nm, internal, 0, 1, false);
    st->print_exception = natmod_import_maybe(MP_QSTR_sys, MP_QSTR_print_exception);
}
