// Included once by each `kernels_<level>.c`, which defines
//   CK_TARGET  the target attribute of every function
//   CK_LANES   floats in one vector register
//   CK_REGISTERS  vector registers
//   CK_TABLE   the name of the table
// No include guard is needed: a level is a translation unit.
#include <math.h>
#include <string.h>

#include "kernel_table.h"

#define KERNEL static CK_TARGET
#define INLINE static inline __attribute__((always_inline, unused)) CK_TARGET

// In place (y is x) an element depends on the element of the same index only. Compilers cannot know: they test for
// overlap and then run a scalar loop.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"  // sanitizers and -O0 leave loops as they are: no reason to warn
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define UNROLLED _Pragma("clang loop unroll(full)")
#define TWICE _Pragma("clang loop unroll_count(2)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#define UNROLLED _Pragma("GCC unroll 32")
#define TWICE _Pragma("GCC unroll 2")
#endif

#include "bodies/math.h"
#include "bodies/register_blocks.h"
#include "bodies/activation.h"
#include "bodies/reduce.h"
#include "bodies/softmax.h"
#include "bodies/scan.h"
#include "bodies/optimizer.h"
#include "bodies/recurrent.h"
#include "bodies/pooling.h"
#include "bodies/heads.h"
#include "bodies/modules.h"
#include "bodies/normal.h"
#include "bodies/dense.h"
#include "bodies/patches.h"
#include "bodies/direct_convolution.h"
#include "bodies/winograd.h"

const ck_kernel_table CK_TABLE = {
#define CK_ENTRY(result, name, parameters) .name = kernel_##name,
    CK_PUBLIC_KERNELS(CK_ENTRY) CK_INTERNAL_KERNELS(CK_ENTRY)
#undef CK_ENTRY
};
