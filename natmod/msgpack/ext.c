// SPDX-License-Identifier: MIT
// ExtType: a pair of type code and data.

#include "ext.h"
#include "object.h"

mp_obj_t ext_new(state_t *st, int8_t code, mp_obj_t data) {
    ext_t *self = m_malloc(sizeof(ext_t));
    self->base.type = st->ext_type;
    self->len = 2;
    self->code = MP_OBJ_NEW_SMALL_INT(code);
    self->data = data;
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t ext_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)natmod_of_type(type);
    mp_obj_t values[2] = { MP_OBJ_NULL, MP_OBJ_NULL };
    parse_two(st, MP_QSTR_code, MP_QSTR_data, n_args, n_kw, args, values);
    int8_t code = int_arg(st, values[0], -128, 127);
    mp_buffer_info_t buf;
    buffer_arg(st, values[1], &buf);
    mp_obj_t data = values[1];
    if (mp_obj_get_type(data) != st->bytes_type) {
        data = bytes_new(st, buf.buf, buf.len);
    }
    return ext_new(st, code, data);
}
NATMOD_SLOT(make_new, ext_make_new)

static void ext_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    ext_t *self = MP_OBJ_TO_PTR(self_in);
    natmod_print(print, "ExtType(code=");
    mp_printf(print, "%d", (int)MP_OBJ_SMALL_INT_VALUE(self->code));
    natmod_print(print, ", data=");
    MP_OBJ_TYPE_GET_SLOT(mp_obj_get_type(self->data), print)(print, self->data, PRINT_REPR);
    natmod_print(print, ")");
}
NATMOD_SLOT(print, ext_print)

static void ext_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    ext_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] == MP_OBJ_NULL) {
        if (attr == MP_QSTR_code) {
            dest[0] = self->code;
        } else if (attr == MP_QSTR_data) {
            dest[0] = self->data;
        }
    }
}
NATMOD_SLOT(attr, ext_attr)

NATMOD_INIT bool adds_to_small(void) {
    return mp_load_global(MP_QSTR___name__) == MP_OBJ_NEW_QSTR(MP_QSTR_msgpack_full);
}

// The namedtuple of the small flavour has the same layout, so both can share it. Its members can be
// anything, though. A program may have put another class in its place: that must make tuples of two, too.
NATMOD_INIT static bool take_small_type(state_t *st) {
    mp_obj_t small = adds_to_small() ? natmod_import_maybe(MP_QSTR_msgpack, MP_QSTR_ExtType) : MP_OBJ_NULL;
    if (small == MP_OBJ_NULL || mp_obj_get_type(small) != &mp_type_type) {
        return false;
    }
    const mp_obj_type_t *type = MP_OBJ_TO_PTR(small);
    if (type->flags & MP_TYPE_FLAG_INSTANCE_TYPE || MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent) != st->tuple_type) {
        return false;
    }
    mp_obj_t members[2] = { MP_OBJ_NEW_SMALL_INT(0), st->empty_bytes };
    mp_obj_t ext = mp_call_function_n_kw(small, 2, 0, members);
    if (mp_obj_get_type(ext) != type || ((ext_t *)MP_OBJ_TO_PTR(ext))->len != 2) {
        return false;
    }
    st->ext_type = type;
    mp_store_global(MP_QSTR_ExtType, small);
    return true;
}

NATMOD_INIT void ext_init(state_t *st) {
    if (take_small_type(st)) {
        return;
    }
    // Like a namedtuple, it has a tuple's layout and most of a tuple's behaviour.
    const mp_obj_type_t *tuple = st->tuple_type;
    mp_obj_type_t *type = natmod_type_new(&st->nm, MP_QSTR_ExtType, tuple->flags, 8);
    NATMOD_SET_SLOT(type, make_new, ext_make_new, 1);
    NATMOD_SET_SLOT(type, print, ext_print, 2);
    NATMOD_SET_SLOT(type, attr, ext_attr, 3);
    NATMOD_SET_SLOT_AS_IS(type, unary_op, MP_OBJ_TYPE_GET_SLOT(tuple, unary_op), 4);
    NATMOD_SET_SLOT_AS_IS(type, binary_op, MP_OBJ_TYPE_GET_SLOT(tuple, binary_op), 5);
    NATMOD_SET_SLOT_AS_IS(type, subscr, MP_OBJ_TYPE_GET_SLOT(tuple, subscr), 6);
    NATMOD_SET_SLOT_AS_IS(type, iter, MP_OBJ_TYPE_GET_SLOT(tuple, iter), 7);
    NATMOD_SET_SLOT_AS_IS(type, parent, tuple, 8);
    st->ext_type = type;
    natmod_add_class(&st->nm, type, 0, NULL, 0);
}
