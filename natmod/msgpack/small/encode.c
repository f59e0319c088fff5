// SPDX-License-Identifier: MIT
// Objects -> bytes, without recursion.

#include <string.h>

#include "small.h"

// A first byte, and n bytes of a number after it.
static __attribute__((noinline)) void put(work_t *w, unsigned int first, size_t n, const number_t *number) {
    byte *p = take_space(w, 1 + n);
    *p++ = first;
    while (n > 0) {
        *p++ = number->b[--n];
    }
}

// A length: below limit in the first byte, otherwise after the first byte row, which is that for 1 byte (an
// array or a map has no such form).
static __attribute__((noinline)) void put_len(work_t *w, unsigned int fix, size_t limit, unsigned int row, size_t len) {
    number_t number;
    number.word[0] = len;
    if ((uint64_t)len >> 32) {
        raise(w->st, NAME(MP_QSTR_ValueError), NAME(MP_QSTR_len));
    }
    if (len < limit) {
        put(w, fix + len, 0, NULL);
    } else {
        unsigned int power = len >> 16 ? 2 : len >> 8 || limit == FORMAT_FIXARRAY_MAX + 1 ? 1 : 0;
        put(w, row + power, 1 << power, &number);
    }
}

// False if the integer is outside the format's range.
static bool put_int(work_t *w, mp_obj_t obj) {
    number_t number;
    bool negative;
    if (mp_obj_is_small_int(obj)) {
        number.aligned = (int64_t)MP_OBJ_SMALL_INT_VALUE(obj);
        negative = MP_OBJ_SMALL_INT_VALUE(obj) < 0;
    } else {
        negative = mp_binary_op(MP_BINARY_OP_LESS, obj, MP_OBJ_NEW_SMALL_INT(0)) == mp_const_true;
        int code = negative ? 'q' : 'Q';
        // This does not check the range.
        mp_binary_set_val_array(code, &number, 0, obj);
        if (mp_binary_op(MP_BINARY_OP_EQUAL, obj, mp_binary_get_val_array(code, &number, 0)) != mp_const_true) {
            return false;
        }
    }
    // Its size, as if there were no sign.
    uint32_t hi = number.word[1];
    uint32_t lo = number.word[0];
    if (negative) {
        hi = ~hi << 1 | ~lo >> 31;
        lo = ~lo << 1;
    }
    if (hi == 0 && lo < (negative ? 64 : 128)) {
        put(w, number.b[0], 0, NULL);
    } else {
        unsigned int power = hi != 0 ? 3 : lo >> 16 ? 2 : lo >> 8 ? 1 : 0;
        put(w, (negative ? FORMAT_INT8 : FORMAT_UINT8) + power, 1 << power, &number);
    }
    return true;
}

