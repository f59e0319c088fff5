// SPDX-License-Identifier: MIT
// The gate to code that is executed in place, and the import that finds it. See in_place.h.

#include <string.h>

#include "toolkit.h"

#if defined(NATMOD_BLOCK) && !defined(NATMOD_IP_REGISTER)

// For calls whose target is in ip: go to the second entry of the veneer.
__asm__ (
    ".text\n"
    ".thumb_func\n"
    "natmod_call_ip:\n"
    "mov " NATMOD_BACK_REGISTER ", lr\n"
    "add lr, " NATMOD_VENEER_REGISTER ", #6\n"
    ".inst.n 0x4770\n" // bx lr, without the macro.
    );

#endif

#ifdef NATMOD_STUB

/******************************************************************************/
// The gate

// What it knows of the block that was imported. The assembler code has the order of the members.
typedef struct _gate_t {
    const byte *block;
    uint32_t nonce[2];
    const uint32_t *end; // The last word,
    uint32_t last; // and its value.
    natmod_t *nm;
    const mp_fun_table_t *table;
} gate_t;

// With a register of its own it is called directly.
#ifdef NATMOD_IP_REGISTER
#define SECOND_ENTRY "mov " NATMOD_BACK_REGISTER ", lr\n"
#else
#define SECOND_ENTRY
#endif

extern __attribute__((visibility("hidden"))) gate_t natmod_gate;
extern __attribute__((visibility("hidden"))) const uint16_t *natmod_gate_qstrs;
extern __attribute__((visibility("hidden"))) const byte natmod_gate_end[];

__asm__ (
    ".section .text.gate, \"ax\", %progbits\n"
    ".align 2\n"
    "natmod_gate_qstrs:\n" // The block finds it before the veneer.
    ".word 0\n"
    // Call the firmware's function in r3.
    ".thumb_func\n"
    "natmod_veneer:\n"
    "mov " NATMOD_BACK_REGISTER ", lr\n"
    "blx r3\n"
    "b natmod_compare\n"
    // The second entry, for the function in ip.
    SECOND_ENTRY
    "blx ip\n"
    // Go to natmod_back, all other registers but ip as they are, if the block is the same.
    ".thumb_func\n"
    "natmod_compare:\n"
    "push {r0-r3}\n"
    "adr r3, natmod_gate\n"
    "ldmia r3!, {r0, r1}\n"
    "ldr r2, [r0]\n"
    "cmp r2, r1\n"
    "bne 1f\n"
    "ldr r1, [r0, #4]\n"
    "ldmia r3!, {r0, r2}\n"
    "cmp r0, r1\n"
    "bne 1f\n"
    "ldmia r3!, {r0}\n"
    "ldr r1, [r2]\n"
    "cmp r0, r1\n"
    "bne 1f\n"
    "pop {r0-r3}\n"
    "bx " NATMOD_BACK_REGISTER "\n"
    "1: ldr r0, natmod_gate + 20\n"
    "bl natmod_gone\n"
    ".thumb_func\n"
    "natmod_find_table:\n"
    "ldr " NATMOD_TABLE_REGISTER ", natmod_gate + 24\n"
    "bx lr\n"
    ".align 2\n"
    "natmod_gate:\n"
    ".space 28\n"
    ".text\n"
    );

__attribute__((externally_visible)) NATMOD_GATE MP_NORETURN void natmod_gone(natmod_t *nm) {
    mp_fun_table.raise(mp_call_function_n_kw(nm->gone_type, 1, 0, &nm->gone_text));
    __builtin_unreachable();
}

/******************************************************************************/
// The import. All that follows is garbage after it, but for mpy_init.

typedef struct _find_t {
    const char *trouble;
    const byte *block;
} find_t;

// The header's constant part, as the linker of the block made it: in_place.py.
static const byte expected[] = { IN_PLACE_HEADER };

static mp_obj_t call_method(mp_obj_t obj, qstr name, size_t n_args, mp_int_t arg0, mp_int_t arg1) {
    mp_obj_t method[4];
    mp_load_method(obj, name, method);
    method[2] = MP_OBJ_NEW_SMALL_INT(arg0);
    method[3] = MP_OBJ_NEW_SMALL_INT(arg1);
    return mp_call_method_n_kw(n_args, 0, method);
}

// The block's file lies beside the .mpy file.
static mp_obj_t open_file(void) {
    mp_buffer_info_t name;
    mp_get_buffer_raise(mp_load_global(MP_QSTR___file__), &name, MP_BUFFER_READ);
    byte *path = m_malloc(name.len);
    memcpy(path, name.buf, name.len);
    memcpy(path + name.len - 3, "blk", 3);
    mp_obj_t args[2] = { mp_obj_new_str((const char *)path, name.len), MP_OBJ_NEW_QSTR(MP_QSTR_rb) };
    return mp_call_function_n_kw(mp_load_global(MP_QSTR_open), 2, 0, args);
}

static bool same(const byte *a, const byte *b, size_t n) {
    while (n > 0 && *a++ == *b++) {
        n--;
    }
    return n == 0;
}

// All words but the nonce and itself, as in_place.py computes it.
static uint32_t checksum(const byte *block) {
    uint32_t sum = 0x811c9dc5;
    for (size_t i = NATMOD_BLOCK_NONCE; i < IN_PLACE_SIZE - 4; i += 4) {
        sum = (sum ^ *(const uint32_t *)(block + i)) * 0x01000193;
    }
    return sum;
}

