// SPDX-License-Identifier: MIT
// Exception classes.

#include "toolkit.h"

NATMOD_INIT mp_obj_type_t *natmod_exception_new(natmod_t *nm, qstr name, mp_const_obj_t parent) {
    mp_obj_type_t *type = natmod_type_new(nm, name, MP_TYPE_FLAG_NONE, 4);
    NATMOD_SET_SLOT_AS_IS(type, make_new, mp_obj_exception_make_new, 1);
    NATMOD_SET_SLOT_AS_IS(type, print, mp_obj_exception_print, 2);
    NATMOD_SET_SLOT_AS_IS(type, attr, mp_obj_exception_attr, 3);
    NATMOD_SET_SLOT_AS_IS(type, parent, parent, 4);
    return type;
}
