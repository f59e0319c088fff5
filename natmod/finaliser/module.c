// The import of the module.

#include "finaliser.h"

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

static mp_obj_t import_module(qstr name) {
    return mp_import_name(name, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
}

// source(), and for tests source(name).
static mp_obj_t module_source(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_kw;
    if (n_args > 0) {
        source_force(state_of(nm), args[0]);
    }
    return source_name(state_of(nm));
}

static void find_schedule(void *arg) {
    state_t *st = arg;
    st->schedule = mp_load_attr(import_module(MP_QSTR_micropython), MP_QSTR_schedule);
}

static void find_atexit(void *arg) {
    state_t *st = arg;
    st->atexit = mp_load_attr(import_module(MP_QSTR_sys), MP_QSTR_atexit);
}

static void find_vfs(void *arg) {
    state_t *st = arg;
    st->vfs = import_module(MP_QSTR_vfs);
}

// The names of the module, in the order of the tuple that natmod_init makes.
static qstr export_name(size_t i) {
    switch (i) {
        case 0:
            return MP_QSTR_FinaliserProxy;
        case 1:
            return MP_QSTR_finalize;
        case 2:
            return MP_QSTR_detach;
        case 3:
            return MP_QSTR_close;
        case 4:
            return MP_QSTR_alive;
        case 5:
            return MP_QSTR_poll;
        default:
            return MP_QSTR_source;
    }
}

#define N_EXPORTS (7)

// What sys.modules has under our key: the tuple of what the module exports, or None. Thus
// another import, after `del sys.modules['finaliserproxy']`, gets the objects of the first one:
// one class, one registry.
static mp_obj_t find_exports(mp_obj_t modules) {
    mp_obj_t get[3];
    mp_load_method(modules, MP_QSTR_get, get);
    get[2] = MP_OBJ_NEW_QSTR(MP_QSTR__finaliserproxy);
    return mp_call_method_n_kw(1, 0, get);
}

bool module_listed(state_t *st) {
    return find_exports(st->modules) == st->exports;
}

static mp_obj_t make_exports(state_t *st, mp_obj_t sys) {
    natmod_t *nm = &st->nm;
    st->RuntimeError = natmod_builtin_type(MP_QSTR_RuntimeError);
    st->ValueError = natmod_builtin_type(MP_QSTR_ValueError);
    st->MemoryError = natmod_builtin_type(MP_QSTR_MemoryError);
    st->KeyboardInterrupt = natmod_builtin_type(MP_QSTR_KeyboardInterrupt);
    st->SystemExit = natmod_builtin_type(MP_QSTR_SystemExit);
    st->print_exception = mp_load_attr(sys, MP_QSTR_print_exception);
    // What is absent stays MP_OBJ_NULL.
    natmod_protect(find_schedule, st);
    natmod_protect(find_atexit, st);
    natmod_protect(find_vfs, st);
    lock_init(st);

    // (1, 25, 0) or (1, 25, 0, 'preview')
    mp_obj_t version = mp_load_attr(mp_load_attr(sys, MP_QSTR_implementation), MP_QSTR_version);
    unsigned int minor = mp_obj_get_int(mp_obj_subscr(version, MP_OBJ_NEW_SMALL_INT(1), MP_OBJ_SENTINEL));
    if (mp_obj_subscr(version, MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_SENTINEL) != MP_OBJ_NEW_SMALL_INT(1)) {
        minor = 255;
    }
    st->old_sweep = minor < 25;

    block_init(st);
    st->device = device_new(st);
    if (st->vfs == MP_OBJ_NULL || !source_init(st)) {
        natmod_raise(natmod_builtin_type(MP_QSTR_ImportError),
            "finaliserproxy: this firmware has none of VfsFat, VfsLfs2, VfsLfs1");
    }
    finalize_init(st);
    st->rooted = root_set(st, minor);

    mp_obj_t exports[N_EXPORTS] = {
        proxy_class_new(st),
        MP_OBJ_FROM_PTR(st->fin_type),
        natmod_fun_new(nm, proxy_detach, 1, 1, false),
        natmod_fun_new(nm, proxy_close, 1, 1, false),
        natmod_fun_new(nm, proxy_alive, 1, 1, false),
        natmod_fun_new(nm, finalize_poll, 0, 0, false),
        natmod_fun_new(nm, module_source, 0, 1, false),
    };
    return mp_obj_new_tuple(N_EXPORTS, exports);
}

void natmod_init(natmod_t *nm) {
    mp_obj_t sys = import_module(MP_QSTR_sys);
    mp_obj_t modules = mp_load_attr(sys, MP_QSTR_modules);
    mp_obj_t exports = find_exports(modules);
    if (natmod_is_none(exports)) {
        state_t *st = state_of(nm);
        st->modules = modules;
        exports = make_exports(st, sys);
        st->exports = exports;
        mp_obj_subscr(modules, MP_OBJ_NEW_QSTR(MP_QSTR__finaliserproxy), exports);
    }
    for (size_t i = 0; i < N_EXPORTS; i++) {
        mp_store_global(export_name(i), mp_obj_subscr(exports, MP_OBJ_NEW_SMALL_INT(i), MP_OBJ_SENTINEL));
    }
}
