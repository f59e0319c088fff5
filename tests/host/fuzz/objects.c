// SPDX-License-Identifier: MIT
// Makes objects of all kinds from an input.

#include <string.h>

#include "py/builtin.h"
#include "py/objarray.h"
#include "py/objlist.h"
#include "py/objnamedtuple.h"
#include "py/objstr.h"
#include "py/objtuple.h"

#include "fuzz.h"

enum {
    DEPTH = 8, // The most nested containers, except for those of nested_new.
    OBJECTS = 600,
    NESTED = 1000, // A depth near the module's limit.
};

static size_t made; // Number of objects made so far.
static bool deep; // Whether NESTED nested lists are allowed; packing them is slow.

// The native list of the instance is made only after __init__ has called this.
static mp_obj_t no_init(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    args_t pack = { .n_args = 0 };
    arg(&pack, self);
    result_t result = call(function(F_PACKB), &pack).result;
    if (result != R_TYPE) {
        wrong("an instance that is not initialised: %s", result_name(result));
    }
    return mp_const_none;
}

// Put an object into n nested lists.
static mp_obj_t nested_new(size_t n, mp_obj_t obj) {
    for (; n > 0; n--) {
        obj = mp_obj_new_list(1, &obj);
    }
    return obj;
}

void objects_init(void) {
    static const mp_obj_type_t *const bases[] = {
        &mp_type_list, &mp_type_dict, &mp_type_str, &mp_type_bytes, &mp_type_int, &mp_type_float, &mp_type_tuple,
    };
    for (size_t i = 0; i < MP_ARRAY_SIZE(bases); i++) {
        classes[CLASS_SUB + i] = class_new(MP_QSTR_Sub, MP_OBJ_FROM_PTR(bases[i]), 0, NULL, NULL);
    }
    classes[CLASS_PLAIN] = class_new(MP_QSTR_Plain, MP_OBJ_NULL, 0, NULL, NULL);
    static const method_obj_t init = METHOD(no_init);
    const qstr name = MP_QSTR___init__;
    classes[CLASS_NO_INIT] = class_new(MP_QSTR_NoInit, MP_OBJ_FROM_PTR(&mp_type_list), 1, &name,
        (const method_obj_t *[]) { &init });
    mp_obj_t fields[] = { MP_OBJ_NEW_QSTR(MP_QSTR_read), MP_OBJ_NEW_QSTR(MP_QSTR_write) };
    mp_obj_t named[] = { MP_OBJ_NEW_QSTR(MP_QSTR_Named), mp_obj_new_tuple(2, fields) };
    mp_obj_t collections = mp_import_name(MP_QSTR_collections, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    classes[CLASS_NAMED] = mp_call_function_n_kw(mp_load_attr(collections, MP_QSTR_namedtuple), 2, 0, named);
}

static mp_obj_t sub_new(size_t which, mp_obj_t base) {
    return mp_call_function_n_kw(classes[CLASS_SUB + which], 1, 0, &base);
}

static uint64_t take_int(input_t *in, size_t n) {
    uint64_t value = 0;
    while (n-- > 0) {
        value = value << 8 | take(in);
    }
    return value;
}

// Make an int whose magnitude has up to 9 bytes.
static mp_obj_t int_new(input_t *in, size_t n, bool negative) {
    mp_obj_t obj = mp_obj_new_int_from_ull(take_int(in, MIN(n, 8)));
    if (n > 8) {
        obj = mp_binary_op(MP_BINARY_OP_LSHIFT, obj, MP_OBJ_NEW_SMALL_INT(take(in) & 15));
    }
    return negative ? mp_unary_op(MP_UNARY_OP_NEGATIVE, obj) : obj;
}

static mp_obj_t float_new(input_t *in) {
    uint64_t bits = take_int(in, 8);
    double d;
    memcpy(&d, &bits, sizeof(d));
    return mp_obj_new_float(d);
}

static mp_obj_t string_new(input_t *in, const mp_obj_type_t *type, size_t n) {
    const uint8_t *p = take_some(in, &n);
    return mp_obj_new_str_copy(type, p, n);
}

static void remember(mp_obj_t obj) {
    if (run.n_containers < MP_ARRAY_SIZE(run.containers)) {
        run.containers[run.n_containers++] = obj;
    }
}

static mp_obj_t make(input_t *in, unsigned int depth);

static mp_obj_t list_new(input_t *in, size_t n, unsigned int depth) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    if (deep) {
        remember(list); // So it may become an item of itself.
    }
    for (; n > 0 && left(in) > 0; n--) {
        mp_obj_list_append(list, make(in, depth));
    }
    if (!deep) {
        remember(list);
    }
    return list;
}

