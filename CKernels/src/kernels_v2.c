// Portable: what the compiler's default target has. The only level on machines other than x86-64.
#define CK_TARGET
#define CK_LANES 4
#if defined(__aarch64__)
#define CK_REGISTERS 32
#else
#define CK_REGISTERS 16
#endif
#define CK_TABLE ck_kernels_v2
#include "kernel_bodies.h"
