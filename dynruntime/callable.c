// SPDX-License-Identifier: MIT
// What can be called.

#include "toolkit.h"

bool natmod_is_callable(mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    if (type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
        // Every Python class has the slot, whether it defines __call__ or not.
        mp_obj_t dest[2];
        mp_load_method_maybe(obj, MP_QSTR___call__, dest);
        return dest[0] != MP_OBJ_NULL;
    }
    return MP_OBJ_TYPE_HAS_SLOT(type, call);
}
