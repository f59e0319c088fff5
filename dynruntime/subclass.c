// SPDX-License-Identifier: MIT
// Python classes that derive from native types. The small flavour of msgpack has a shorter walk, which
// follows the first bases alone.

#include "toolkit.h"

const mp_obj_type_t *natmod_native_type(natmod_t *nm, const mp_obj_type_t *type) {
    while (type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
        const mp_obj_base_t *parent = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent);
        if (parent == NULL) {
            return NULL;
        }
        if (parent->type == mp_obj_get_type(mp_const_empty_tuple)) {
            // The interpreter allows one native base, so the first that is found is the one.
            const mp_obj_tuple_t *bases = (const mp_obj_tuple_t *)parent;
            for (size_t i = 0; i < bases->len; i++) {
                type = natmod_native_type(nm, MP_OBJ_TO_PTR(bases->items[i]));
                if (type != NULL) {
                    return type;
                }
            }
            return NULL;
        }
        type = (const mp_obj_type_t *)parent;
    }
    return type == nm->object_type ? NULL : type;
}

mp_obj_t natmod_native_inside(natmod_t *nm, mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    return type->flags & MP_TYPE_FLAG_INSTANCE_TYPE && natmod_native_type(nm, type) != NULL
           ? ((mp_obj_instance_t *)MP_OBJ_TO_PTR(obj))->subobj[0] : obj;
}

mp_obj_t natmod_native_base(natmod_t *nm, mp_obj_t obj, const mp_obj_type_t *type) {
    obj = natmod_native_inside(nm, obj);
    return mp_obj_get_type(obj) == type ? obj : MP_OBJ_NULL;
}
