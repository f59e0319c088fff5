// SPDX-License-Identifier: MIT
// Hooks, written in C, that do what Python code might, and classes made of such functions.

#include <string.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/objexcept.h"
#include "py/objlist.h"
#include "py/objtype.h"

#include "fuzz.h"

enum {
    STACK = 24 * 1024, // Bytes of the C stack that a call of the module may use under sanitizers.
    COLLECTIONS = 2, // The most collections that the hooks of an execution run.
};

MP_REGISTER_ROOT_POINTER(mp_obj_t fuzz_classes[32]);

mp_obj_t *classes;

MP_DEFINE_CONST_OBJ_TYPE(hook_error_type, MP_QSTR_HookError, MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new, print, mp_obj_exception_print, attr, mp_obj_exception_attr,
    parent, &mp_type_Exception);

MP_DEFINE_CONST_OBJ_TYPE(stream_error_type, MP_QSTR_StreamError, MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new, print, mp_obj_exception_print, attr, mp_obj_exception_attr,
    parent, &mp_type_Exception);

void check_stack(void) {
    char here;
    if (run.stack != NULL && run.stack - &here > STACK) {
        wrong("%u bytes of the C stack are in use", (unsigned int)(run.stack - &here));
    }
}

/******************************************************************************/
// Classes

static mp_obj_t method_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    const method_obj_t *self = MP_OBJ_TO_PTR(self_in);
    return self->fun(args[0], n_args - 1, args + 1);
}

// The type of methods; a builtin function would get no self from a class.
MP_DEFINE_CONST_OBJ_TYPE(method_type, MP_QSTR_method, MP_TYPE_FLAG_BINDS_SELF, call, method_call);

mp_obj_t class_new(qstr name, mp_obj_t base, size_t n, const qstr *names, const method_obj_t *const *methods) {
    mp_obj_t dict = mp_obj_new_dict(n);
    for (size_t i = 0; i < n; i++) {
        mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(names[i]), MP_OBJ_FROM_PTR(methods[i]));
    }
    mp_obj_t args[3] = { MP_OBJ_NEW_QSTR(name), mp_obj_new_tuple(base != MP_OBJ_NULL, &base), dict };
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_type), 3, 0, args);
}

mp_obj_t instance_new(mp_obj_t class) {
    return mp_call_function_n_kw(class, 0, 0, NULL);
}

/******************************************************************************/
// Hooks

typedef struct _hook_obj_t {
    mp_obj_base_t base;
    hook_kind_t kind;
} hook_obj_t;

static void resize(mp_obj_t obj) {
    mp_obj_t args[3];
    mp_load_method(obj, MP_QSTR_extend, args);
    args[2] = mp_obj_new_bytes((const byte *)"0123456789abcdef0123456789abcdef", 32);
    mp_call_method_n_kw(1, 0, args);
}

// The bytearray of which the source is a view, or else the source itself. A memoryview of the firmware
// keeps the address of the bytearray's memory even after that moves, so it must not be used again.
static mp_obj_t source(void) {
    return run.under_view != MP_OBJ_NULL ? run.under_view : run.source;
}

void resize_source(void) {
    mp_obj_t obj = source();
    if (run.source != MP_OBJ_NULL && mp_obj_get_type(obj) == &mp_type_bytearray) {
        resize(obj);
    }
}

void write_source(void) {
    mp_buffer_info_t buf;
    if (run.source != MP_OBJ_NULL && mp_get_buffer(source(), &buf, MP_BUFFER_RW)) {
        for (size_t i = run.script.calls; i < buf.len; i += 3) {
            ((byte *)buf.buf)[i] = 0x81 + 7 * i;
        }
    }
}

// Run a collection. Only a few are allowed, because each takes much time.
static void collect(void) {
    if (run.collections < COLLECTIONS) {
        run.collections++;
        gc_collect();
    }
}

