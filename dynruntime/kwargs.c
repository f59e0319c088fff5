// SPDX-License-Identifier: MIT
// Keyword arguments.

#include "toolkit.h"

void natmod_parse_kw(natmod_t *nm, size_t n_kw, const mp_obj_t *kw, size_t n_names,
    const mp_obj_t *names, mp_obj_t *values) {
    for (; n_kw > 0; n_kw--, kw += 2) {
        size_t i = 0;
        // Keywords are interned strings, so equal names are equal objects.
        while (i < n_names && names[i] != kw[0]) {
            i++;
        }
        if (i == n_names) {
            mp_buffer_info_t name;
            mp_get_buffer_raise(kw[0], &name, MP_BUFFER_READ);
            natmod_raise_fmt(nm->TypeError, "unexpected keyword argument '%.*s'",
                (int)(name.len < 40 ? name.len : 40), (const char *)name.buf);
        }
        values[i] = kw[1];
    }
}
