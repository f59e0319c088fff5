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

static void ext_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    ext_t *self = MP_OBJ_TO_PTR(self_in);
    natmod_print(print, "ExtType(code=");
    mp_printf(print, "%d", (int)MP_OBJ_SMALL_INT_VALUE(self->code));
    natmod_print(print, ", data=");
    MP_OBJ_TYPE_GET_SLOT(mp_obj_get_type(self->data), print)(print, self->data, PRINT_REPR);
    natmod_print(print, ")");
}

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

NATMOD_INIT void ext_init(state_t *st) {
    // Like a namedtuple, it has a tuple's layout and most of a tuple's behaviour.
    const mp_obj_type_t *tuple = st->tuple_type;
    mp_obj_type_t *type = natmod_type_new(&st->nm, MP_QSTR_ExtType, tuple->flags, 8);
    MP_OBJ_TYPE_SET_SLOT(type, make_new, ext_make_new, 1);
    MP_OBJ_TYPE_SET_SLOT(type, print, ext_print, 2);
    MP_OBJ_TYPE_SET_SLOT(type, attr, ext_attr, 3);
    MP_OBJ_TYPE_SET_SLOT(type, unary_op, MP_OBJ_TYPE_GET_SLOT(tuple, unary_op), 4);
    MP_OBJ_TYPE_SET_SLOT(type, binary_op, MP_OBJ_TYPE_GET_SLOT(tuple, binary_op), 5);
    MP_OBJ_TYPE_SET_SLOT(type, subscr, MP_OBJ_TYPE_GET_SLOT(tuple, subscr), 6);
    MP_OBJ_TYPE_SET_SLOT(type, iter, MP_OBJ_TYPE_GET_SLOT(tuple, iter), 7);
    MP_OBJ_TYPE_SET_SLOT(type, parent, tuple, 8);
    st->ext_type = type;
    natmod_add_class(&st->nm, type, 0, NULL, 0);
}
