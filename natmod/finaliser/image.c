// SPDX-License-Identifier: MIT
// The images that the private filesystems lie on, and the device that holds them.
//
// Each image is an empty filesystem, as small as its driver accepts. Nothing is ever written.

#include <string.h>

#include "finaliser.h"

// Every part of an image starts with the number of the image (from 1), the block, half the
// offset in the block and the length. What no part gives reads as zero in the FAT image and as
// 0xff in the others.
static const uint8_t parts[] = {
    // A FAT12 volume of 4 sectors of 512 bytes: boot sector, FAT, root directory, one cluster.
    1 + SOURCE_FAT, 0, 0, 24,
    0xeb, 0x00, 0x90,                   // Jump.
    'm', 'p', 'y', ' ', ' ', ' ', ' ', ' ',
    0x00, 0x02,                         // Bytes in a sector.
    1,                                  // Sectors in a cluster.
    1, 0,                               // Sectors before the FAT.
    1,                                  // FATs.
    16, 0,                              // Entries of the root directory.
    4, 0,                               // Sectors.
    0xf8,                               // Medium: fixed.
    1, 0,                               // Sectors in a FAT.
    1 + SOURCE_FAT, 0, 54 / 2, 3,
    'F', 'A', 'T',
    1 + SOURCE_FAT, 0, 510 / 2, 2,
    0x55, 0xaa,

    // A littlefs 2.0 superblock on 2 blocks of 128 bytes: one commit to block 0.
    1 + SOURCE_LFS2, 0, 0, 52,
    0x01, 0x00, 0x00, 0x00,             // Revision.
    0xf0, 0x0f, 0xff, 0xf7,             // Tag: superblock, 8 bytes.
    'l', 'i', 't', 't', 'l', 'e', 'f', 's',
    0x2f, 0xe0, 0x00, 0x10,             // Tag: structure, 24 bytes.
    0x00, 0x00, 0x02, 0x00,             // Version.
    0x80, 0x00, 0x00, 0x00,             // Block size.
    0x02, 0x00, 0x00, 0x00,             // Blocks.
    0xff, 0x00, 0x00, 0x00,             // Longest name.
    0xff, 0xff, 0xff, 0x7f,             // Longest file.
    0xfe, 0x03, 0x00, 0x00,             // Longest attribute.
    0x70, 0x1f, 0xfc, 0x1c,             // Tag: end of commit, 4 bytes.
    0x08, 0xc7, 0x5a, 0x14,             // CRC.

    // A littlefs 1 volume on 4 blocks of 128 bytes: superblock in block 0, root directory in 3.
    1 + SOURCE_LFS1, 0, 0, 52,
    0x02, 0x00, 0x00, 0x00,             // Revision.
    0x34, 0x00, 0x00, 0x00,             // Size.
    0x03, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, // Next directory: the root.
    0x2e, 0x14, 0x00, 0x08,             // Entry: superblock, 20 bytes, name of 8.
    0x03, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, // Root directory.
    0x80, 0x00, 0x00, 0x00,             // Block size.
    0x04, 0x00, 0x00, 0x00,             // Blocks.
    0x01, 0x00, 0x01, 0x00,             // Version.
    'l', 'i', 't', 't', 'l', 'e', 'f', 's',
    0x8d, 0x15, 0x82, 0xb4,             // CRC.
    1 + SOURCE_LFS1, 3, 0, 20,
    0x01, 0x00, 0x00, 0x00,             // Revision.
    0x14, 0x00, 0x00, 0x00,             // Size.
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // No next directory.
    0xcd, 0xf3, 0x54, 0xf6,             // CRC.
    0,
};

static void read_image(source_t source, mp_obj_t block, int start, const mp_buffer_info_t *buf) {
    uint8_t *dest = buf->buf;
    memset(dest, source == SOURCE_FAT ? 0 : 0xff, buf->len);
    // Byte by byte: where code memory takes 32-bit access only, GCC does what is needed.
    for (const uint8_t *p = parts; *p != 0; p += 4 + p[3]) {
        if (p[0] == 1 + source && MP_OBJ_NEW_SMALL_INT(p[1]) == block) {
            size_t to = 2 * p[2] - start;
            for (size_t i = 0; i < p[3]; i++, to++) {
                // What lies before the buffer is a large number.
                if (to < buf->len) {
                    dest[to] = p[4 + i];
                }
            }
        }
    }
}

// The device is its own methods: readblocks(block, buf), readblocks(block, buf, offset) and
// ioctl(op, arg), as vfs.AbstractBlockDev documents them.
static mp_obj_t device_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 2, 3, false);
    source_t source = state_of(natmod_of_obj(self_in))->source;
    mp_buffer_info_t buf;
    if (mp_get_buffer(args[1], &buf, MP_BUFFER_WRITE)) {
        read_image(source, args[0], n_args == 3 ? MP_OBJ_SMALL_INT_VALUE(args[2]) : 0, &buf);
        return mp_const_none;
    }
    int result = 0;
    if (args[0] == MP_OBJ_NEW_SMALL_INT(4)) {
        // The number of blocks.
        result = source == SOURCE_LFS2 ? 2 : 4;
    } else if (args[0] == MP_OBJ_NEW_SMALL_INT(5)) {
        // The size of a block.
        result = source == SOURCE_FAT ? 512 : 128;
    }
    return MP_OBJ_NEW_SMALL_INT(result);
}
NATMOD_SLOT(call, device_call)

static void device_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    dest[0] = self_in;
}
NATMOD_SLOT(attr, device_attr)

void device_init(state_t *st) {
    mp_obj_type_t *type = natmod_type_new(&st->nm, MP_QSTR_finaliserproxy, MP_TYPE_FLAG_NONE, 2);
    NATMOD_SET_SLOT(type, attr, device_attr, 1);
    NATMOD_SET_SLOT(type, call, device_call, 2);
    mp_obj_base_t *device = m_malloc(sizeof(mp_obj_base_t));
    device->type = type;
    st->device = MP_OBJ_FROM_PTR(device);
}
