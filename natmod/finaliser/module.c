// The import of the module.

#include "finaliser.h"

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

typedef struct _import_t {
    qstr module;
    qstr attr;
    mp_obj_t result;
} import_t;

static void import(void *arg) {
    import_t *import = arg;
    mp_obj_t module = mp_import_name(import->module, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    import->result = mp_load_attr(module, import->attr);
}

mp_obj_t state_import(qstr module, qstr attr) {
    import_t i = { module, attr, MP_OBJ_NULL };
    natmod_protect(import, &i);
    return i.result;
}

// The globals of the first import, which sys.modules has under a name of our own, or None.
static mp_obj_t find_globals(mp_obj_t modules) {
    mp_obj_t get[3];
    mp_load_method(modules, MP_QSTR_get, get);
    get[2] = MP_OBJ_NEW_QSTR(MP_QSTR__finaliserproxy);
    return mp_call_method_n_kw(1, 0, get);
}

static void store_fun(natmod_t *nm, qstr name, natmod_fun_t fun, size_t n_args) {
    mp_store_global(name, natmod_fun_new(nm, fun, n_args, n_args, false));
}

void natmod_init(natmod_t *nm) {
    #ifdef NATMOD_USERMOD
    mp_obj_t globals = MP_OBJ_FROM_PTR(mp_globals_get());
    #else
    mp_obj_t globals = MP_OBJ_FROM_PTR(((mp_obj_fun_bc_t *)nm->init_fun)->context->module.globals);
    #endif
    mp_obj_t modules = state_import(MP_QSTR_sys, MP_QSTR_modules);
    mp_obj_t first = find_globals(modules);
    if (!natmod_is_none(first)) {
        // A second import, after `del sys.modules['finaliserproxy']`, gets the objects of the
        // first one: one class, one registry.
        mp_obj_t update[3];
        mp_load_method(globals, MP_QSTR_update, update);
        update[2] = first;
        mp_call_method_n_kw(1, 0, update);
        return;
    }

    state_t *st = state_of(nm);
    lock_init(st);
    block_init(st);
    if (!source_init(st)) {
        natmod_raise(natmod_builtin_type(MP_QSTR_ImportError),
            "no finalisers: firmware without VfsFat, VfsLfs2 and VfsLfs1");
    }
    finalize_init(st);
    mp_store_global(MP_QSTR_FinaliserProxy, proxy_class_new(st));
    mp_store_global(MP_QSTR_finalize, MP_OBJ_FROM_PTR(st->fin_type));
    store_fun(nm, MP_QSTR_detach, proxy_detach, 1);
    store_fun(nm, MP_QSTR_close, proxy_close, 1);
    store_fun(nm, MP_QSTR_alive, proxy_alive, 1);
    store_fun(nm, MP_QSTR_poll, finalize_poll, 0);
    store_fun(nm, MP_QSTR_source, source_name, 0);
    root_set(st);
    mp_obj_subscr(modules, MP_OBJ_NEW_QSTR(MP_QSTR__finaliserproxy), globals);
}
