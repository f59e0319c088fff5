// SPDX-License-Identifier: MIT
// Functions made from a table, and classes.

#include "toolkit.h"

NATMOD_INIT void natmod_add_functions(natmod_t *nm, mp_obj_t dict, const natmod_entry_t *entries, size_t n) {
    mp_obj_t obj = MP_OBJ_NULL;
    for (size_t i = 0; i < n; i++) {
        const natmod_entry_t *entry = &entries[i];
        if (i == 0 || entry->fun != entry[-1].fun) {
            obj = natmod_fun_new(nm, entry->fun, entry->args & 15, entry->args >> 4 & 15, entry->args >> 8 & 1);
            if (entry->args >> 8 & NATMOD_STATICMETHOD) {
                obj = mp_call_function_n_kw(mp_load_global(MP_QSTR_staticmethod), 1, 0, &obj);
            }
        }
        qstr name = natmod_name_to_qstr(entry->name);
        if (dict == MP_OBJ_NULL) {
            mp_store_global(name, obj);
        } else {
            mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(name), obj);
        }
    }
}

NATMOD_INIT void natmod_add_class(natmod_t *nm, mp_obj_type_t *type, size_t n_slots, const natmod_entry_t *methods,
    size_t n) {
    if (n > 0) {
        natmod_add_functions(nm, natmod_type_methods(type, n_slots, n), methods, n);
    }
    mp_store_global(type->name, MP_OBJ_FROM_PTR(type));
}
