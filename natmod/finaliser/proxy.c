// SPDX-License-Identifier: MIT
// FinaliserProxy, and the functions on its instances.

#include "finaliser.h"

// The block inside an instance of FinaliserProxy or of a class derived from it, or NULL
// if it has not been initialised. Raises TypeError for other objects.
static block_t *get_block(state_t *st, mp_obj_t self_in) {
    mp_obj_t args[2] = { self_in, st->proxy_class };
    if (mp_call_function_n_kw(st->isinstance, 2, 0, args) != mp_const_true) {
        natmod_raise(st->nm.TypeError, "FinaliserProxy expected");
    }
    mp_obj_t base = ((mp_obj_instance_t *)MP_OBJ_TO_PTR(self_in))->subobj[0];
    return mp_obj_get_type(base) == st->block_type ? MP_OBJ_TO_PTR(base) : NULL;
}

// FinaliserProxy.__init__(self, callback)
static mp_obj_t proxy_make(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = state_of(nm);
    block_t *block = get_block(st, args[0]);
    if (block != NULL) {
        natmod_raise(st->nm.TypeError, "__init__ called twice");
    }
    if (mp_call_function_n_kw(st->callable, 1, 0, &args[1]) != mp_const_true) {
        natmod_raise(nm->TypeError, "callback not callable");
    }
    block = block_take(st);
    block->obj = args[1];
    ((mp_obj_instance_t *)MP_OBJ_TO_PTR(args[0]))->subobj[0] = MP_OBJ_FROM_PTR(block);
    wait_for_collection(st, block);
    return mp_const_none;
}

// FinaliserProxy.__del__: what super().__del__() finds, and self.__del__ of a class that has
// none. It also keeps the block's own __del__ out of Python's reach.
static mp_obj_t proxy_del(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return mp_const_none;
}

void proxy_init(state_t *st) {
    natmod_t *nm = &st->nm;
    st->isinstance = mp_load_global(MP_QSTR_isinstance);
    st->callable = mp_load_global(MP_QSTR_callable);
    // A class as a class statement makes it, derived from the native type of the blocks. Were
    // it the native type itself, the interpreter would pass the arguments of a subclass that
    // forgets super().__init__() as if they were a callback.
    mp_obj_t methods = mp_obj_new_dict(2);
    // With this flag a function of a native module behaves as a static method in such a class.
    ((mp_obj_type_t *)nm->fun_type)->flags &= ~MP_TYPE_FLAG_BUILTIN_FUN;
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR___init__),
        natmod_fun_new(nm, proxy_make, 2, 2, false));
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR___del__),
        natmod_fun_new(nm, proxy_del, 0, 1, false));
    mp_obj_t base = MP_OBJ_FROM_PTR(st->block_type);
    mp_obj_t args[3] = { MP_OBJ_NEW_QSTR(MP_QSTR_FinaliserProxy), mp_obj_new_tuple(1, &base), methods };
    st->proxy_class = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_type), 3, 0, args);
    mp_store_global(MP_QSTR_FinaliserProxy, st->proxy_class);
}

// Take the callback out of a proxy: MP_OBJ_NULL if there is none.
static mp_obj_t take_callback(natmod_t *nm, mp_obj_t self_in) {
    block_t *block = get_block(state_of(nm), self_in);
    mp_obj_t callback = MP_OBJ_NULL;
    if (block != NULL) {
        callback = block->obj;
        block->obj = MP_OBJ_NULL;
    }
    return callback;
}

mp_obj_t proxy_detach(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t callback = take_callback(nm, args[0]);
    return callback == MP_OBJ_NULL ? mp_const_none : callback;
}

mp_obj_t proxy_close(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t callback = take_callback(nm, args[0]);
    if (callback != MP_OBJ_NULL) {
        mp_call_function_n_kw(callback, 0, 0, NULL);
    }
    return mp_const_none;
}

mp_obj_t proxy_alive(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    block_t *block = get_block(state_of(nm), args[0]);
    return mp_obj_new_bool(block != NULL && block->obj != MP_OBJ_NULL);
}
