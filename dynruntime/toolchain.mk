# SPDX-License-Identifier: MIT
# The compiler and its flags for each ARCH of native module.
#
# Code for x86 and x64 is for the unix interpreter; armv6m is Cortex-M0/M0+, armv7m Cortex-M3,
# armv7emsp Cortex-M4F and M33, armv7emdp Cortex-M7, xtensa ESP8266, xtensawin ESP32, S2 and S3,
# rv32imc ESP32-C3 and RP2350 in RISC-V mode. dynruntime/README.md names
# Debian's packages for them.

CROSS_x86 =
CFLAGS_x86 = -m32 -fno-stack-protector

CROSS_x64 =
CFLAGS_x64 = -m64 -fno-stack-protector

CROSS_armv6m = arm-none-eabi-
CFLAGS_armv6m = -mthumb -mcpu=cortex-m0

CROSS_armv7m = arm-none-eabi-
CFLAGS_armv7m = -mthumb -mcpu=cortex-m3

CROSS_armv7emsp = arm-none-eabi-
CFLAGS_armv7emsp = -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard

CROSS_armv7emdp = arm-none-eabi-
CFLAGS_armv7emdp = -mthumb -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard

CROSS_rv32imc = riscv64-unknown-elf-
CFLAGS_rv32imc = -march=rv32imc -mabi=ilp32 -mno-relax $(PICOLIBC)

CROSS_rv64imc = riscv64-unknown-elf-
CFLAGS_rv64imc = -march=rv64imc -mabi=lp64 -mcmodel=medany -mno-relax $(PICOLIBC)

# For Xtensa without -fvisibility=hidden: mpy_ld.py does not resolve direct calls of global functions,
# and GCC calls hidden ones directly.
CROSS_xtensa = xtensa-lx106-elf-
CFLAGS_xtensa = -mforce-l32 -fvisibility=default $(PICOLIBC)

# Espressif's compiler where there is one. Else the one for the ESP8266: it knows the windowed ABI,
# and its assembler learns it from our macros.
CROSS_xtensawin := $(if $(shell command -v xtensa-esp32-elf-gcc),xtensa-esp32-elf-,xtensa-lx106-elf-)
WINDOWED := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))windowed.s
CFLAGS_xtensawin = -fvisibility=default $(if $(findstring lx106,$(CC)),-mabi=windowed -Wa$(comma)$(WINDOWED) $(PICOLIBC))
comma := ,

# The register for the address of the function table (see slots.h), one that functions preserve. x86
# has none to spare, and the windowed ABI of Xtensa preserves them in another way.
TABLE_REGISTER_armv6m = r7
TABLE_REGISTER_armv7m = r9
TABLE_REGISTER_armv7emsp = r9
TABLE_REGISTER_armv7emdp = r9
TABLE_REGISTER_rv32imc = s11
TABLE_REGISTER_rv64imc = s11

ARCHS = x64 x86 armv6m armv7m armv7emsp armv7emdp rv32imc rv64imc xtensa xtensawin

ifneq ($(ARCH),)
ifneq ($(filter-out $(ARCHS),$(ARCH)),)
$(error unknown ARCH '$(filter-out $(ARCHS),$(ARCH))'; known are: $(ARCHS))
endif
CROSS ?= $(CROSS_$(ARCH))
CC = $(CROSS)gcc
# Debian's bare-metal compilers find the C library's headers through a specs file.
PICOLIBC = $(patsubst %,-specs=%,$(filter /%,$(shell $(CC) --print-file-name=picolibc.specs)))
endif