static mp_obj_t tuple_new(input_t *in, size_t n, unsigned int depth) {
    mp_obj_t list = list_new(in, n, depth);
    run.n_containers -= run.n_containers > 0 && run.containers[run.n_containers - 1] == list;
    size_t len;
    mp_obj_t *items;
    mp_obj_get_array(list, &len, &items);
    return mp_obj_new_tuple(len, items);
}

static bool is_key(mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    return type == &mp_type_str || type == &mp_type_bytes || type == &mp_type_int || type == &mp_type_float
           || type == &mp_type_bool || type == &mp_type_NoneType || type == timestamp_type || is_ext_type(type);
}

static mp_obj_t dict_new(input_t *in, size_t n, unsigned int depth, bool ordered) {
    mp_obj_t dict = ordered ? mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_ordereddict), 0, 0, NULL)
        : mp_obj_new_dict(0);
    if (deep) {
        remember(dict);
    }
    for (; n > 0 && left(in) > 0; n--) {
        mp_obj_t key = make(in, depth);
        mp_obj_t value = make(in, depth);
        mp_obj_dict_store(dict, is_key(key) ? key : MP_OBJ_NEW_SMALL_INT(n), value);
    }
    if (!deep) {
        remember(dict);
    }
    return dict;
}

static mp_obj_t array_new(input_t *in, size_t n) {
    static const qstr_short_t codes[] = { MP_QSTR_B, MP_QSTR_h, MP_QSTR_i, MP_QSTR_d };
    mp_obj_t args[2] = { MP_OBJ_NEW_QSTR(codes[n & 3]), string_new(in, &mp_type_bytes, 8 * (n / 4)) };
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_array), 2, 0, args);
}

