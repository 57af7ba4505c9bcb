#include <cblas.h>

#include "test.h"

/// The level is the one that was asked for, unless it was refused.
static void test_level(void) {
  const char *wanted = getenv("POLYMATH_KERNELS"), *name = ck_kernel_level_name();
  const char expected[] = {'v', (char)('0' + (int)ck_kernel_level()), 0};
  check_true("name and level agree", strcmp(name, expected) == 0);
  const int unset = !wanted || !*wanted;
  if (unset) check_true("nothing to refuse", !ck_kernel_level_refused());
  if (!unset) check_true("obeyed or refused", ck_kernel_level_refused() == (strcmp(wanted, name) != 0));
  if (wanted && strcmp(wanted, "v2") == 0) check_true("portable everywhere", ck_kernel_level() == CK_LEVEL_PORTABLE);
}

static void test_denormals(void) {
  volatile float tiny = 1e-38f;
  check_true("denormal before", tiny * 0.1f != 0);
  ck_flush_denormals();
  check_true("flushed after", tiny * 0.1f == 0);
}

int main(void) {
  test_level();
  check_true("BLAS has one thread", openblas_get_num_threads() == 1);
  check_true("BLAS names its core", strlen(ck_blas_core_name()) > 0);
  const int falls_back = strcmp(ck_blas_core_name(), "Prescott") == 0;
  check_true("only a core that is too old is missed", falls_back || !ck_blas_core_missed());
  test_denormals();
  return finish() == FAILED;  // a refused level is part of what is tested here
}
