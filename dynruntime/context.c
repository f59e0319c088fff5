// SPDX-License-Identifier: MIT
// The module context, and the types and functions that keep it alive.

#include <string.h>

#include "toolkit.h"
#ifdef NATMOD_USERMOD
#include "usermod.h"
#endif

#ifdef NATMOD_SAVE_RESTORE
__asm__ ("natmod_save_restore");
#endif

#if defined(NATMOD_TABLE_REGISTER) && !defined(NATMOD_BLOCK)
#ifdef NATMOD_STUB
// The gate has its own, as the address's place is garbage after the import.
#define FIND_TABLE "natmod_got_table"
#else
#define FIND_TABLE "natmod_find_table"
#endif
// For natmod_enter: put the function table's address into its register.
#ifdef __riscv
__asm__ (
    ".text\n"
    "natmod_find_table:\n"
    "la " NATMOD_TABLE_REGISTER ", mp_fun_table\n"
    "jr t0\n"
    );
#else
__asm__ (
    ".text\n"
    ".align 2\n"
    ".thumb_func\n"
    ".type " FIND_TABLE ", %function\n" // mpy_ld.py lets other sections refer to it.
    FIND_TABLE ":\n"
    "ldr " NATMOD_TABLE_REGISTER ", 1f\n"
    "mov ip, " NATMOD_TABLE_REGISTER "\n"
    "0: add ip, pc\n"
    "ldr " NATMOD_TABLE_REGISTER ", 2f\n"
    "add " NATMOD_TABLE_REGISTER ", ip\n"
    "ldr " NATMOD_TABLE_REGISTER ", [" NATMOD_TABLE_REGISTER "]\n"
    "bx lr\n"
    ".align 2\n"
    "1: .word _GLOBAL_OFFSET_TABLE_ - (0b + 4)\n"
    "2: .word mp_fun_table(GOT)\n"
    );
#endif
#endif

typedef struct _fun_obj_t {
    mp_obj_base_t base;
    natmod_t *nm;
    natmod_fun_t fun;
    size_t sig; // As MP_OBJ_FUN_MAKE_SIG makes it.
} fun_obj_t;

#ifdef NATMOD_STUB
// Enter the block by way of natmod_compare. A function of its own, so that fun_call needs less stack.
NATMOD_GATE static __attribute__((noinline)) mp_obj_t fun_enter(fun_obj_t *self, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    const void *kept_veneer, *kept_back;
    NATMOD_GET_REGISTER(NATMOD_VENEER_REGISTER, kept_veneer);
    NATMOD_GET_REGISTER(NATMOD_BACK_REGISTER, kept_back);
    uintptr_t veneer = (uintptr_t)natmod_veneer | 1;
    NATMOD_SET_REGISTER(NATMOD_VENEER_REGISTER, veneer);
    NATMOD_SET_REGISTER(NATMOD_BACK_REGISTER, self->fun);
    #ifdef NATMOD_IP_REGISTER
    const void *kept_ip;
    NATMOD_GET_REGISTER(NATMOD_IP_REGISTER, kept_ip);
    NATMOD_SET_REGISTER(NATMOD_IP_REGISTER, veneer + NATMOD_VENEER_IP);
    #endif
    mp_obj_t result = natmod_compare(self->nm, n_args, n_kw, args);
    NATMOD_SET_REGISTER(NATMOD_VENEER_REGISTER, kept_veneer);
    NATMOD_SET_REGISTER(NATMOD_BACK_REGISTER, kept_back);
    #ifdef NATMOD_IP_REGISTER
    NATMOD_SET_REGISTER(NATMOD_IP_REGISTER, kept_ip);
    #endif
    return result;
}
#endif

NATMOD_GATE static mp_obj_t fun_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    fun_obj_t *self = MP_OBJ_TO_PTR(self_in);
    size_t sig = self->sig;
    if (n_args < sig >> 17 || n_args > (sig >> 1 & 0xffff) || (n_kw > 0 && !(sig & 1))) {
        // It has the right message.
        #ifdef NATMOD_USERMOD
        mp_arg_check_num_sig(n_args, n_kw, sig);
        #else
        mp_fun_table.arg_check_num_sig(n_args, n_kw, sig);
        #endif
    }
    natmod_check_stack(self->nm);
    #ifdef NATMOD_STUB
    return fun_enter(self, n_args, n_kw, args);
    #else
    return self->fun(self->nm, n_args, n_kw, args);
    #endif
}
NATMOD_GATE NATMOD_SLOT(call, fun_call)

NATMOD_INIT mp_obj_t natmod_fun_new(natmod_t *nm, natmod_fun_t fun, size_t min, size_t max, bool takes_kw) {
    fun_obj_t *self = m_malloc(sizeof(fun_obj_t));
    self->base.type = nm->fun_type;
    self->nm = nm;
    self->fun = NATMOD_PLACE(nm, fun);
    self->sig = MP_OBJ_FUN_MAKE_SIG(min, max, takes_kw);
    return MP_OBJ_FROM_PTR(self);
}

NATMOD_INIT mp_obj_type_t *natmod_type_new(natmod_t *nm, qstr name, uint16_t flags, size_t n_slots) {
    size_t size = offsetof(mp_obj_type_t, slots) + (1 + n_slots) * sizeof(void *);
    mp_obj_type_t *type = m_malloc(size);
    memset(type, 0, size);
    type->base.type = &mp_type_type;
    type->flags = flags;
    type->name = name;
    type->slots[0] = nm;
    return type;
}

NATMOD_INIT mp_obj_t natmod_type_methods(mp_obj_type_t *type, size_t n_slots, size_t n_methods) {
    mp_obj_t dict = mp_obj_new_dict(n_methods);
    NATMOD_SET_SLOT_AS_IS(type, locals_dict, MP_OBJ_TO_PTR(dict), n_slots);
    return dict;
}

