#include "ck_heads.h"

void ck_popart_rescale(float *restrict w, float *restrict b, double mu, double sigma, double new_mu, double new_sigma,
                       size_t inputs) {
  const double ratio = sigma / new_sigma;
  for (size_t i = 0; i < inputs; i++) w[i] = (float)((double)w[i] * ratio);
  *b = (float)((sigma * (double)*b + mu - new_mu) / new_sigma);
}
