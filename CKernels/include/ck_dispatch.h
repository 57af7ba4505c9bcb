/// Which machine code runs: kernel levels and floating-point mode.
#ifndef CK_DISPATCH_H
#define CK_DISPATCH_H

/// Instruction sets that the hot kernels are compiled for. One table of function pointers is filled before `main` with the
/// highest level that the processor has, or with the level that the environment variable `POLYMATH_KERNELS` names
/// (`v4` AVX-512, `v3` AVX2 with FMA, `v2` portable). A level that the processor lacks, or an unknown name, falls back to
/// the highest one that it has; `ck_kernel_level_name` tells which one runs.
typedef enum { CK_LEVEL_PORTABLE = 2, CK_LEVEL_AVX2 = 3, CK_LEVEL_AVX512 = 4 } ck_level;

/// The level that runs, and its name: "v4", "v3" or "v2".
ck_level ck_kernel_level(void);
const char *ck_kernel_level_name(void);

/// 1 when `POLYMATH_KERNELS` asked for a level that is unknown or that this processor lacks.
int ck_kernel_level_refused(void);

/// The core that OpenBLAS chose, such as "SkylakeX" or "Haswell" (read at load time, `OPENBLAS_CORETYPE` pins it).
const char *ck_blas_core_name(void);

/// The core that would serve this processor where OpenBLAS runs "Prescott" (SSE3) on one with AVX2, else NULL. That is what
/// it falls back to on a processor younger than itself, at a fifth of the speed; `OPENBLAS_CORETYPE`, set before a program
/// starts, is the one way out.
const char *ck_blas_core_missed(void);

/// Flushes denormal numbers to zero in the calling thread (inputs and results), so that time does not depend on tiny
/// values. Every thread that computes calls it once, or bits differ between threads.
void ck_flush_denormals(void);

#endif
