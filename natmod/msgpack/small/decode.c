// SPDX-License-Identifier: MIT
// Bytes -> objects, without recursion. Of a stream, the bytes of one object are read first: the lengths
// tell where it ends. So an error in the middle of an object leaves the stream at its end.

#include <string.h>

#include "small.h"

enum {
    MISSES = 4,
    LOOK_EVERY = 16,
};

/******************************************************************************/
// Headers and payloads

// The next n bytes. They stay until more are taken.
static __attribute__((noinline)) const byte *take(work_t *w, size_t n) {
    size_t there;
    while (n > (there = w->end - w->p)) {
        if (w->method[0] == MP_OBJ_NULL) {
            raise(w->st, NAME(MP_QSTR_ValueError), NAME(MP_QSTR_incomplete));
        }
        // Each object that is owed has a byte at least.
        size_t want = MIN(MAX(n - there, w->owed), PIECE);
        size_t used = w->used;
        byte *dest = take_space(w, want);
        w->used = used;
        w->used = used + transfer(w, dest, want);
        w->end = w->buf + w->used;
        w->p = w->end - there - (w->used - used);
    }
    const byte *p = w->p;
    w->p = p + n;
    return p;
}

// Take a header, and return its first byte.
static __attribute__((noinline)) unsigned int take_header(work_t *w) {
    unsigned int first = w->p < w->end ? *w->p++ : *take(w, 1);
    unsigned int kind = KIND_INT;
    if (!format_is_fixint(first)) {
        uint32_t len;
        if (first < FORMAT_NIL) {
            len = first & FORMAT_FIXARRAY_MAX;
            kind = first < FORMAT_FIXARRAY ? KIND_MAP : KIND_ARRAY;
            if (first >= FORMAT_FIXSTR) {
                len = first & FORMAT_FIXSTR_MAX;
                kind = KIND_STR;
            }
        } else {
            unsigned int form = format_forms[first & 0x1f]; // FORMAT_NIL is a multiple of 32.
            kind = form >> 4;
            size_t arg = 1 << (form & 15) >> 1;
            const byte *p = take(w, arg + (kind == KIND_EXT));
            len = 1u << (first & 0x1f) >> (FORMAT_FIXEXT1 & 0x1f);
            if (arg > 0) {
                w->number.word[0] = 0;
                for (byte *q = w->number.b + arg; arg > 0; arg--) {
                    *--q = *p++;
                }
                len = w->number.word[0];
            }
        }
        w->len = len;
    }
    w->kind = kind;
    return first;
}

// Read one object of the stream.
static void read_object(work_t *w) {
    w->owed = 1;
    do {
        w->owed--;
        take_header(w);
        if (w->kind >= KIND_ARRAY) {
            // Where the sum wraps, more are owed than will ever come.
            bool is_map = w->kind == KIND_MAP;
            size_t n = (size_t)w->len << is_map;
            w->owed += n;
            if (n >> is_map != w->len || w->owed < n) {
                w->owed = SIZE_MAX;
            }
        } else if (w->kind >= KIND_STR) {
            take(w, w->len);
        }
    } while (w->owed > 0);
    w->method[0] = MP_OBJ_NULL;
    w->p = w->buf;
}

/******************************************************************************/
// Objects

// The full flavour has a longer one, which compares bytes alone.
static bool utf8_is_valid(const byte *p, size_t len) {
    const byte *end = p + len;
    while (p < end) {
        uint32_t c = *p++;
        if (c < 0x80) {
            continue;
        }
        // Bytes that follow.
        unsigned int more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (c < 0xc2 || c > 0xf4 || more > (size_t)(end - p)) {
            return false;
        }
        c &= 0x3f >> more;
        for (unsigned int i = more; i > 0; i--) {
            unsigned int next = *p++ - 0x80;
            if (next > 0x3f) {
                return false;
            }
            c = c << 6 | next;
        }
        // No shorter form, no surrogate, nothing above the last code point.
        if (c >> (more == 1 ? 7 : 5 * more + 1) == 0 || c >> 11 == 0xd800 >> 11 || c > 0x10ffff) {
            return false;
        }
    }
    return true;
}

// The interpreter hashes nested tuples by recursion, so a tuple in a key can hold no other.
static void check_key(state_t *st, mp_obj_t key) {
    if (plain_type(st, key) == st->tuple_type) {
        const mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(key);
        for (size_t n = tuple->len; n > 0; n--) {
            if (plain_type(st, tuple->items[n - 1]) == st->tuple_type) {
                raise(st, NAME(MP_QSTR_ValueError), NAME(MP_QSTR_key));
            }
        }
    }
}

