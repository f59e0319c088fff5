// SPDX-License-Identifier: MIT
// A type with every kind of slot. Each calls hook(name of the slot), which the program has set by
// set_hook(), before and after something that needs the function table.

#include "toolkit.h"

typedef struct _kinds_t {
    natmod_t nm;
    mp_obj_t hook;
    const mp_obj_type_t *type;
    const mp_obj_type_t *iterator;
} kinds_t;

static mp_obj_t call_hook(void *type_in, qstr name) {
    const mp_obj_type_t *type = type_in;
    mp_obj_t arg = MP_OBJ_NEW_QSTR(name);
    mp_obj_t result = mp_call_function_n_kw(((kinds_t *)natmod_of_type(type))->hook, 1, 0, &arg);
    mp_obj_t items[2] = { arg, result };
    return mp_obj_new_tuple(2, items);
}

static mp_obj_t work(mp_obj_t self, qstr name) {
    return call_hook((void *)((mp_obj_base_t *)MP_OBJ_TO_PTR(self))->type, name);
}

static mp_obj_t kinds_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    call_hook((void *)type, MP_QSTR_make_new);
    mp_obj_base_t *self = m_malloc(sizeof(mp_obj_base_t));
    self->type = type;
    return MP_OBJ_FROM_PTR(self);
}
NATMOD_SLOT(make_new, kinds_make_new)

static void kinds_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    work(self, MP_QSTR_print);
    natmod_print(print, "Kinds\n");
}
NATMOD_SLOT(print, kinds_print)

static mp_obj_t kinds_call(mp_obj_t self, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return work(self, MP_QSTR_call);
}
NATMOD_SLOT(call, kinds_call)

static mp_obj_t kinds_unary_op(mp_unary_op_t op, mp_obj_t self) {
    return work(self, MP_QSTR_unary_op);
}
NATMOD_SLOT(unary_op, kinds_unary_op)

static mp_obj_t kinds_binary_op(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
    return work(left, MP_QSTR_binary_op);
}
NATMOD_SLOT(binary_op, kinds_binary_op)

static void kinds_attr(mp_obj_t self, qstr attr, mp_obj_t *dest) {
    dest[0] = work(self, MP_QSTR_attr);
}
NATMOD_SLOT(attr, kinds_attr)

static mp_obj_t kinds_subscr(mp_obj_t self, mp_obj_t index, mp_obj_t value) {
    return work(self, MP_QSTR_subscr);
}
NATMOD_SLOT(subscr, kinds_subscr)

static mp_obj_t kinds_getiter(mp_obj_t self, mp_obj_iter_buf_t *buf) {
    work(self, MP_QSTR_iter);
    kinds_t *kinds = (kinds_t *)natmod_of_obj(self);
    buf->base.type = kinds->iterator;
    return MP_OBJ_FROM_PTR(buf);
}
NATMOD_SLOT(getiter, kinds_getiter)

static mp_obj_t kinds_iternext(mp_obj_t self) {
    return work(self, MP_QSTR_iter);
}
NATMOD_SLOT(iternext, kinds_iternext)

static mp_int_t kinds_buffer(mp_obj_t self, mp_buffer_info_t *buf, mp_uint_t flags) {
    work(self, MP_QSTR_buffer);
    return 1;
}
NATMOD_SLOT(buffer, kinds_buffer)

static mp_uint_t kinds_read(mp_obj_t self, void *buf, mp_uint_t size, int *error) {
    work(self, MP_QSTR_read);
    return size;
}
NATMOD_SLOT(read, kinds_read)

static mp_uint_t kinds_write(mp_obj_t self, const void *buf, mp_uint_t size, int *error) {
    work(self, MP_QSTR_write);
    return size;
}
NATMOD_SLOT(write, kinds_write)

static mp_uint_t kinds_ioctl(mp_obj_t self, mp_uint_t request, uintptr_t arg, int *error) {
    work(self, MP_QSTR_ioctl);
    return 0;
}
NATMOD_SLOT(ioctl, kinds_ioctl)

static const mp_stream_p_t protocol = {
    .read = NATMOD_ENTRY_OF(kinds_read),
    .write = NATMOD_ENTRY_OF(kinds_write),
    .ioctl = NATMOD_ENTRY_OF(kinds_ioctl),
};