static mp_obj_t make(input_t *in, unsigned int depth) {
    uint8_t b = take(in);
    size_t n = b >> 5; // A small number that varies the cases below.
    if (++made > OBJECTS || depth == DEPTH) {
        return MP_OBJ_NEW_SMALL_INT(n);
    }
    depth++;
    switch (b & 31) {
        case 0:
            return n & 1 ? mp_const_none : mp_obj_new_bool(n & 2);
        case 1:
            return MP_OBJ_NEW_SMALL_INT((int8_t)take(in));
        case 2:
            return int_new(in, 1 + n, false);
        case 3:
            return int_new(in, 1 + n, true);
        case 4:
            return int_new(in, 9, n & 1);
        case 5:
            return float_new(in);
        case 6:
            return mp_obj_new_float((int8_t)take(in) / 4.0);
        case 7:
            return string_new(in, &mp_type_str, n);
        case 8:
            return string_new(in, &mp_type_str, take(in));
        case 9:
            return string_new(in, &mp_type_bytes, n == 7 ? take(in) : n);
        case 10: {
            size_t len = n >= 6 ? take(in) : n;
            const uint8_t *p = take_some(in, &len);
            static const byte zeros[1100];
            // Some are longer than the module's buffer on the C stack.
            mp_obj_t array = n == 6 ? mp_obj_new_bytearray(250 + 3 * len, zeros) : mp_obj_new_bytearray(len, p);
            remember(array);
            return array;
        }
        case 11: {
            size_t len = 8 * n;
            const uint8_t *p = take_some(in, &len);
            mp_obj_t array = mp_obj_new_bytearray(len, p);
            return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_memoryview), 1, 0, &array);
        }
        case 12:
            return array_new(in, n + 8 * (take(in) & 3));
        case 13:
            return list_new(in, n, depth);
        case 14:
            return list_new(in, take(in) & 63, depth);
        case 15:
            return tuple_new(in, n, depth);
        case 16:
            return dict_new(in, n, depth, false);
        case 17:
            return dict_new(in, n & 1 ? take(in) & 31 : n, depth, true);
        case 18: {
            mp_obj_t items[2] = { make(in, depth), make(in, depth) };
            return mp_call_function_n_kw(classes[CLASS_NAMED], 2, 0, items);
        }
        case 19: {
            mp_obj_t items[2] = { MP_OBJ_NEW_SMALL_INT((int8_t)take(in)), string_new(in, &mp_type_bytes, n * n) };
            return mp_call_function_n_kw(function(F_EXT_TYPE), 2, 0, items);
        }
        case 20: {
            mp_obj_t items[2] = { int_new(in, 1 + n, n & 1), MP_OBJ_NEW_SMALL_INT(take_int(in, 4) % 1000000000) };
            return mp_call_function_n_kw(function(F_TIMESTAMP), 2, 0, items);
        }
        case 21:
            return n & 1 ? instance_new(classes[CLASS_PLAIN]) : instance_new(classes[CLASS_NO_INIT]);
        case 22:
            switch (n % 7) {
                case 0:
                    return sub_new(0, list_new(in, take(in) & 7, depth));
                case 1:
                    return sub_new(1, dict_new(in, take(in) & 7, depth, false));
                case 2:
                    return sub_new(2, string_new(in, &mp_type_str, take(in) & 63));
                case 3:
                    return sub_new(3, string_new(in, &mp_type_bytes, take(in) & 63));
                case 4:
                    return sub_new(4, int_new(in, take(in) & 15, false));
                case 5:
                    return sub_new(5, float_new(in));
                default:
                    return sub_new(6, tuple_new(in, take(in) & 7, depth));
            }
        case 23: {
            // Some are longer than the module's buffer on the C stack.
            static byte text[1200];
            memset(text, 'a' + n, sizeof(text));
            size_t len = 4 * take(in) + n;
            return n & 1 ? mp_obj_new_bytes(text, len) : mp_obj_new_str((const char *)text, len);
        }
        case 24: {
            mp_obj_t list = list_new(in, 1, depth);
            size_t len = 16 * n + (take(in) & 31);
            for (size_t i = 0; i < len; i++) {
                mp_obj_list_append(list, MP_OBJ_NEW_SMALL_INT((mp_int_t)(i * i * i) - 100));
            }
            return list;
        }
        case 25:
            made += 3 * n;
            return nested_new(n == 7 && deep ? NESTED + (take(in) & 31) : 3 * n, make(in, depth));
        case 26:
            // A container that occurs more than once, or that contains itself.
            return run.n_containers == 0 ? mp_const_none : run.containers[take(in) % run.n_containers];
        case 27:
            return n & 1 ? MP_OBJ_FROM_PTR(&mp_type_list) : function(F_PACKB);
        case 28:
            return MP_OBJ_NEW_QSTR(n & 1 ? MP_QSTR_ : n & 2 ? MP_QSTR_max_buffer_size : MP_QSTR_B);
        case 29:
            return run.source != MP_OBJ_NULL ? run.source : mp_const_none;
        case 30: {
            mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_NEW_SMALL_INT(n) };
            return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_range), 2, 0, args);
        }
        default:
            return mp_const_empty_tuple;
    }
}

mp_obj_t object_new(input_t *in, bool may_be_deep) {
    deep = may_be_deep;
    made = 0;
    return make(in, 0);
}
