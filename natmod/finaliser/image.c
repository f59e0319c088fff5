// The images that the private filesystems lie on, and the device that holds them.
//
// Each image is an empty filesystem, as small as its driver accepts. Nothing is ever written.
// What the tables below do not give reads as zero in the FAT image, and as 0xff in the others.

#include <string.h>

#include "finaliser.h"

// A FAT12 volume of 4 sectors of 512 bytes: boot sector, FAT, root directory, one cluster.
static const uint8_t fat_boot[] = {
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
};
static const uint8_t fat_type[] = { 'F', 'A', 'T' };
static const uint8_t fat_end[] = { 0x55, 0xaa };

// A littlefs 2.0 superblock on 2 blocks of 128 bytes: one commit to block 0.
static const uint8_t lfs2_super[] = {
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
};

// A littlefs 1 volume on 4 blocks of 128 bytes: superblock in block 0, root directory in 3.
static const uint8_t lfs1_super[] = {
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
};
static const uint8_t lfs1_root[] = {
    0x01, 0x00, 0x00, 0x00,             // Revision.
    0x14, 0x00, 0x00, 0x00,             // Size.
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // No next directory.
    0xcd, 0xf3, 0x54, 0xf6,             // CRC.
};

// A heap block of its own, of a type of its own.
typedef struct _device_t {
    mp_obj_base_t base;
    size_t image;
} device_t;

static void copy_part(const mp_buffer_info_t *buf, size_t start, size_t offset, const uint8_t *data, size_t len) {
    uint8_t *dest = buf->buf;
    // Byte by byte: where code memory takes 32-bit access only, GCC does what is needed.
    for (size_t i = 0; i < len; i++) {
        if (offset + i >= start && offset + i - start < buf->len) {
            dest[offset + i - start] = data[i];
        }
    }
}

// readblocks(block, buf) and readblocks(block, buf, offset).
static mp_obj_t device_readblocks(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)nm;
    (void)n_kw;
    const device_t *self = MP_OBJ_TO_PTR(args[0]);
    size_t block = MP_OBJ_SMALL_INT_VALUE(args[1]);
    size_t start = n_args == 4 ? (size_t)MP_OBJ_SMALL_INT_VALUE(args[3]) : 0;
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_WRITE);
    memset(buf.buf, self->image == IMAGE_FAT ? 0 : 0xff, buf.len);
    if (self->image == IMAGE_FAT) {
        if (block == 0) {
            copy_part(&buf, start, 0, fat_boot, sizeof(fat_boot));
            copy_part(&buf, start, 54, fat_type, sizeof(fat_type));
            copy_part(&buf, start, 510, fat_end, sizeof(fat_end));
        }
    } else if (self->image == IMAGE_LFS2) {
        if (block == 0) {
            copy_part(&buf, start, 0, lfs2_super, sizeof(lfs2_super));
        }
    } else if (block == 0) {
        copy_part(&buf, start, 0, lfs1_super, sizeof(lfs1_super));
    } else if (block == 3) {
        copy_part(&buf, start, 0, lfs1_root, sizeof(lfs1_root));
    }
    return mp_const_none;
}

// ioctl(op, arg), with the operations that vfs.AbstractBlockDev documents.
static mp_obj_t device_ioctl(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)nm;
    (void)n_args;
    (void)n_kw;
    const device_t *self = MP_OBJ_TO_PTR(args[0]);
    int result = 0;
    if (args[1] == MP_OBJ_NEW_SMALL_INT(4)) {
        result = self->image == IMAGE_LFS2 ? 2 : 4;
    } else if (args[1] == MP_OBJ_NEW_SMALL_INT(5)) {
        result = self->image == IMAGE_FAT ? 512 : 128;
    }
    return MP_OBJ_NEW_SMALL_INT(result);
}

mp_obj_t device_new(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_finaliserproxy, MP_TYPE_FLAG_NONE, 1);
    mp_obj_t methods = natmod_type_methods(type, 1, 2);
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR_readblocks),
        natmod_fun_new(nm, device_readblocks, 3, 4, false));
    mp_obj_dict_store(methods, MP_OBJ_NEW_QSTR(MP_QSTR_ioctl),
        natmod_fun_new(nm, device_ioctl, 3, 3, false));
    device_t *self = m_malloc(sizeof(device_t));
    self->base.type = type;
    self->image = IMAGE_FAT;
    return MP_OBJ_FROM_PTR(self);
}

void device_select(mp_obj_t device, image_t image) {
    ((device_t *)MP_OBJ_TO_PTR(device))->image = image;
}
