// AVX2 with fused multiply-add.
#if defined(__x86_64__)
#define CK_TARGET __attribute__((target("arch=x86-64-v3")))
#define CK_LANES 8
#define CK_REGISTERS 16
#define CK_TABLE ck_kernels_v3
#include "kernel_bodies.h"
#endif
