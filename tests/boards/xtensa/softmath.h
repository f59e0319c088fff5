// SPDX-License-Identifier: MIT
#ifndef SOFTMATH_H
#define SOFTMATH_H

// Functions that GCC calls by these names for arithmetic; the GCC manual lists them.

#include <stdbool.h>
#include <stdint.h>

uint64_t __ashldi3(uint64_t value, int n);
uint64_t __lshrdi3(uint64_t value, int n);
uint64_t __ashrdi3(uint64_t value, int n);
uint32_t __mulsi3(uint32_t a, uint32_t b);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a_in, uint64_t b_in);
uint32_t __udivsi3(uint32_t n, uint32_t d);
uint32_t __umodsi3(uint32_t n, uint32_t d);
int32_t __divsi3(int32_t n_in, int32_t d_in);
int32_t __modsi3(int32_t n_in, int32_t d_in);
uint64_t __udivmoddi4(uint64_t n_in, uint64_t d, uint64_t *remainder);
uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n_in, int64_t d_in);
int64_t __moddi3(int64_t n_in, int64_t d_in);
int __clzsi2(uint32_t value);
int __ctzsi2(uint32_t value);
int __popcountsi2(uint32_t value);
uint32_t __bswapsi2(uint32_t value);

uint32_t __addsf3(uint32_t a, uint32_t b);
uint32_t __subsf3(uint32_t a, uint32_t b);
uint32_t __negsf2(uint32_t a);
uint32_t __mulsf3(uint32_t a, uint32_t b);
uint32_t __divsf3(uint32_t a, uint32_t b);
int __eqsf2(uint32_t a, uint32_t b);
int __nesf2(uint32_t a, uint32_t b);
int __ltsf2(uint32_t a, uint32_t b);
int __lesf2(uint32_t a, uint32_t b);
int __gtsf2(uint32_t a, uint32_t b);
int __gesf2(uint32_t a, uint32_t b);
int __unordsf2(uint32_t a, uint32_t b);
uint32_t __floatundisf(uint64_t value);
uint32_t __floatdisf(int64_t value);
uint32_t __floatunsisf(uint32_t value);
uint32_t __floatsisf(int32_t value);
uint64_t __fixunssfdi(uint32_t x);
int64_t __fixsfdi(uint32_t x);
uint32_t __fixunssfsi(uint32_t x);
int32_t __fixsfsi(uint32_t x);
uint64_t __extendsfdf2(uint32_t x);
uint64_t __floatsidf(int32_t value);
uint32_t __truncdfsf2(uint64_t x);

#endif // SOFTMATH_H
