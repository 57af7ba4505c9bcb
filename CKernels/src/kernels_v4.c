// AVX-512. Features are listed because clang tunes `arch=x86-64-v4` for 256-bit registers; gcc has to be asked for 512
// bits.
#if defined(__x86_64__)
#define CK_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"
#if defined(__clang__)
#define CK_TARGET __attribute__((target(CK_AVX512)))
#else
#define CK_TARGET __attribute__((target(CK_AVX512 ",prefer-vector-width=512")))
#endif
#define CK_LANES 16
#define CK_REGISTERS 32
#define CK_TABLE ck_kernels_v4
#include "kernel_bodies.h"
#endif
