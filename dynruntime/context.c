// The module context, and the types and functions that keep it alive.

#include <string.h>

#include "natmod.h"

typedef struct _fun_obj_t {
    mp_obj_base_t base;
    natmod_t *nm;
    natmod_fun_t fun;
    size_t sig; // As MP_OBJ_FUN_MAKE_SIG makes it.
} fun_obj_t;

static mp_obj_t fun_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    fun_obj_t *self = MP_OBJ_TO_PTR(self_in);
    #ifdef NATMOD_USERMOD
    mp_arg_check_num_sig(n_args, n_kw, self->sig);
    #else
    mp_fun_table.arg_check_num_sig(n_args, n_kw, self->sig);
    #endif
    return self->fun(self->nm, n_args, n_kw, args);
}

mp_obj_t natmod_fun_new(natmod_t *nm, natmod_fun_t fun, size_t min, size_t max, bool takes_kw) {
    fun_obj_t *self = m_malloc(sizeof(fun_obj_t));
    self->base.type = nm->fun_type;
    self->nm = nm;
    self->fun = fun;
    self->sig = MP_OBJ_FUN_MAKE_SIG(min, max, takes_kw);
    return MP_OBJ_FROM_PTR(self);
}

void natmod_fun_add(natmod_t *nm, mp_obj_t dict, qstr name, natmod_fun_t fun, size_t min, size_t max,
    bool takes_kw) {
    mp_obj_t obj = natmod_fun_new(nm, fun, min, max, takes_kw);
    if (dict == MP_OBJ_NULL) {
        mp_store_global(name, obj);
    } else {
        mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(name), obj);
    }
}

mp_obj_type_t *natmod_type_new(natmod_t *nm, qstr name, uint16_t flags, size_t n_slots) {
    size_t size = offsetof(mp_obj_type_t, slots) + (1 + n_slots) * sizeof(void *);
    mp_obj_type_t *type = m_malloc(size);
    memset(type, 0, size);
    type->base.type = &mp_type_type;
    type->flags = flags;
    type->name = name;
    type->slots[0] = nm;
    return type;
}

mp_obj_t natmod_type_methods(mp_obj_type_t *type, size_t n_slots, size_t n_methods) {
    mp_obj_t dict = mp_obj_new_dict(n_methods);
    MP_OBJ_TYPE_SET_SLOT(type, locals_dict, MP_OBJ_TO_PTR(dict), n_slots);
    return dict;
}

mp_obj_type_t *natmod_exception_new(natmod_t *nm, qstr name, mp_const_obj_t parent) {
    mp_obj_type_t *type = natmod_type_new(nm, name, MP_TYPE_FLAG_NONE, 4);
    MP_OBJ_TYPE_SET_SLOT(type, make_new, mp_obj_exception_make_new, 1);
    MP_OBJ_TYPE_SET_SLOT(type, print, mp_obj_exception_print, 2);
    MP_OBJ_TYPE_SET_SLOT(type, attr, mp_obj_exception_attr, 3);
    MP_OBJ_TYPE_SET_SLOT(type, parent, parent, 4);
    return type;
}

const mp_obj_type_t *natmod_builtin_type(qstr name) {
    return (const mp_obj_type_t *)MP_OBJ_TO_PTR(mp_load_global(name));
}

// The context that every import starts with.
static natmod_t *context_new(void *init_fun) {
    size_t size = natmod_state_size();
    natmod_t *nm = m_malloc(size);
    memset(nm, 0, size);
    nm->init_fun = init_fun;
    nm->object_type = natmod_builtin_type(MP_QSTR_object);
    nm->TypeError = natmod_builtin_type(MP_QSTR_TypeError);
    // The flags let a function stored in a type's dict become a bound method.
    mp_obj_type_t *fun_type = natmod_type_new(nm, MP_QSTR_function,
        MP_TYPE_FLAG_BINDS_SELF | MP_TYPE_FLAG_BUILTIN_FUN, 1);
    MP_OBJ_TYPE_SET_SLOT(fun_type, call, fun_call, 1);
    nm->fun_type = fun_type;
    return nm;
}

// Every module says which release it is from.
static void version_store(void) {
    mp_obj_t items[3] = {
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MAJOR),
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MINOR),
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MICRO),
    };
    mp_store_global(MP_QSTR_version, mp_obj_new_tuple(3, items));
    mp_store_global(MP_QSTR___version__, mp_obj_new_str(NATMOD_VERSION, sizeof(NATMOD_VERSION) - 1));
}

#ifndef NATMOD_USERMOD

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    // The importer restores the globals if this raises.
    mp_obj_dict_t *globals = mp_fun_table.swap_globals(self->context->module.globals);
    natmod_init(context_new(self));
    version_store();
    mp_fun_table.swap_globals(globals);
    return mp_const_none;
}

#endif
