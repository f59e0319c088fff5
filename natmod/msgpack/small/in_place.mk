# SPDX-License-Identifier: MIT
# make -f in_place.mk ARCH=armv6m builds ../../../build/in_place/armv6m/msgpack.mpy and msgpack.blk.
IN_PLACE = yes
include Makefile
