// SPDX-License-Identifier: MIT
// enter(out, slot, obj, *args) calls a function in a slot of obj's type as the firmware does, with all
// registers that functions preserve set to one value. The list out gets four items: whether they
// were preserved, whether the function raised, its result or the exception, and for an attribute that
// is a method the object.
//
// The value is the address of a table whose functions raise an exception, so a function that takes
// the firmware's register for its own is found out.

#include "toolkit.h"

typedef struct _probe_t {
    natmod_t nm;
    void(**traps)(void);
} probe_t;

// The assembly below knows the offsets.
typedef struct _enter_t {
    uintptr_t fun;
    uintptr_t args[4];
    uintptr_t registers;
    unsigned int (*nlr_push)(nlr_buf_t *);
    nlr_buf_t *nlr;
    uintptr_t result;
    uintptr_t raised;
    uintptr_t changed;
} enter_t;

void probe_enter(enter_t *enter);

#ifdef __riscv
#define EACH(instruction) \
    instruction(s0) instruction(s1) instruction(s2) instruction(s3) instruction(s4) instruction(s5) \
    instruction(s6) instruction(s7) instruction(s8) instruction(s9) instruction(s10) instruction(s11)
#define PUSH(r) "addi sp, sp, -4\n sw " #r ", 0(sp)\n"
#define SET(r) "mv " #r ", t0\n"
#define COMPARE(r) "xor t2, " #r ", t1\n or t0, t0, t2\n"
#define POP(n, r) "lw " #r ", " #n "(sp)\n"
__asm__ (
    ".text\n"
    ".globl probe_enter\n"
    ".hidden probe_enter\n"
    ".type probe_enter, @function\n"
    "probe_enter:\n"
    EACH(PUSH)
    "addi sp, sp, -16\n"
    "sw ra, 4(sp)\n"
    "sw a0, 0(sp)\n"
    "lw t0, 20(a0)\n"
    EACH(SET)
    "lw t0, 24(a0)\n"
    "lw a0, 28(a0)\n"
    "jalr t0\n"
    "lw a5, 0(sp)\n"
    "sw a0, 36(a5)\n"
    "bnez a0, 1f\n"
    "lw t0, 0(a5)\n"
    "lw a0, 4(a5)\n"
    "lw a1, 8(a5)\n"
    "lw a2, 12(a5)\n"
    "lw a3, 16(a5)\n"
    "jalr t0\n"
    "lw a5, 0(sp)\n"
    "sw a0, 32(a5)\n"
    "1: lw t1, 20(a5)\n"
    "li t0, 0\n"
    EACH(COMPARE)
    "sw t0, 40(a5)\n"
    "lw ra, 4(sp)\n"
    "addi sp, sp, 16\n"
    POP(44, s0) POP(40, s1) POP(36, s2) POP(32, s3) POP(28, s4) POP(24, s5)
    POP(20, s6) POP(16, s7) POP(12, s8) POP(8, s9) POP(4, s10) POP(0, s11)
    "addi sp, sp, 48\n"
    "ret\n"
    );
#else
#define COMPARE(r) "mov r3, " #r "\n eors r3, r0\n orrs r2, r3\n"
__asm__ (
    ".syntax unified\n"
    ".text\n"
    ".align 2\n"
    ".globl probe_enter\n"
    ".hidden probe_enter\n"
    ".type probe_enter, %function\n"
    ".thumb_func\n"
    "probe_enter:\n"
    "push {r4, r5, r6, r7, lr}\n"
    "mov r4, r8\n"
    "mov r5, r9\n"
    "mov r6, r10\n"
    "mov r7, r11\n"
    "push {r0, r4, r5, r6, r7}\n"
    "ldr r4, [r0, #20]\n"
    "mov r5, r4\n"
    "mov r6, r4\n"
    "mov r7, r4\n"
    "mov r8, r4\n"
    "mov r9, r4\n"
    "mov r10, r4\n"
    "mov r11, r4\n"
    "ldr r1, [r0, #24]\n"
    "ldr r0, [r0, #28]\n"
    "blx r1\n"
    "ldr r1, [sp]\n"
    "str r0, [r1, #36]\n"
    "cmp r0, #0\n"
    "bne 1f\n"
    "ldr r2, [r1]\n"
    "mov ip, r2\n"
    "ldr r0, [r1, #4]\n"
    "ldr r2, [r1, #12]\n"
    "ldr r3, [r1, #16]\n"
    "ldr r1, [r1, #8]\n"
    "blx ip\n"
    "ldr r1, [sp]\n"
    "str r0, [r1, #32]\n"
    "1: ldr r0, [r1, #20]\n"
    "movs r2, #0\n"
    COMPARE(r4) COMPARE(r5) COMPARE(r6) COMPARE(r7)
    COMPARE(r8) COMPARE(r9) COMPARE(r10) COMPARE(r11)
    "str r2, [r1, #40]\n"
    "pop {r0, r4, r5, r6, r7}\n"
    "mov r8, r4\n"
    "mov r9, r5\n"
    "mov r10, r6\n"
    "mov r11, r7\n"
    "pop {r4, r5, r6, r7, pc}\n"
    ".syntax divided\n"
    );
#endif

static void trap(void) {
    natmod_raise(&mp_type_Exception, "the function table was not there");
}