static void call_plain(mp_obj_t obj, qstr name) {
    mp_obj_t args[2];
    mp_load_method(obj, name, args);
    mp_call_method_n_kw(0, 0, args);
}

// MicroPython raises the capacity of an OrderedDict before it allocates the memory. If the allocation
// fails, any further use of the dict may crash, so this restores the capacity.
static mp_map_elem_t *lookup_add(mp_map_t *map, mp_obj_t key) {
    size_t alloc = map->alloc;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_map_elem_t *elem = mp_map_lookup(map, key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND);
        nlr_pop();
        return elem;
    }
    if (map->is_ordered) {
        map->alloc = alloc;
    }
    nlr_jump(nlr.ret_val);
}

static void mutate(mp_obj_t obj, uint32_t how) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    if (type == &mp_type_list) {
        mp_obj_list_t *self = MP_OBJ_TO_PTR(obj);
        if (how % 4 == 0 || self->len == 0) {
            for (size_t i = 0; i <= how / 4 % 16; i++) {
                mp_obj_list_append(obj, mp_const_none);
            }
        } else if (how % 4 == 1) {
            call_plain(obj, MP_QSTR_pop);
        } else if (how % 4 == 2) {
            call_plain(obj, MP_QSTR_clear);
        } else {
            self->items[how / 4 % self->len] = MP_OBJ_NEW_QSTR(MP_QSTR_bytearray);
        }
    } else if (mp_obj_is_dict_or_ordereddict(obj)) {
        mp_map_t *map = mp_obj_dict_get_map(obj);
        mp_obj_t key = MP_OBJ_NEW_SMALL_INT(how);
        for (size_t i = how / 4 % 8; i < map->alloc; i++) {
            if (mp_map_slot_is_filled(map, i)) {
                key = map->table[i].key;
            }
        }
        if (how % 4 == 0) {
            for (size_t i = 0; i <= how / 4 % 16; i++) {
                lookup_add(map, MP_OBJ_NEW_SMALL_INT(1000 + i))->value = obj;
            }
        } else if (how % 4 == 1) {
            call_plain(obj, MP_QSTR_clear);
        } else {
            mp_map_elem_t *elem = how % 4 == 2 ? mp_map_lookup(map, key, MP_MAP_LOOKUP_REMOVE_IF_FOUND)
                : lookup_add(map, key);
            if (elem != NULL) {
                elem->value = mp_const_false;
            }
        }
    } else if (type == &mp_type_bytearray) {
        resize(obj);
    }
}

void mutate_container(uint32_t n) {
    run.tainted = true;
    if (run.n_containers > 0) {
        mutate(run.containers[n % run.n_containers], n / 8);
    }
}

static void nest(void) {
    static const byte message[] = { 0x93, 0x01, 0x81, 0xa1, 'k', 0x02, 0xc4, 0x01, 0x03 };
    const mp_obj_t bytes = mp_obj_new_bytes(message, sizeof(message));
    mp_obj_t obj = mp_call_function_n_kw(function(F_UNPACKB), 1, 0, &bytes);
    mp_obj_t again = mp_call_function_n_kw(function(F_PACKB), 1, 0, &obj);
    if (!mp_obj_equal(bytes, again)) {
        wrong("a call inside a hook gives another result");
    }
}

// Call a method of the Packer or Unpacker in use. Any method must raise RuntimeError.
static void reenter(void) {
    if (run.busy == MP_OBJ_NULL) {
        return;
    }
    bool reads = mp_obj_get_type(run.busy) == unpacker_type;
    static const qstr_short_t names[2][4] = {
        { MP_QSTR_reset, MP_QSTR_bytes, MP_QSTR_pack, MP_QSTR_pack_array_header },
        { MP_QSTR_reset, MP_QSTR_unpack, MP_QSTR_skip, MP_QSTR_read_map_header },
    };
    size_t which = run.script.calls & 3;
    mp_obj_t args[3];
    mp_load_method(run.busy, names[reads][which], args);
    args[2] = MP_OBJ_NEW_SMALL_INT(1);
    nlr_buf_t nlr;
    result_t result = R_OK;
    if (nlr_push(&nlr) == 0) {
        mp_call_method_n_kw(!reads && which >= 2, 0, args);
        nlr_pop();
    } else {
        result = classify(MP_OBJ_FROM_PTR(nlr.ret_val));
    }
    if (result != R_RUNTIME && !run.faulty) {
        wrong("use of an object in its own hook: %s", result_name(result));
    }
}