static mp_obj_t method(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return work(args[0], MP_QSTR_method);
}

static mp_obj_t set_hook(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    ((kinds_t *)nm)->hook = args[0];
    return mp_const_none;
}

typedef struct _guarded_t {
    mp_obj_t self;
    mp_obj_t result;
} guarded_t;

static void guarded(void *arg) {
    guarded_t *call = arg;
    call->result = work(call->self, MP_QSTR_protect);
}

// What hook raises, or its result.
static mp_obj_t protect(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    guarded_t call = { args[0], MP_OBJ_NULL };
    mp_obj_t exception = natmod_protect(guarded, &call);
    return exception == MP_OBJ_NULL ? call.result : exception;
}

// The function that prints into the message is an entry, too.
static mp_obj_t message(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    natmod_raise_fmt(nm->TypeError, "%d is no %s", 12, "number");
}

// What a module does wrong if it forgets to set the register, or to restore it.
static mp_obj_t no_entry(mp_obj_t self, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return mp_obj_new_tuple(n_args, args);
}

static mp_obj_t no_return(mp_obj_t self, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    natmod_enter();
    return mp_obj_new_tuple(n_args, args);
}

NATMOD_INIT static mp_obj_t object_new(natmod_t *nm, mp_obj_t (*call)(mp_obj_t, size_t, size_t, const mp_obj_t *)) {
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_wrong, MP_TYPE_FLAG_NONE, 1);
    NATMOD_SET_SLOT_AS_IS(type, call, call, 1);
    mp_obj_base_t *self = m_malloc(sizeof(mp_obj_base_t));
    self->type = type;
    return MP_OBJ_FROM_PTR(self);
}

size_t natmod_state_size(void) {
    return sizeof(kinds_t);
}

NATMOD_INIT void natmod_init(natmod_t *nm) {
    kinds_t *kinds = (kinds_t *)nm;
    kinds->hook = mp_const_none;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_Kinds, MP_TYPE_FLAG_NONE, 11);
    NATMOD_SET_SLOT(type, make_new, kinds_make_new, 1);
    NATMOD_SET_SLOT(type, print, kinds_print, 2);
    NATMOD_SET_SLOT(type, call, kinds_call, 3);
    NATMOD_SET_SLOT(type, unary_op, kinds_unary_op, 4);
    NATMOD_SET_SLOT(type, binary_op, kinds_binary_op, 5);
    NATMOD_SET_SLOT(type, attr, kinds_attr, 6);
    NATMOD_SET_SLOT(type, subscr, kinds_subscr, 7);
    NATMOD_SET_SLOT(type, iter, kinds_getiter, 8);
    NATMOD_SET_SLOT(type, buffer, kinds_buffer, 9);
    NATMOD_SET_SLOT_AS_IS(type, protocol, &protocol, 10);
    kinds->type = type;
    mp_store_global(MP_QSTR_Kinds, MP_OBJ_FROM_PTR(type));

    mp_obj_type_t *iterator = natmod_type_new(nm, MP_QSTR_Iterator, MP_TYPE_FLAG_ITER_IS_ITERNEXT, 2);
    NATMOD_SET_SLOT(iterator, make_new, kinds_make_new, 1);
    NATMOD_SET_SLOT(iterator, iter, kinds_iternext, 2);
    kinds->iterator = iterator;
    mp_store_global(MP_QSTR_Iterator, MP_OBJ_FROM_PTR(iterator));

    mp_store_global(MP_QSTR_set_hook, natmod_fun_new(nm, set_hook, 1, 1, false));
    mp_store_global(MP_QSTR_method, natmod_fun_new(nm, method, 1, 1, false));
    mp_store_global(MP_QSTR_protect, natmod_fun_new(nm, protect, 1, 1, false));
    mp_store_global(MP_QSTR_message, natmod_fun_new(nm, message, 0, 0, false));
    mp_store_global(MP_QSTR_no_entry, object_new(nm, no_entry));
    mp_store_global(MP_QSTR_no_return, object_new(nm, no_return));
}