// Store what came of it. Nothing is allocated, for the heap may be locked.
static mp_obj_t result_into(mp_obj_t list, const enter_t *enter, mp_obj_t result, mp_obj_t self) {
    mp_obj_t items[4] = { mp_obj_new_bool(enter->changed == 0), mp_obj_new_bool(enter->raised != 0), result, self };
    for (size_t i = 0; i < 4; i++) {
        mp_obj_t item = items[i] == MP_OBJ_NULL ? mp_const_none : items[i];
        mp_obj_subscr(list, MP_OBJ_NEW_SMALL_INT(i), item);
    }
    return mp_const_none;
}

// The qstr of a name in a program.
static qstr qstr_of(mp_obj_t name) {
    return (uintptr_t)name >> 3;
}

static mp_obj_t enter(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    // As large as in protect.c.
    volatile union {
        nlr_buf_t buf;
        void *words[40];
    } nlr;
    enter_t enter = { .nlr_push = mp_fun_table.nlr_push, .nlr = (nlr_buf_t *)&nlr.buf };
    enter.registers = (uintptr_t)((probe_t *)nm)->traps;
    if (mp_fun_table.setjmp_ != NULL) {
        natmod_raise(&mp_type_Exception, "this firmware has another nlr_push");
    }

    mp_obj_t list = *args++;
    n_args--;
    qstr slot = qstr_of(args[0]);
    mp_obj_t self = args[1];
    if (mp_obj_get_type(self)->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
        self = ((mp_obj_instance_t *)MP_OBJ_TO_PTR(self))->subobj[0];
    }
    const mp_obj_type_t *type = mp_obj_get_type(self);
    const mp_stream_p_t *protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
    mp_obj_t first = n_args > 2 ? args[2] : mp_const_none;
    // An attribute is stored if there is a value.
    mp_obj_t dest[2] = { MP_OBJ_NULL, MP_OBJ_NULL };
    if (n_args > 3) {
        dest[0] = MP_OBJ_SENTINEL;
        dest[1] = args[3];
    }
    mp_obj_iter_buf_t iter;
    mp_buffer_info_t buffer;
    int error = 0;
    char memory[4] = "abcd";
    const void *fun;
    bool is_object = true;

    // What most slots have in common.
    enter.args[0] = (uintptr_t)self;
    if (slot == MP_QSTR_call) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, call);
        enter.args[1] = n_args - 2;
        enter.args[3] = (uintptr_t)(args + 2);
    } else if (slot == MP_QSTR_make_new) {
        fun = MP_OBJ_TYPE_GET_SLOT((const mp_obj_type_t *)MP_OBJ_TO_PTR(self), make_new);
        enter.args[1] = n_args - 2;
        enter.args[3] = (uintptr_t)(args + 2);
    } else if (slot == MP_QSTR_print) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, print);
        enter.args[0] = (uintptr_t)&mp_plat_print;
        enter.args[1] = (uintptr_t)self;
        enter.args[2] = PRINT_REPR;
    } else if (slot == MP_QSTR_attr) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, attr);
        enter.args[1] = qstr_of(first);
        enter.args[2] = (uintptr_t)dest;
    } else if (slot == MP_QSTR_unary_op) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, unary_op);
        enter.args[0] = MP_UNARY_OP_HASH;
        enter.args[1] = (uintptr_t)self;
    } else if (slot == MP_QSTR_binary_op) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, binary_op);
        enter.args[0] = MP_BINARY_OP_EQUAL;
        enter.args[1] = (uintptr_t)self;
        enter.args[2] = (uintptr_t)first;
    } else if (slot == MP_QSTR_subscr) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, subscr);
        enter.args[1] = (uintptr_t)first;
        enter.args[2] = (uintptr_t)MP_OBJ_SENTINEL;
    } else if (slot == MP_QSTR_iter) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, iter);
        enter.args[1] = (uintptr_t)&iter;
    } else if (slot == MP_QSTR_buffer) {
        fun = MP_OBJ_TYPE_GET_SLOT(type, buffer);
        enter.args[1] = (uintptr_t)&buffer;
        enter.args[2] = MP_BUFFER_READ;
        is_object = false;
    } else if (slot == MP_QSTR_ioctl) {
        fun = protocol->ioctl;
        enter.args[1] = MP_STREAM_FLUSH;
        enter.args[3] = (uintptr_t)&error;
        is_object = false;
    } else {
        fun = slot == MP_QSTR_read ? (const void *)protocol->read : (const void *)protocol->write;
        enter.args[1] = (uintptr_t)memory;
        enter.args[2] = sizeof(memory);
        enter.args[3] = (uintptr_t)&error;
        is_object = false;
    }
    enter.fun = (uintptr_t)fun;
    probe_enter(&enter);
    if (enter.raised) {
        return result_into(list, &enter, MP_OBJ_FROM_PTR(nlr.buf.ret_val), MP_OBJ_NULL);
    }
    mp_fun_table.nlr_pop();
    if (slot == MP_QSTR_attr) {
        return result_into(list, &enter, dest[0], dest[1]);
    }
    mp_obj_t result = is_object ? (mp_obj_t)enter.result : MP_OBJ_NEW_SMALL_INT(enter.result);
    return result_into(list, &enter, slot == MP_QSTR_print ? MP_OBJ_NULL : result, MP_OBJ_NULL);
}

size_t natmod_state_size(void) {
    return sizeof(probe_t);
}

NATMOD_INIT void natmod_init(natmod_t *nm) {
    size_t n = sizeof(mp_fun_table_t) / sizeof(void *);
    probe_t *probe = (probe_t *)nm;
    probe->traps = m_malloc(n * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        probe->traps[i] = trap;
    }
    mp_store_global(MP_QSTR_enter, natmod_fun_new(nm, enter, 3, 8, false));
}
