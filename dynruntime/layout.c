// SPDX-License-Identifier: MIT
// Whether this firmware's objects have the layout that the module was compiled for.
//
// The .mpy format's version covers the function table, not the objects that a module reads and
// writes by itself; docs/abi.md lists these. Each check has the firmware make an object and looks
// for what was put into it. A word is used as an address only when the words around it are right.

#include <string.h>

#include "toolkit.h"

#ifdef NATMOD_LAYOUTS

NATMOD_INIT_DATA static const char layout_text[] = NATMOD_MODULE ": this firmware has another layout of ";

// In the order of the checks.
enum {
    LAYOUT_INT,
    LAYOUT_TYPE,
    LAYOUT_FUNCTION,
    LAYOUT_NLR,
    LAYOUT_STR,
    LAYOUT_LIST,
    LAYOUT_TUPLE,
    LAYOUT_DICT,
    LAYOUT_EXCEPTION,
    LAYOUT_INSTANCE,
};

NATMOD_INIT_DATA static const char layout_names[][10] = {
    "int", "type", "function", "nlr_buf", "str", "list", "tuple", "dict", "exception", "instance",
};

// Values that are put into objects.
#define LAYOUT_KEY (MP_OBJ_NEW_SMALL_INT(1234))
#define LAYOUT_VALUE (MP_OBJ_NEW_SMALL_INT(-56))

NATMOD_INIT static bool is_address(const void *word) {
    return (uintptr_t)word % sizeof(void *) == 0 && (uintptr_t)word >= 4096;
}

// What mpy_init got, and the module that it belongs to.
NATMOD_INIT static bool function_is_known(const mp_obj_fun_bc_t *self) {
    const mp_module_context_t *context = self->context;
    const mp_obj_type_t *type = is_address(context) ? context->module.base.type : NULL;
    return is_address(type)
           && type->base.type == &mp_type_type
           && is_address(context->module.globals)
           && context->module.globals->base.type == mp_obj_get_type(mp_obj_new_dict(0));
}

NATMOD_INIT static bool type_is_known(void) {
    const mp_obj_type_t *type = &mp_type_Exception;
    if (type->name != MP_QSTR_Exception || type->slot_index_parent > 12) {
        return false;
    }
    const mp_obj_type_t *parent = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent);
    return is_address(parent) && parent->base.type == &mp_type_type && parent->name == MP_QSTR_BaseException;
}

NATMOD_INIT static bool str_is_known(void) {
    mp_int_t number = 1234;
    mp_obj_t obj = mp_obj_new_bytes((const byte *)&number, 3);
    mp_obj_str_t *str = MP_OBJ_TO_PTR(obj);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(obj, &buf, MP_BUFFER_READ);
    if (str->base.type != mp_obj_get_type(obj) || str->len != 3 || str->data != buf.buf) {
        return false;
    }
    size_t hash = str->hash;
    str->hash = 0; // Computed when somebody wants it.
    return (size_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, obj)) == hash;
}

NATMOD_INIT static bool list_is_known(void) {
    mp_obj_t value = LAYOUT_VALUE;
    const mp_obj_list_t *list = MP_OBJ_TO_PTR(mp_obj_new_list(1, &value));
    // All known firmware makes room for four.
    return list->base.type == &mp_type_list && list->len == 1 && list->alloc >= 1 && list->alloc < 64
           && is_address(list->items) && list->items[0] == value;
}

NATMOD_INIT static bool tuple_is_known(void) {
    mp_obj_t items[2] = { LAYOUT_KEY, LAYOUT_VALUE };
    const mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(mp_obj_new_tuple(2, items));
    return tuple->base.type == mp_obj_get_type(mp_const_empty_tuple) && tuple->len == 2
           && tuple->items[0] == LAYOUT_KEY && tuple->items[1] == LAYOUT_VALUE;
}

// Whether all that a map has is LAYOUT_VALUE under the key.
NATMOD_INIT static bool map_is_known(const mp_map_t *map, mp_obj_t key) {
    if (map->used != 1 || map->alloc == 0 || map->alloc >= 64 || !is_address(map->table)) {
        return false;
    }
    const mp_map_elem_t *elem = map->table;
    while (elem->key != key && elem < &map->table[map->alloc - 1]) {
        elem++;
    }
    return elem->key == key && elem->value == LAYOUT_VALUE;
}

