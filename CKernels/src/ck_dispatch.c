#include "kernel_table.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// Written by `prepare` before `main`, read only from then on. The initial value is right on any processor, so
// another library's constructor may already call kernels.
static const ck_kernel_table *chosen_kernels = &ck_kernels_v2;
static ck_level chosen_level = CK_LEVEL_PORTABLE;
static int refused = 0;

static ck_level highest_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                   __builtin_cpu_supports("bmi2");
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2 && avx512) return CK_LEVEL_AVX512;
  if (avx2) return CK_LEVEL_AVX2;
#endif
  return CK_LEVEL_PORTABLE;
}

__attribute__((constructor)) static void prepare(void) {
  openblas_set_num_threads(1);
  const ck_level highest = highest_level();
  ck_level level = highest;
  const char *wanted = getenv("POLYMATH_KERNELS");
  if (wanted && *wanted) {
    const int known = strlen(wanted) == 2 && wanted[0] == 'v' && wanted[1] >= '2' && wanted[1] <= '4';
    if (known && wanted[1] - '0' <= (int)highest) {
      level = (ck_level)(wanted[1] - '0');
    } else {
      refused = 1;
    }
  }
  chosen_level = level;
#if defined(__x86_64__)
  if (level == CK_LEVEL_AVX512) chosen_kernels = &ck_kernels_v4;
  if (level == CK_LEVEL_AVX2) chosen_kernels = &ck_kernels_v3;
#endif
}

const ck_kernel_table *ck_kernels(void) { return chosen_kernels; }

ck_level ck_kernel_level(void) { return chosen_level; }

const char *ck_kernel_level_name(void) {
  switch (chosen_level) {
    case CK_LEVEL_AVX512: return "v4";
    case CK_LEVEL_AVX2: return "v3";
    case CK_LEVEL_PORTABLE: break;
  }
  return "v2";
}

int ck_kernel_level_refused(void) { return refused; }

const char *ck_blas_core_name(void) { return openblas_get_corename(); }

const char *ck_blas_core_missed(void) {
  if (strcmp(ck_blas_core_name(), "Prescott") != 0) return NULL;
  switch (highest_level()) {
    case CK_LEVEL_AVX512: return "SkylakeX";
    case CK_LEVEL_AVX2: return "Haswell";
    case CK_LEVEL_PORTABLE: break;
  }
  return NULL;
}

void ck_flush_denormals(void) {
#if defined(__x86_64__)
  const unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
  _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__)
  const uint64_t flush_to_zero = UINT64_C(1) << 24;
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"(control | flush_to_zero));
#endif
}
