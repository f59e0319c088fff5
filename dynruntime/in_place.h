// SPDX-License-Identifier: MIT
// Modules whose code is executed where it lies, in memory-mapped flash.
//
// Such a module is compiled twice, from the same sources. Of one object file the linker takes what
// stays after an import and makes the block, MOD.blk: position-independent, without relocations. Of
// the other, which is the .mpy file, the code of the import is garbage afterwards, and a few functions
// stay in RAM: the gate.
//
// The block may vanish whenever the firmware runs: a program can delete its file, and a file that is
// written later can take its place. So all ways into the block lead through the gate, which compares
// the block's nonce and its last word first, and raises RuntimeError if they are not those of the
// import: functions of the module, and also the return from each call of the firmware, which the
// block's code makes by way of the gate (see veneer.s). What runs between two comparisons is the
// block's own code. Nothing in the block catches exceptions.
#ifndef NATMOD_IN_PLACE_H
#define NATMOD_IN_PLACE_H

#if defined(NATMOD_BLOCK) || defined(NATMOD_STUB)
#define NATMOD_IN_PLACE (1)
#else
#define NATMOD_IN_PLACE (0)
#endif

// Marks the functions that stay in RAM.
#if NATMOD_IN_PLACE
#define NATMOD_GATE __attribute__((section(".text.gate")))
#else
#define NATMOD_GATE
#endif

#if NATMOD_IN_PLACE

// The layout of the block is also known to in_place.py.
enum {
    NATMOD_BLOCK_NONCE = 8, // Bytes that the installation makes, so that the block can be found.
    NATMOD_BLOCK_HEADER = 24, // The nonce, and what tells which module it is.
    NATMOD_BLOCK_SIZE = 4096,

    NATMOD_VENEER_IP = 6, // The second entry of natmod_veneer, bytes after the first.
};

// Two more registers that functions preserve and that are reserved in all code of the module.
// NATMOD_VENEER_REGISTER has the address of natmod_veneer, and NATMOD_BACK_REGISTER, while the firmware
// runs, the address in the block to which it returns. They are no register variables, which GCC would save
// in each function.
#define NATMOD_GET_REGISTER(name, value) __asm__ volatile ("mov %0, " name : "=r" (value))
#define NATMOD_SET_REGISTER(name, value) __asm__ volatile ("mov " name ", %0" : : "r" (value))

#ifdef NATMOD_BLOCK

// The table of qstrs is before the veneer, whose address is odd.
static __attribute__((noinline)) const uint16_t *natmod_qstrs(void) {
    const byte *veneer;
    NATMOD_GET_REGISTER(NATMOD_VENEER_REGISTER, veneer);
    return *(const uint16_t *const *)(veneer - 5);
}
#undef mp_native_qstr_table
#define mp_native_qstr_table (natmod_qstrs())

#else

// The gate is in in_place.c.
__attribute__((visibility("hidden"))) mp_obj_t natmod_compare(void *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);
__attribute__((visibility("hidden"))) void natmod_veneer(void);

#endif

#endif

#endif // NATMOD_IN_PLACE_H
