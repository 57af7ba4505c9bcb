/// How kernels are compiled for several instruction sets, and how one is chosen.
///
/// The body of a hot kernel is written once, as plain C, in `bodies/`. The three files `kernels_v2.c`, `kernels_v3.c`
/// and `kernels_v4.c` each define a target attribute and include all bodies (`kernel_bodies.h`), so each body is
/// compiled once a level, under the same static name but in another translation unit. What leaves such a unit is one
/// constant table of function pointers. `ck_dispatch.c` picks a table before `main`; the public functions
/// (`public_kernels.c`) jump through it.
#ifndef CK_KERNEL_TABLE_H
#define CK_KERNEL_TABLE_H
#include "ckernels.h"
#include "convolution.h"
#include "kernel_list.h"

typedef struct {
#define CK_MEMBER(result, name, parameters) result(*name) parameters;
  CK_PUBLIC_KERNELS(CK_MEMBER)
  CK_INTERNAL_KERNELS(CK_MEMBER)
#undef CK_MEMBER
} ck_kernel_table;

extern const ck_kernel_table ck_kernels_v2;
#if defined(__x86_64__)
extern const ck_kernel_table ck_kernels_v3, ck_kernels_v4;
#endif

/// The table of the level that runs.
const ck_kernel_table *ck_kernels(void);

#endif