// A str. Keys that the program names are interned strings, which take no memory. But the interpreter's lookup
// of those takes long, so after MISSES keys that are none, only one in LOOK_EVERY is looked up.
static mp_obj_t decode_str(work_t *w, const byte *p, size_t len) {
    if (len == 0) {
        return MP_OBJ_NEW_QSTR(MP_QSTR_);
    }
    if (!utf8_is_valid(p, len)) {
        raise(w->st, NAME(MP_QSTR_UnicodeError), NAME(MP_QSTR_str));
    }
    frame_t *frame = w->top;
    if (frame->next == KIND_MAP && frame->other == MP_OBJ_NULL
        && (w->misses++ < MISSES || w->misses % LOOK_EVERY == 0)) {
        mp_obj_t key = mp_obj_new_str((const char *)p, len);
        if (((uintptr_t)key & 3) != 0) {
            w->misses = 0; // It is no address, so it is an interned string.
        }
        return key;
    }
    mp_obj_t obj = mp_obj_new_bytes(p, len);
    ((mp_obj_base_t *)MP_OBJ_TO_PTR(obj))->type = &mp_type_str;
    return obj;
}

// The object whose header was taken, if it is no container.
static mp_obj_t decode_one(work_t *w, unsigned int first) {
    state_t *st = w->st;
    unsigned int kind = w->kind;
    if (format_is_fixint(first)) {
        return MP_OBJ_NEW_SMALL_INT((int8_t)first);
    }
    if (kind < KIND_STR) {
        if (kind == KIND_INVALID) {
            raise(st, NAME(MP_QSTR_FormatError), NAME(MP_QSTR_FormatError));
        }
        if (kind <= KIND_BOOL) {
            return first == FORMAT_NIL ? mp_const_none : const_bool(first & 1);
        }
        return mp_binary_get_val_array("fdBHIQbhiq"[first - FORMAT_FLOAT32], &w->number, 0);
    }
    uint32_t len = w->len;
    const byte *p = take(w, len);
    if (kind == KIND_STR) {
        return decode_str(w, p, len);
    }
    // The type code of an ext is the byte before the data.
    mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT((int8_t)p[-1]), mp_obj_new_bytes(p, len) };
    if (kind == KIND_BIN) {
        return args[1];
    }
    return mp_call_function_n_kw(w->hook == MP_OBJ_NULL ? st->ext_type : w->hook, 2, 0, args);
}

mp_obj_t decode(work_t *w) {
    if (w->method[0] != MP_OBJ_NULL) {
        read_object(w);
    }
    for (;;) {
        unsigned int first = take_header(w);
        mp_obj_t obj;
        if (w->kind >= KIND_ARRAY) {
            bool is_map = w->kind == KIND_MAP;
            // As many as the bytes that are there can bring.
            size_t n = MIN(w->len, (size_t)(w->end - w->p) >> MIN(31, 2 * w->depth + is_map));
            if (is_map) {
                obj = mp_obj_new_dict(n);
            } else {
                obj = mp_obj_new_list(n, NULL);
                ((mp_obj_list_t *)MP_OBJ_TO_PTR(obj))->len = 0;
            }
            push(w, obj, w->len)->next = w->kind;
            goto check;
        }
        obj = decode_one(w, first);
        for (;;) {
            frame_t *frame;
            if (w->depth == 0) {
                return obj;
            }
            frame = w->top;
            if (frame->next != KIND_MAP) {
                mp_obj_list_t *list = MP_OBJ_TO_PTR(frame->obj);
                if (list->len < list->alloc) {
                    list->items[list->len++] = obj;
                } else {
                    mp_obj_list_append(frame->obj, obj);
                }
            } else if (frame->other == MP_OBJ_NULL) {
                check_key(w->st, obj);
                frame->other = obj;
                break;
            } else {
                mp_obj_dict_store(frame->obj, frame->other, obj);
                frame->other = MP_OBJ_NULL;
            }
            frame->left--;
        check:
            frame = w->top;
            if (frame->left > 0) {
                break;
            }
            obj = frame->obj;
            w->depth--;
            w->top--;
            if (w->tuples && frame->next != KIND_MAP) {
                mp_obj_list_t *list = MP_OBJ_TO_PTR(obj);
                obj = mp_obj_new_tuple(list->len, list->items);
            }
        }
    }
}
