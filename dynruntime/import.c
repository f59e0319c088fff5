// SPDX-License-Identifier: MIT
// Objects of other modules, some of which the firmware may lack.

#include "toolkit.h"

typedef struct _natmod_import_t {
    qstr module;
    qstr attr;
    mp_obj_t result;
} natmod_import_t;

NATMOD_INIT static void import_attr(void *arg) {
    natmod_import_t *import = arg;
    mp_obj_t module = mp_import_name(import->module, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    import->result = mp_load_attr(module, import->attr);
}

NATMOD_INIT mp_obj_t natmod_import_maybe(qstr module, qstr attr) {
    natmod_import_t import = { module, attr, MP_OBJ_NULL };
    mp_obj_t exception = natmod_protect(import_attr, &import);
    if (exception != MP_OBJ_NULL) {
        const mp_obj_type_t *type = mp_obj_get_type(exception);
        if (type != natmod_builtin_type(MP_QSTR_ImportError)
            && type != natmod_builtin_type(MP_QSTR_AttributeError)) {
            nlr_raise(exception);
        }
    }
    return import.result;
}