static void find(void *arg) {
    find_t *f = arg;
    f->trouble = "not found";
    mp_obj_t file = open_file();
    mp_buffer_info_t header, flash;
    bool mapped = mp_get_buffer(file, &flash, MP_BUFFER_READ);
    size_t size = flash.len;
    header = flash;
    if (!mapped) {
        mp_get_buffer_raise(call_method(file, MP_QSTR_read, 1, NATMOD_BLOCK_HEADER, 0), &header, MP_BUFFER_READ);
        size = mp_obj_get_int(call_method(file, MP_QSTR_seek, 2, 0, 2));
        call_method(file, MP_QSTR_close, 0, 0, 0);
    }
    f->trouble = "not of this .mpy file";
    const byte *nonce = header.buf;
    if (size != IN_PLACE_SIZE || !same(nonce + NATMOD_BLOCK_NONCE, expected, sizeof(expected))) {
        return;
    }
    f->trouble = "without a nonce";
    static const byte zeros[NATMOD_BLOCK_NONCE];
    if (same(nonce, zeros, sizeof(zeros))) {
        return;
    }
    if (!mapped) {
        f->trouble = "of no use to this firmware";
        mp_obj_t make = natmod_import_maybe(MP_QSTR_rp2, MP_QSTR_Flash);
        if (make == MP_OBJ_NULL || !mp_get_buffer(mp_call_function_n_kw(make, 0, 0, NULL), &flash, MP_BUFFER_READ)) {
            return;
        }
    }
    f->trouble = "not in one place";
    const byte *found = NULL;
    for (const byte *p = flash.buf, *end = p + flash.len; p < end; p += NATMOD_BLOCK_SIZE) {
        if (same(p, nonce, NATMOD_BLOCK_HEADER)) {
            if (found != NULL) {
                return;
            }
            found = p;
        }
    }
    if (found == NULL || ((uintptr_t)found & 3) != 0) {
        return;
    }
    f->trouble = "damaged";
    if (checksum(found) != IN_PLACE_CHECKSUM || ((const uint32_t *)found)[IN_PLACE_SIZE / 4 - 1] != IN_PLACE_CHECKSUM) {
        return;
    }
    f->block = found;
}

static bool is_near(const byte *code, const void *object) {
    return ((uintptr_t)code ^ (uintptr_t)object) >> 24 == 0;
}

// Whether this code lies in the heap, as the gate is written into: in all known firmware for Cortex-M it
// does. Flash, and any other RAM, has other addresses. A heap may have several parts.
static bool is_in_heap(const byte *code, const void *object) {
    byte *large = m_realloc_maybe(NULL, NATMOD_BLOCK_SIZE, false);
    bool result = is_near(code, object) || is_near(code, large);
    m_free(large);
    return result;
}

// Returns the size of what stays in RAM.
static __attribute__((noinline)) size_t import(mp_obj_fun_bc_t *self) {
    mp_obj_dict_t *globals = mp_fun_table.swap_globals(self->context->module.globals);
    size_t size = natmod_gate_end - (const byte *)self->bytecode;
    find_t f = { "of no use to this firmware", NULL };
    if (is_in_heap(self->bytecode, self)) {
        mp_obj_t exception = natmod_protect(find, &f);
        if (exception != MP_OBJ_NULL && mp_obj_get_type(exception) != natmod_builtin_type(MP_QSTR_OSError)) {
            nlr_raise(exception);
        }
    }
    if (f.block != NULL) {
        natmod_t *nm = natmod_context_new(self, natmod_state_size());
        nm->block = f.block;
        nm->gone_type = mp_load_global(MP_QSTR_RuntimeError);
        nm->gone_text = MP_OBJ_NEW_QSTR(MP_QSTR_block);
        gate_t *gate = &natmod_gate;
        gate->block = f.block;
        memcpy(gate->nonce, f.block, NATMOD_BLOCK_NONCE);
        gate->end = (const uint32_t *)f.block + IN_PLACE_SIZE / 4 - 1;
        gate->last = IN_PLACE_CHECKSUM;
        gate->nm = nm;
        gate->table = natmod_table;
        natmod_gate_qstrs = mp_native_qstr_table;
        natmod_version_store();
        natmod_init(nm);
    } else {
        mp_obj_t dict = natmod_in_place_instead();
        if (dict == MP_OBJ_NULL) {
            natmod_raise_fmt(natmod_builtin_type(MP_QSTR_ImportError), NATMOD_MODULE ".blk is %s: see docs/in-place.md", f.trouble);
        }
        // From now on both modules are one.
        ((mp_module_context_t *)self->context)->module.globals = MP_OBJ_TO_PTR(dict);
    }
    mp_fun_table.swap_globals(globals);
    return size;
}

NATMOD_GATE mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    const mp_fun_table_t *kept = natmod_table;
    __asm__ volatile ("bl natmod_got_table" : "=r" (natmod_table) : : "ip", "lr", "cc", "memory");
    size_t size = import(self);
    // Shrinking a block of the GC heap neither moves it nor fails.
    mp_fun_table.realloc_((void *)self->bytecode, size, false);
    mp_obj_t result = mp_const_none;
    natmod_table = kept;
    return result;
}

// After all functions of the gate: run_mpy_ld.py keeps the order of sections.
__asm__ (".section .text.gate.end, \"ax\", %progbits\n.align 2\nnatmod_gate_end:\n.word 0\n.text\n");

#endif
