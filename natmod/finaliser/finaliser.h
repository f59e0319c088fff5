// SPDX-License-Identifier: MIT
// What the sources of finaliserproxy share. docs/finaliser.md explains why things are as they
// are, and what must remain true of them.
#ifndef FINALISER_H
#define FINALISER_H

#include "toolkit.h"

typedef struct _block_t block_t;
typedef struct _fin_t fin_t;
typedef struct _state_t state_t;

// A heap block whose finaliser flag is set. It is always of block_type, so that the collector
// can look its __del__ up at any time, and does nothing unless a field says what it is for.
// Four words: on 32-bit machines exactly one unit of the heap.
struct _block_t {
    mp_obj_base_t base;
    // A proxy: what to call when the block dies, or MP_OBJ_NULL.
    // A watcher: the object that the finalize handle watches.
    // One that asks the scheduler again: itself.
    mp_obj_t obj;
    // A watcher: its finalize handle. NULL in every other block.
    fin_t *fin;
    // The next block of the pool.
    block_t *next;
};

// A finalize handle, the object that finalize() returns.
struct _fin_t {
    mp_obj_base_t base;
    fin_t *next;      // In the registry.
    fin_t *prev;
    volatile uintptr_t watcher; // The watcher's address plus 1, which the collector does not follow; or 0.
    uint8_t n_args;
    uint8_t n_kw;
    bool atexit;
    volatile bool due; // Set when the object has died.
    mp_obj_t func;     // MP_OBJ_NULL when the finalize handle is dead.
    mp_obj_t args[];   // n_args positional ones, then n_kw pairs.
};

// The filesystem classes that blocks can come from, in the order of trying.
typedef enum { SOURCE_FAT, SOURCE_LFS2, SOURCE_LFS1, N_SOURCES } source_t;

struct _state_t {
    natmod_t nm;
    // Bytes come first: Thumb code reaches these with short instructions.
    volatile bool any_due;   // Some finalize handle in the registry may be due.
    volatile bool scheduled; // The internal function is in the scheduler's queue.
    bool retrying;           // A block was dropped; its death asks the scheduler again.
    volatile bool locked;    // A thread holds the mutex,
    volatile bool sweeping;  // or a sweep does.
    volatile bool over;      // The final sweep has reached the canary.
    uint8_t source;          // A source_t.
    uint8_t batch;           // Blocks to make at once.
    const mp_obj_type_t *block_type;
    const mp_obj_type_t *fin_type;
    mp_obj_t proxy_class; // FinaliserProxy.
    mp_obj_t isinstance; // Builtin functions.
    mp_obj_t callable;
    mp_obj_t internal; // The function that only the firmware calls.
    mp_obj_t acquire; // Methods of a lock, or MP_OBJ_NULL where there are no threads.
    mp_obj_t release;
    block_t *pool; // Blocks ready for use. Only block.c touches it.

    // Where blocks come from.
    mp_obj_t class;   // A filesystem class.
    mp_obj_t device;

    // Finalize handles.
    fin_t *registry;  // Those that wait, newest first.
    block_t *canary;  // Dies when the firmware resets, as the first block.
    mp_obj_t schedule; // micropython.schedule, or MP_OBJ_NULL.
    mp_obj_t print_exception; // sys.print_exception
    mp_obj_t before;  // What sys.atexit had before, or MP_OBJ_NULL.
    mp_obj_t detach;  // Methods of finalize handles.
    mp_obj_t peek;
};

static inline state_t *state_of(natmod_t *nm) {
    return (state_t *)nm;
}

/******************************************************************************/
// calls.c

// Make the function that the firmware calls. First of all: wait_for_collection needs it.
void calls_init(state_t *st);

// Call a function and return MP_OBJ_NULL, or the exception that it raised.
mp_obj_t call_protected(mp_obj_t func, size_t n_args, size_t n_kw, const mp_obj_t *args);

// Call a function. An exception is printed, and does not propagate.
void call_and_print(state_t *st, mp_obj_t func, size_t n_args, size_t n_kw, const mp_obj_t *args);

/******************************************************************************/
// mutex.c: for memory that several threads change. No collection starts while it is held.

void mutex_begin(state_t *st);
void mutex_lock(state_t *st);
void mutex_unlock(state_t *st);

// For the final sweep, before which the firmware has stopped the other threads: one that held the mutex
// never unlocks it.
void mutex_end(state_t *st);

// The same in a sweep. False in an interrupt that came while the program held the mutex.
bool mutex_lock_in_sweep(state_t *st);
void mutex_unlock_in_sweep(state_t *st);

// Keep a block, which was just stored somewhere, alive through the collection that another
// thread may be making. False if no memory can be had: in a sweep of this thread, and while the
// program has locked the heap.
bool wait_for_collection(state_t *st, void *ptr);

static inline bool heap_is_usable(state_t *st) {
    return wait_for_collection(st, NULL);
}

/******************************************************************************/
// root.c: the one pointer that the collector always sees.

void root_set(void *ptr);

/******************************************************************************/
// image.c: the device that the private filesystems lie on.

// Make an object with readblocks and ioctl, for st->source.
void device_init(state_t *st);

/******************************************************************************/
// source.c: getting blocks from stock objects.

// Find the first source that works, and make blocks; false if there is none. Raises MemoryError.
bool source_init(state_t *st);

// Make blocks and give them to block.c. Returns MP_OBJ_NULL, or the exception that ended it
// early.
mp_obj_t source_fill(state_t *st);

mp_obj_t source_name(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

/******************************************************************************/
// block.c

void block_init(state_t *st);

// Whether the pool has one to take.
bool block_is_ready(state_t *st);

// A block from the pool, all of its fields but the type being zero. Raises MemoryError.
block_t *block_take(state_t *st);

// Called in the sweep: drop a block of the pool, so that finalize_retry is called in the next
// collection. False if there is none to be had.
bool block_drop(state_t *st);

// Give back a block that nobody refers to. Never in a sweep, which may be about to free it.
void block_give(state_t *st, block_t *block);

/******************************************************************************/
// proxy.c

void proxy_init(state_t *st);

mp_obj_t proxy_detach(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);
mp_obj_t proxy_close(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);
mp_obj_t proxy_alive(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

/******************************************************************************/
// finalize.c

void finalize_init(state_t *st);

// Called in the sweep: the finalize handle's watcher has died, and the object with it.
void finalize_died(state_t *st, fin_t *fin);

// Called in the sweep: the block that asks the scheduler again has died.
void finalize_retry(state_t *st);

// Run what is due and return how many there were.
size_t finalize_run_due(state_t *st);

// The program is over: run those whose atexit is set, too.
void finalize_end(state_t *st);

mp_obj_t finalize_poll(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

#endif // FINALISER_H
