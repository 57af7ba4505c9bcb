// Portable: what the compiler's default target has. The only level on machines other than x86-64.
#define CK_TARGET
#define CK_LANES 4
#define CK_TABLE ck_kernels_v2
#include "kernel_bodies.h"
