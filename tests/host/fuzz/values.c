// SPDX-License-Identifier: MIT
// The hash of an object, equal to the one that the model computes from the object's bytes.

#include <stdio.h>

#include "py/objint.h"
#include "py/objlist.h"
#include "py/objstr.h"
#include "py/objtuple.h"

#include "fuzz.h"

static value_t value_of_int(mp_obj_t obj) {
    if (mp_obj_is_small_int(obj)) {
        return value_small(MP_OBJ_SMALL_INT_VALUE(obj));
    }
    const mp_obj_int_t *self = MP_OBJ_TO_PTR(obj);
    mpz_t magnitude = self->mpz;
    magnitude.neg = 0;
    byte bytes[16];
    if (!mpz_as_bytes(&magnitude, false, false, sizeof(bytes), bytes)) {
        wrong("an int of more than 128 bits");
    }
    uint64_t half[2] = { 0, 0 };
    for (int i = 15; i >= 0; i--) {
        half[i / 8] = half[i / 8] << 8 | bytes[i];
    }
    return value_int(self->mpz.neg, half[1], half[0]);
}

static value_t value_of_seq(seq_t kind, size_t len, const mp_obj_t *items) {
    value_t v = value_seq_start(kind, len);
    for (size_t i = 0; i < len; i++) {
        value_seq_add(&v, value_of_obj(items[i]));
    }
    return v;
}

static value_t value_of_dict(const mp_map_t *map) {
    uint64_t sum = 0;
    size_t len = 0;
    for (size_t i = 0; i < map->alloc; i++) {
        if (mp_map_slot_is_filled(map, i)) {
            sum += value_pair(value_of_obj(map->table[i].key), value_of_obj(map->table[i].value));
            len++;
        }
    }
    if (len != map->used) {
        wrong("a dict with %u members says it has %u", (unsigned int)len, (unsigned int)map->used);
    }
    return value_dict(len, sum);
}

value_t value_of_obj(mp_obj_t obj) {
    if (obj == MP_OBJ_NULL) {
        wrong("a null object");
    }
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    if (type == &mp_type_NoneType) {
        return value_nil();
    }
    if (type == &mp_type_bool) {
        return value_bool(obj == mp_const_true);
    }
    if (type == &mp_type_int) {
        return value_of_int(obj);
    }
    if (type == &mp_type_float) {
        return value_float(mp_obj_float_get(obj));
    }
    if (type == &mp_type_str || type == &mp_type_bytes) {
        size_t len;
        const byte *data = (const byte *)mp_obj_str_get_data(obj, &len);
        if (data[len] != 0) {
            wrong("a string that does not end in a zero byte");
        }
        return type == &mp_type_str ? value_str(data, len) : value_bytes(data, len);
    }
    if (type == &mp_type_list) {
        const mp_obj_list_t *self = MP_OBJ_TO_PTR(obj);
        if (self->len > self->alloc) {
            wrong("a list that is longer than its memory");
        }
        return value_of_seq(SEQ_LIST, self->len, self->items);
    }
    if (type == &mp_type_dict) {
        return value_of_dict(mp_obj_dict_get_map(obj));
    }
    const mp_obj_tuple_t *self = MP_OBJ_TO_PTR(obj);
    if (type == &mp_type_tuple) {
        return value_of_seq(SEQ_TUPLE, self->len, self->items);
    }
    if (is_ext_type(type)) {
        return value_ext(value_of_obj(self->items[0]), value_of_obj(self->items[1]));
    }
    if (type == timestamp_type) {
        mp_obj_t nanoseconds = mp_load_attr(obj, MP_QSTR_nanoseconds);
        return value_timestamp(value_of_int(mp_load_attr(obj, MP_QSTR_seconds)), MP_OBJ_SMALL_INT_VALUE(nanoseconds));
    }
    wrong("an object of type %s", mp_obj_get_type_str(obj));
}

void check_strs(mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    if (type == &mp_type_str) {
        size_t len;
        const byte *data = (const byte *)mp_obj_str_get_data(obj, &len);
        if (!model_utf8(data, len)) {
            wrong("a str that is no UTF-8");
        }
    } else if (type == &mp_type_list || type == &mp_type_tuple) {
        size_t len;
        mp_obj_t *items;
        mp_obj_get_array(obj, &len, &items);
        for (size_t i = 0; i < len; i++) {
            check_strs(items[i]);
        }
    } else if (type == &mp_type_dict) {
        const mp_map_t *map = mp_obj_dict_get_map(obj);
        for (size_t i = 0; i < map->alloc; i++) {
            if (mp_map_slot_is_filled(map, i)) {
                check_strs(map->table[i].key);
                check_strs(map->table[i].value);
            }
        }
    }
}

static void print_strn(void *env, const char *str, size_t len) {
    fwrite(str, 1, len, stderr);
}

void print_obj(mp_obj_t obj) {
    mp_print_t print = { NULL, print_strn };
    mp_obj_print_helper(&print, obj, PRINT_REPR);
    fputc('\n', stderr);
}
