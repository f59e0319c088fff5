// SPDX-License-Identifier: MIT
// hello.count(n=1) adds n to a number that lives as long as the module, and returns it.
#include "toolkit.h"

typedef struct _hello_t {
    natmod_t nm; // Comes first.
    mp_int_t sum;
} hello_t;

static mp_obj_t count(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    hello_t *self = (hello_t *)nm;
    self->sum += n_args == 0 ? 1 : mp_obj_get_int(args[0]);
    return mp_obj_new_int(self->sum);
}

size_t natmod_state_size(void) {
    return sizeof(hello_t);
}

NATMOD_INIT void natmod_init(natmod_t *nm) {
    mp_store_global(MP_QSTR_count, natmod_fun_new(nm, count, 0, 1, false));
}
