// SPDX-License-Identifier: MIT
// Strings, and tuples as keys. The interpreter's own constructors hash what they make, and look every str up among
// all interned ones first.

#include <string.h>

#include "object.h"

byte *payload_new(size_t len) {
    byte *payload = m_malloc(len + 1);
    payload[len] = 0;
    return payload;
}

mp_obj_t payload_to_obj(const mp_obj_type_t *type, byte *payload, size_t len) {
    mp_obj_str_t *str = m_malloc(sizeof(mp_obj_str_t));
    str->base.type = type;
    str->hash = 0; // Computed when somebody wants it.
    str->len = len;
    str->data = payload;
    return MP_OBJ_FROM_PTR(str);
}

mp_obj_t bytes_new(state_t *st, const byte *data, size_t len) {
    if (len == 0) {
        return st->empty_bytes;
    }
    byte *payload = payload_new(len);
    memcpy(payload, data, len);
    return payload_to_obj(st->bytes_type, payload, len);
}

void check_nesting(state_t *st, mp_obj_t obj, int levels) {
    mp_obj_t inside = natmod_native_inside(&st->nm, obj);
    if (inside != obj) {
        levels--;
    }
    const mp_obj_type_t *type = mp_obj_get_type(inside);
    // The parent of a namedtuple and of ExtType is tuple.
    if (type != st->tuple_type && MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent) != st->tuple_type) {
        return;
    }
    if (levels <= 0) {
        natmod_raise(st->ValueError, "object nested too deeply");
    }
    if (levels >= KEY_NESTING - 1) {
        // Once or twice for each key: where the result is not remembered, the check takes long.
        natmod_check_stack(&st->nm);
    }
    const mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(inside);
    for (size_t n = tuple->len; n > 0; n--) {
        check_nesting(st, tuple->items[n - 1], levels - 1);
    }
}

// The small flavour has a shorter one, which computes the code points.
bool utf8_is_valid(const byte *p, size_t len) {
    const byte *end = p + len;
    while (p < end) {
        unsigned int first = *p++;
        if (first < 0x80) {
            continue;
        }
        // How many bytes follow, and the range of the first of them: narrower than that of the
        // others where it excludes overlong forms, surrogates and what is above U+10FFFF.
        unsigned int more;
        unsigned int low = 0x80;
        unsigned int high = 0xbf;
        if (first < 0xc2) {
            return false;
        } else if (first < 0xe0) {
            more = 1;
        } else if (first < 0xf0) {
            more = 2;
            low = first == 0xe0 ? 0xa0 : 0x80;
            high = first == 0xed ? 0x9f : 0xbf;
        } else if (first < 0xf5) {
            more = 3;
            low = first == 0xf0 ? 0x90 : 0x80;
            high = first == 0xf4 ? 0x8f : 0xbf;
        } else {
            return false;
        }
        if (more > (size_t)(end - p)) {
            return false;
        }
        for (; more > 0; more--, p++) {
            if (*p < low || *p > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}
