// FinaliserProxy, and the functions on its instances.

#include "finaliser.h"

// The block inside an instance of FinaliserProxy or of a class derived from it; the inert one
// or NULL if it has not been initialised. Raises TypeError for other objects.
static block_t *get_block(state_t *st, mp_obj_t self_in) {
    const mp_obj_type_t *type = mp_obj_get_type(self_in);
    if (!(type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) || natmod_native_type(&st->nm, type) != st->block_type) {
        natmod_raise(st->nm.TypeError, "FinaliserProxy expected");
    }
    mp_obj_t base = ((mp_obj_instance_t *)MP_OBJ_TO_PTR(self_in))->subobj[0];
    return mp_obj_get_type(base) == st->block_type ? MP_OBJ_TO_PTR(base) : NULL;
}

// FinaliserProxy.__init__(self, callback)
static mp_obj_t proxy_init(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    state_t *st = state_of(nm);
    block_t *block = get_block(st, args[0]);
    if (block != NULL && block != st->inert) {
        natmod_raise(st->nm.TypeError, "__init__ was called already");
    }
    if (!natmod_is_callable(args[1])) {
        natmod_raise(nm->TypeError, "callback must be callable");
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
    (void)nm;
    (void)n_args;
    (void)n_kw;
    (void)args;
    return mp_const_none;
}

mp_obj_t proxy_class_new(state_t *st) {
    natmod_t *nm = &st->nm;
    // A class as a class statement makes it, derived from the native type of the blocks. Were
    // it the native type itself, the interpreter would pass the arguments of a subclass that
    // forgets super().__init__() as if they were a callback.
    mp_obj_t methods = mp_obj_new_dict(2);
    // A function of a native module behaves as a static method in such a class, unless its type
    // lacks a flag.
    mp_obj_type_t *method_type = natmod_type_new(nm, MP_QSTR_function, MP_TYPE_FLAG_BINDS_SELF, 1);
    MP_OBJ_TYPE_SET_SLOT(method_type, call, MP_OBJ_TYPE_GET_SLOT(nm->fun_type, call), 1);
    mp_obj_t init = natmod_fun_new(nm, proxy_init, 2, 2, false);
    ((mp_obj_base_t *)MP_OBJ_TO_PTR(init))->type = method_type;
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR___init__), init);
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR___del__),
        natmod_fun_new(nm, proxy_del, 0, 1, false));
    mp_obj_t base = MP_OBJ_FROM_PTR(st->block_type);
    mp_obj_t args[3] = { MP_OBJ_NEW_QSTR(MP_QSTR_FinaliserProxy), mp_obj_new_tuple(1, &base), methods };
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_type), 3, 0, args);
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
    (void)n_args;
    (void)n_kw;
    mp_obj_t callback = take_callback(nm, args[0]);
    return callback == MP_OBJ_NULL ? mp_const_none : callback;
}

mp_obj_t proxy_close(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    mp_obj_t callback = take_callback(nm, args[0]);
    if (callback != MP_OBJ_NULL) {
        mp_call_function_n_kw(callback, 0, 0, NULL);
    }
    return mp_const_none;
}

mp_obj_t proxy_alive(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    block_t *block = get_block(state_of(nm), args[0]);
    return mp_obj_new_bool(block != NULL && block->obj != MP_OBJ_NULL);
}