void encode(work_t *w, mp_obj_t obj) {
    state_t *st = w->st;
    bool from_default = false;
    for (;;) {
        size_t len;
        unsigned int ext = 0;
        mp_buffer_info_t buf;
        if (mp_obj_is_small_int(obj)) {
            mp_int_t value = MP_OBJ_SMALL_INT_VALUE(obj);
            if (format_fits_fixint(value)) {
                *take_space(w, 1) = value;
            } else {
                put_int(w, obj);
            }
            goto next;
        }
        mp_obj_t original = obj;
        const mp_obj_type_t *type = mp_obj_get_type(obj);
        if (type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
            // Of a Python class that derives from a native one, the native object is packed. This follows the
            // first bases alone: natmod_native_type, which looks at all, would take 90 bytes more.
            do {
                type = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent);
                if (type == NULL || type->base.type != &mp_type_type || type == st->nm.object_type) {
                    goto hook;
                }
            } while (type->flags & MP_TYPE_FLAG_INSTANCE_TYPE);
            obj = ((mp_obj_instance_t *)MP_OBJ_TO_PTR(original))->subobj[0];
        }
        type = plain_type(st, obj);
        if (obj == mp_const_none) {
            put(w, FORMAT_NIL, 0, NULL);
        } else if (obj == mp_const_false) {
            put(w, FORMAT_FALSE, 0, NULL);
        } else if (obj == mp_const_true) {
            put(w, FORMAT_TRUE, 0, NULL);
        } else if (type == st->int_type) {
            if (!put_int(w, obj)) {
                if (w->hook == MP_OBJ_NULL || from_default) {
                    raise(st, NAME(MP_QSTR_OverflowError), NAME(MP_QSTR_int));
                }
                goto hook;
            }
        } else if (type == st->float_type) {
            number_t number;
            bool is_double = st->float_code == 'd';
            mp_binary_set_val_array(st->float_code, &number, 0, obj);
            put(w, FORMAT_FLOAT32 + is_double, 4 << is_double, &number);
        } else {
            mp_obj_t code = MP_OBJ_NULL;
            if (MP_OBJ_FROM_PTR(mp_obj_get_type(obj)) == st->ext_type) {
                ext = FORMAT_EXT8;
                code = ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(obj))->items[0];
                obj = ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(obj))->items[1];
                type = mp_obj_get_type(obj);
                if (!mp_obj_is_small_int(code) || MP_OBJ_SMALL_INT_VALUE(code) != (int8_t)MP_OBJ_SMALL_INT_VALUE(code)) {
                    raise(st, NAME(MP_QSTR_ValueError), NAME(MP_QSTR_code));
                }
            } else if (type == TYPE_DICT) {
                size_t n = ((mp_obj_dict_t *)MP_OBJ_TO_PTR(obj))->map.used;
                put_len(w, FORMAT_FIXMAP, FORMAT_FIXMAP_MAX + 1, FORMAT_MAP16 - 1, n);
                push(w, obj, n)->type = type;
                goto next;
            } else if (type == &mp_type_list || type->name == MP_QSTR_tuple) {
                // What os.uname() returns has the name of a tuple and its layout, but another type.
                size_t n = ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(obj))->len;
                if (type == &mp_type_list) {
                    n = ((mp_obj_list_t *)MP_OBJ_TO_PTR(obj))->len;
                }
                put_len(w, FORMAT_FIXARRAY, FORMAT_FIXARRAY_MAX + 1, FORMAT_ARRAY16 - 1, n);
                push(w, obj, n)->type = type;
                goto next;
            }
            mp_int_t (*get_buffer)(mp_obj_t obj, mp_buffer_info_t *buf, mp_uint_t flags) = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, buffer);
            if ((get_buffer != st->str_buffer && get_buffer != st->array_buffer) || (ext && type == &mp_type_str)) {
            hook:
                if (w->hook == MP_OBJ_NULL || from_default || ext) {
                    raise(st, NAME(MP_QSTR_TypeError), NAME(MP_QSTR_type));
                }
                obj = mp_call_function_n_kw(w->hook, 1, 0, &original);
                from_default = true;
                continue;
            }
            get_buffer(obj, &buf, MP_BUFFER_READ);
            len = buf.len;
            if (ext) {
                unsigned int power = 0;
                while (len > 1u << power && power < 4) {
                    power++;
                }
                if (len == 1u << power) {
                    put(w, FORMAT_FIXEXT1 + power, 0, NULL);
                } else {
                    put_len(w, 0, 0, ext, len);
                }
                *take_space(w, 1) = MP_OBJ_SMALL_INT_VALUE(code);
            } else if (type == &mp_type_str) {
                put_len(w, FORMAT_FIXSTR, FORMAT_FIXSTR_MAX + 1, FORMAT_STR8, len);
            } else {
                put_len(w, 0, 0, FORMAT_BIN8, len);
            }
            // A write, or a finaliser during an allocation, may run Python code that resizes it.
            for (size_t done = 0, n; done < len; done += n) {
                n = w->direct ? MIN(len - done, DIRECT) : len;
                byte *dest = take_space(w, n);
                get_buffer(obj, &buf, MP_BUFFER_READ);
                if (buf.len != len) {
                    goto changed;
                }
                memcpy(dest, (byte *)buf.buf + done, n);
            }
        }
    next:;
        from_default = false;
        for (;;) {
            if (w->depth == 0) {
                return;
            }
            frame_t *frame = w->top;
            obj = frame->other;
            if (obj != MP_OBJ_NULL) {
                frame->other = MP_OBJ_NULL;
                break;
            }
            if (frame->left-- == 0) {
                w->depth--;
                w->top--;
                continue;
            }
            // Python code that ran meanwhile may have changed the container.
            size_t i = frame->next++;
            void *container = MP_OBJ_TO_PTR(frame->obj);
            if (frame->type == TYPE_DICT) {
                mp_map_t *map = &((mp_obj_dict_t *)container)->map;
                for (;; i++) {
                    if (i >= map->alloc) {
                        goto changed;
                    }
                    if (mp_map_slot_is_filled(map, i)) {
                        break;
                    }
                }
                frame->next = i + 1;
                obj = map->table[i].key;
                frame->other = map->table[i].value;
            } else if (frame->type == &mp_type_list) {
                mp_obj_list_t *list = container;
                if (i >= list->len) {
                changed:
                    raise(st, NAME(MP_QSTR_ValueError), NAME(MP_QSTR_len));
                }
                obj = list->items[i];
            } else {
                obj = ((mp_obj_tuple_t *)container)->items[i];
            }
            break;
        }
    }
}