NATMOD_INIT static bool dict_is_known(void) {
    mp_obj_t obj = mp_obj_new_dict(2);
    mp_obj_dict_store(obj, LAYOUT_KEY, LAYOUT_VALUE);
    const mp_obj_dict_t *dict = MP_OBJ_TO_PTR(obj);
    return dict->base.type == mp_obj_get_type(obj) && map_is_known(&dict->map, LAYOUT_KEY);
}

NATMOD_INIT static bool exception_is_known(void) {
    mp_obj_t obj = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_Exception), 0, 0, NULL);
    const mp_obj_exception_t *exception = MP_OBJ_TO_PTR(obj);
    return exception->traceback_data == NULL
           && MP_OBJ_FROM_PTR(exception->args) == mp_load_attr(obj, MP_QSTR_args);
}

NATMOD_INIT static mp_obj_t base_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return LAYOUT_VALUE;
}

// An instance of a Python class that is derived from a native type, and the class.
NATMOD_INIT static bool instance_is_known(void) {
    mp_obj_type_t *type = natmod_type_new(NULL, MP_QSTR_object, MP_TYPE_FLAG_NONE, 1);
    // It needs no function table, so it is no entry.
    NATMOD_SET_SLOT_AS_IS(type, make_new, base_make_new, 1);
    mp_obj_t base = MP_OBJ_FROM_PTR(type);
    mp_obj_t args[3] = { MP_OBJ_NEW_QSTR(MP_QSTR_object), mp_obj_new_tuple(1, &base), mp_obj_new_dict(0) };
    mp_obj_t class_obj = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_type), 3, 0, args);
    const mp_obj_type_t *class = MP_OBJ_TO_PTR(class_obj);
    mp_obj_t obj = mp_call_function_n_kw(class_obj, 0, 0, NULL);
    mp_store_attr(obj, MP_QSTR_object, LAYOUT_VALUE);
    const mp_obj_instance_t *instance = MP_OBJ_TO_PTR(obj);
    return class->flags & MP_TYPE_FLAG_INSTANCE_TYPE && MP_OBJ_TYPE_GET_SLOT_OR_NULL(class, parent) == type
           && instance->base.type == class && map_is_known(&instance->members, args[0])
           && instance->subobj[0] == LAYOUT_VALUE;
}

NATMOD_INIT static void layout_check(unsigned int layout, bool is_known) {
    if (!is_known) {
        char text[sizeof(layout_text) + sizeof(layout_names[0])];
        natmod_copy_text((byte *)text, layout_text, sizeof(layout_text) - 1);
        natmod_copy_text((byte *)text + sizeof(layout_text) - 1, layout_names[layout], sizeof(layout_names[0]));
        // Not natmod_raise, which makes a str by itself.
        mp_obj_t arg = mp_obj_new_str(text, strlen(text));
        nlr_raise(mp_call_function_n_kw(mp_load_global(MP_QSTR_ImportError), 1, 0, &arg));
    }
}

// Check a layout if the module's Makefile names it.
#define LAYOUT_CHECK(layout, is_known) \
    do { \
        if ((NATMOD_LAYOUTS) & 1 << (layout)) { \
            layout_check(layout, is_known); \
        } \
    } while (0)

NATMOD_INIT void natmod_check_layouts(const mp_obj_fun_bc_t *self) {
    // What every module relies on.
    layout_check(LAYOUT_INT, mp_obj_new_int(-56) == LAYOUT_VALUE);
    layout_check(LAYOUT_TYPE, type_is_known());
    layout_check(LAYOUT_FUNCTION, function_is_known(self));
    LAYOUT_CHECK(LAYOUT_NLR, natmod_nlr_is_known());
    LAYOUT_CHECK(LAYOUT_STR, str_is_known());
    LAYOUT_CHECK(LAYOUT_LIST, list_is_known());
    LAYOUT_CHECK(LAYOUT_TUPLE, tuple_is_known());
    LAYOUT_CHECK(LAYOUT_DICT, dict_is_known());
    LAYOUT_CHECK(LAYOUT_EXCEPTION, exception_is_known());
    LAYOUT_CHECK(LAYOUT_INSTANCE, instance_is_known());
}

#endif
