// SPDX-License-Identifier: MIT
// What packing and unpacking share.

#include <string.h>

#include "small.h"

// Each look at the table of qstrs takes 16 bytes, so this is a function.
__attribute__((noinline)) qstr name_qstr(size_t name) {
    #ifdef NATMOD_USERMOD
    return name;
    #else
    return name < OWN_NAMES ? mp_native_qstr_table[name] : name + NAMES_SHIFT;
    #endif
}

__attribute__((noinline)) mp_obj_t name_obj(size_t name) {
    qstr q = name_qstr(name);
    return MP_OBJ_NEW_QSTR(q);
}

MP_NORETURN __attribute__((noinline)) void raise_args(state_t *st, size_t error, size_t n, const mp_obj_t *args) {
    mp_obj_t type[2];
    qstr name = name_qstr(error);
    mp_load_method_maybe(st->builtins, name, type);
    if (type[0] == MP_OBJ_NULL) {
        mp_obj_t obj = MP_OBJ_NEW_QSTR(name);
        type[0] = get_item(st->globals, obj);
    }
    // What a program has put there may make no exception. Of that the interpreter makes a TypeError, but of None, which
    // it does not raise.
    for (;;) {
        raise_obj(mp_call_function_n_kw(type[0], n, 0, args));
        type[0] = MP_OBJ_FROM_PTR(st->nm.TypeError);
    }
}

// Texts are interned strings: so they cost no code, no memory that would have to be there, and can be
// read on every board.
MP_NORETURN __attribute__((noinline)) void raise(state_t *st, size_t error, size_t text) {
    mp_obj_t arg = name_obj(text);
    raise_args(st, error, 1, &arg);
}

__attribute__((noinline)) frame_t *push(work_t *w, mp_obj_t obj, uint32_t left) {
    size_t depth = w->depth++;
    w->top++;
    if (depth == w->capacity) {
        if (depth == MAX_DEPTH) {
            raise(w->st, NAME(MP_QSTR_StackError), NAME(MP_QSTR_StackError));
        }
        w->capacity = 2 * depth;
        frame_t *frames = m_realloc(w->frames, (1 + w->capacity) * sizeof(frame_t));
        if (w->frames == NULL) {
            memcpy(frames, w->first, sizeof(w->first));
        }
        w->frames = frames;
        w->top = frames + 1 + depth;
    }
    frame_t *frame = w->top;
    frame->obj = obj;
    frame->other = MP_OBJ_NULL;
    frame->left = left;
    frame->next = 0;
    return frame;
}

// Write all bytes to the stream.
void write_all(work_t *w, byte *p, size_t n) {
    while (n > 0) {
        size_t done = transfer(w, p, n);
        p += done;
        n -= done;
    }
}

// The next n bytes of the call's own memory. For a native stream n must be small.
__attribute__((noinline)) byte *take_space(work_t *w, size_t n) {
    size_t used = w->used;
    if (n > w->size - used) {
        if (w->direct) {
            write_all(w, w->buf, used);
            used = 0;
        } else {
            // No heap has half of the address space.
            size_t size = n > SIZE_MAX / 2 ? n : 2 * used + n + 16;
            w->buf = m_realloc(w->buf, size);
            w->size = size;
        }
    }
    w->used = used + n;
    return w->buf + used;
}

// A namedtuple counts as a tuple, an OrderedDict as a dict.
__attribute__((noinline)) const mp_obj_type_t *plain_type(state_t *st, mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    const mp_obj_type_t *parent = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent);
    // A Python class has another layout.
    return !(type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) && (parent == st->tuple_type || parent == TYPE_DICT) ? parent : type;
}
