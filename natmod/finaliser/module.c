// SPDX-License-Identifier: MIT
// The import of the module.

#include "finaliser.h"

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

NATMOD_INIT static void store_fun(natmod_t *nm, qstr name, natmod_fun_t fun, size_t n_args) {
    mp_store_global(name, natmod_fun_new(nm, fun, n_args, n_args, false));
}

NATMOD_INIT_DATA static const char needs[] = "needs VfsFat, VfsLfs2 or VfsLfs1";

void natmod_init(natmod_t *nm) {
    #ifdef NATMOD_USERMOD
    mp_obj_t globals = MP_OBJ_FROM_PTR(mp_globals_get());
    #else
    mp_obj_t globals = MP_OBJ_FROM_PTR(((mp_obj_fun_bc_t *)nm->init_fun)->context->module.globals);
    #endif
    mp_obj_t sys = mp_import_name(MP_QSTR_sys, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t modules = mp_load_attr(sys, MP_QSTR_modules);
    // The globals of the first import are there under a name of our own.
    mp_obj_t get = mp_load_attr(modules, MP_QSTR_get);
    mp_obj_t name = MP_OBJ_NEW_QSTR(MP_QSTR__finaliserproxy);
    mp_obj_t first = mp_call_function_n_kw(get, 1, 0, &name);
    if (!natmod_is_none(first)) {
        // A second import, after `del sys.modules['finaliserproxy']`, gets the objects of the
        // first one: one class, one registry.
        mp_call_function_n_kw(mp_load_attr(globals, MP_QSTR_update), 1, 0, &first);
        return;
    }

    state_t *st = state_of(nm);
    mutex_begin(st);
    calls_init(st);
    block_init(st);
    if (!source_init(st)) {
        natmod_raise(natmod_builtin_type(MP_QSTR_ImportError), needs);
    }
    finalize_init(st);
    proxy_init(st);
    mp_store_global(MP_QSTR_finalize, MP_OBJ_FROM_PTR(st->fin_type));
    store_fun(nm, MP_QSTR_detach, proxy_detach, 1);
    store_fun(nm, MP_QSTR_close, proxy_close, 1);
    store_fun(nm, MP_QSTR_alive, proxy_alive, 1);
    store_fun(nm, MP_QSTR_poll, finalize_poll, 0);
    store_fun(nm, MP_QSTR_source, source_name, 0);
    root_set(st);
    mp_obj_subscr(modules, name, globals);
}
