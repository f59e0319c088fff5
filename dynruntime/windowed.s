# SPDX-License-Identifier: MIT
# The instructions of Xtensa's windowed ABI that GCC emits, as macros, for an assembler that is
# configured for a core without register windows. It reads this file before the compiler's output.

	.macro	windowed_registers r:vararg
	.set	.Lwindowed_n, 0
	.irp	name, \r
	.set	.Lwindowed_\name, .Lwindowed_n
	.set	.Lwindowed_n, .Lwindowed_n + 1
	.endr
	.endm
	windowed_registers a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15
	.set	.Lwindowed_sp, 1

	.macro	entry s, bytes
	.byte	0x36, 0x10 * ((\bytes) / 8 % 16) + .Lwindowed_\s, (\bytes) / 128
	.endm

	.macro	retw
	.byte	0x90, 0x00, 0x00
	.endm

	.macro	retw.n
	.byte	0x1d, 0xf0
	.endm

	.macro	movsp t, s
	.byte	0x10 * .Lwindowed_\t, 0x10 + .Lwindowed_\s, 0x00
	.endm

	.macro	callx4 s
	.byte	0xd0, .Lwindowed_\s, 0x00
	.endm

	.macro	callx8 s
	.byte	0xe0, .Lwindowed_\s, 0x00
	.endm

	.macro	callx12 s
	.byte	0xf0, .Lwindowed_\s, 0x00
	.endm

# Direct calls go through a literal, one for each function and file: the assembler has no
# relocation for them. The register is one that the call overwrites with the return address.
	.macro	windowed_call op, register, function
	.ifndef	.Lwindowed_to_\function
	.literal	.Lwindowed_to_\function, \function
	.endif
	l32r	\register, .Lwindowed_to_\function
	\op	\register
	.endm

	.macro	call4 function
	windowed_call callx4, a4, \function
	.endm

	.macro	call8 function
	windowed_call callx8, a8, \function
	.endm

	.macro	call12 function
	windowed_call callx12, a12, \function
	.endm