static mp_obj_t hook_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    const hook_obj_t *self = MP_OBJ_TO_PTR(self_in);
    check_stack();
    mp_obj_t obj = args[n_args - 1];
    hook_t op = script_next(&run.script);
    if (op >= HOOK_UNSURE) {
        run.tainted = true;
    }
    switch (op) {
        case HOOK_INT:
            return MP_OBJ_NEW_SMALL_INT(run.script.calls);
        case HOOK_TUPLE:
            return mp_const_empty_tuple;
        case HOOK_LIST:
            return mp_obj_new_list(0, NULL);
        case HOOK_RAISE:
            mp_raise_type(&hook_error_type);
        case HOOK_COLLECT:
            collect();
            break;
        case HOOK_NEST:
            nest();
            break;
        case HOOK_GARBAGE:
            for (size_t i = 0; i < 20; i++) {
                obj = mp_obj_new_list(i, NULL);
                memset(((mp_obj_list_t *)MP_OBJ_TO_PTR(obj))->items, 0, i * sizeof(mp_obj_t));
            }
            obj = args[n_args - 1];
            break;
        case HOOK_REENTER:
            reenter();
            break;
        case HOOK_RESIZE:
            resize_source();
            break;
        case HOOK_WRITE:
            write_source();
            break;
        case HOOK_KEY:
            return instance_new(classes[CLASS_KEY]);
        case HOOK_MUTATE:
            if (self->kind == HOOK_DEFAULT) {
                mutate_container(run.script.calls * 7 + run.script.ops[3]);
            } else {
                mutate(obj, run.script.calls + run.script.ops[3]);
            }
            break;
        default:
            break;
    }
    // Packing fails if the default hook returns its argument, so it returns an int.
    return self->kind == HOOK_DEFAULT && op != HOOK_SAME ? MP_OBJ_NEW_SMALL_INT(run.script.calls) : obj;
}

MP_DEFINE_CONST_OBJ_TYPE(hook_type, MP_QSTR_hook, MP_TYPE_FLAG_NONE, call, hook_call);

mp_obj_t hook(hook_kind_t kind) {
    static const hook_obj_t hooks[] = {
        { { &hook_type }, HOOK_EXT }, { { &hook_type }, HOOK_CONTAINER }, { { &hook_type }, HOOK_DEFAULT },
    };
    return MP_OBJ_FROM_PTR(&hooks[kind]);
}

/******************************************************************************/
// Keys that do something when they are compared

static mp_obj_t key_hash(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    return MP_OBJ_NEW_SMALL_INT(1);
}

static mp_obj_t key_eq(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    check_stack();
    uint32_t n = run.script.calls++;
    if (n % 4 == 0) {
        resize_source();
    } else if (n % 4 == 1) {
        collect();
    } else if (n % 16 == 2) {
        mp_raise_type(&hook_error_type);
    } else {
        write_source();
    }
    return mp_obj_new_bool(n & 1);
}

void hooks_init(void) {
    classes = MP_STATE_VM(fuzz_classes);
    static const method_obj_t hash = METHOD(key_hash);
    static const method_obj_t eq = METHOD(key_eq);
    const qstr names[] = { MP_QSTR___hash__, MP_QSTR___eq__ };
    classes[CLASS_KEY] = class_new(MP_QSTR_Key, MP_OBJ_NULL, 2, names, (const method_obj_t *[]) { &hash, &eq });
}