NATMOD_INIT const mp_obj_type_t *natmod_builtin_type(qstr name) {
    return (const mp_obj_type_t *)MP_OBJ_TO_PTR(mp_load_global(name));
}

// The context that every import starts with.
NATMOD_INIT natmod_t *natmod_context_new(void *init_fun, size_t size) {
    natmod_t *nm = m_malloc(size);
    memset(nm, 0, size);
    nm->init_fun = init_fun;
    nm->object_type = natmod_builtin_type(MP_QSTR_object);
    nm->TypeError = natmod_builtin_type(MP_QSTR_TypeError);
    natmod_stack_init(nm);
    // The flags let a function stored in a type's dict become a bound method.
    mp_obj_type_t *fun_type = natmod_type_new(nm, MP_QSTR_function,
        MP_TYPE_FLAG_BINDS_SELF | MP_TYPE_FLAG_BUILTIN_FUN, 1);
    NATMOD_SET_SLOT(fun_type, call, fun_call, 1);
    nm->fun_type = fun_type;
    return nm;
}

NATMOD_INIT_DATA static const char version_text[] = NATMOD_VERSION;

// Every module says which release it is from.
NATMOD_INIT void natmod_version_store(void) {
    mp_obj_t items[3] = {
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MAJOR),
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MINOR),
        MP_OBJ_NEW_SMALL_INT(NATMOD_VERSION_MICRO),
    };
    mp_store_global(MP_QSTR_version, mp_obj_new_tuple(3, items));
    mp_store_global(MP_QSTR___version__, mp_obj_new_str(version_text, sizeof(version_text) - 1));
}

#ifdef NATMOD_STUB

// in_place.c has the entry point.

#elif !defined(NATMOD_USERMOD)

NATMOD_INIT static void init(mp_obj_fun_bc_t *self) {
    #ifdef NATMOD_LAYOUTS
    natmod_check_layouts(self);
    #endif
    // The importer restores the globals if this raises.
    mp_obj_dict_t *globals = mp_fun_table.swap_globals(self->context->module.globals);
    natmod_version_store();
    natmod_init(natmod_context_new(self, natmod_state_size()));
    mp_fun_table.swap_globals(globals);
}

#if NATMOD_DROPS_INIT
__asm__ (".section .text.init, \"ax\", %progbits\nnatmod_init_start:\n.text");
extern __attribute__((visibility("hidden"))) const byte natmod_init_start[];

// Give the end of the code back. Shrinking a block of the GC heap neither moves it nor fails.
NATMOD_GATE static void drop_init(const mp_obj_fun_bc_t *self) {
    const byte *code = self->bytecode;
    // Firmware may run code at another address than it has in the heap.
    size_t size = natmod_init_start - code;
    if (size < 0x10000) {
        // All known firmware has the code in the heap, but for that of ESP32 boards. To be sure, the code
        // must lie between two objects of the heap. It was allocated in the first gap that is large enough, so a larger
        // object probably gets memory after it.
        byte *above = m_realloc_maybe(NULL, 2 * size, false);
        if ((const byte *)self < code && code < above) {
            m_realloc_maybe((void *)code, size, false);
        }
        m_free(above);
    }
}
#endif

NATMOD_GATE mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    const mp_fun_table_t *kept = natmod_enter();
    init(self);
    #if NATMOD_DROPS_INIT
    drop_init(self);
    #endif
    mp_obj_t result = mp_const_none;
    natmod_leave(kept);
    return result;
}

#else

static void run_init(void *arg) {
    const natmod_usermod_t *usermod = arg;
    natmod_t *nm = natmod_context_new(NULL, usermod->state_size);
    nm->stack_reserve = usermod->stack_reserve;
    natmod_version_store();
    usermod->init(nm);
}

void natmod_usermod_import(const natmod_usermod_t *usermod) {
    // The module's names are collected in a dict of their own, so that an import that raises leaves
    // nothing.
    mp_map_elem_t *first = usermod->globals->map.table;
    mp_obj_t dict = mp_obj_new_dict(0);
    for (size_t i = 0; i < NATMOD_USERMOD_FIRST_NAMES; i++) {
        mp_obj_dict_store(dict, first[i].key, first[i].value);
    }
    mp_obj_dict_t *caller = mp_globals_get();
    mp_globals_set(MP_OBJ_TO_PTR(dict));
    mp_obj_t exception = natmod_protect(run_init, (void *)usermod);
    mp_globals_set(caller);
    if (exception != MP_OBJ_NULL) {
        nlr_raise(exception);
    }

    mp_map_t *found = &((mp_obj_dict_t *)MP_OBJ_TO_PTR(dict))->map;
    if (found->used > usermod->max_names) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("too many names"));
    }
    mp_obj_t *kept = natmod_usermod_keep(usermod, found->used);
    size_t used = NATMOD_USERMOD_FIRST_NAMES;
    for (size_t i = 0; i < found->alloc; i++) {
        if (mp_map_slot_is_filled(found, i)) {
            qstr name = MP_OBJ_QSTR_VALUE(found->table[i].key);
            bool is_first = name == MP_QSTR___name__ || name == MP_QSTR___init__;
            size_t n = is_first ? name == MP_QSTR___init__ : used++;
            usermod->names[n] = found->table[i];
            kept[n] = found->table[i].value;
        }
    }
    mp_map_t *map = &usermod->globals->map;
    map->table = usermod->names;
    map->used = map->alloc = used;
    // From now on an import does not come here, until a soft reset or a `del` empties the dict.
    mp_obj_t modules = MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict));
    mp_obj_dict_store(modules, first[0].value, MP_OBJ_FROM_PTR(usermod->module));
}

#endif
