/// Elementwise operations. `y` may be `x` in every forward function here.
#ifndef CK_ACTIVATION_H
#define CK_ACTIVATION_H
#include <stddef.h>
#include <stdint.h>

/// y = max(x, 0); dx += dy where y > 0.
void ck_relu_forward(float *y, const float *x, size_t n);
void ck_relu_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n);

/// y = tanh(x), absolute error below 2e-7 everywhere; dx += dy (1 - y^2).
void ck_tanh_forward(float *y, const float *x, size_t n);
void ck_tanh_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n);

/// y = 1 / (1 + exp(-x)), absolute error below 2e-7 everywhere; dx += dy y (1 - y).
void ck_sigmoid_forward(float *y, const float *x, size_t n);
void ck_sigmoid_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n);

/// y = exp(x), relative error below 3e-7 on [-87, 88]; 0 below -87.33 (also for -infinity), infinity above 88.73.
void ck_exp(float *y, const float *x, size_t n);

/// y = log(x), absolute error below 3e-7 + 3e-7 |log x| for normal x > 0.
void ck_log(float *y, const float *x, size_t n);

/// y = a + b; y may be a or b. Its backward pass is `ck_accumulate` into each.
void ck_add(float *y, const float *a, const float *b, size_t n);

/// y = a b, followed by max(y, 0) where `relu` is not 0; y may be a or b.
void ck_multiply_forward(float *y, const float *a, const float *b, int relu, size_t n);

/// da += dy b, db += dy a.  da or db may be NULL. y is the result of forward with `relu`, and dy counts where y > 0; NULL
/// without.
void ck_multiply_backward(float *restrict da, float *restrict db, const float *restrict dy, const float *restrict y,
                          const float *restrict a, const float *restrict b, size_t n);

/// y = min(a, b), or NaN where either is. Gradients go to the smaller number, to a where they are equal; da, db may be NULL.
void ck_minimum_forward(float *restrict y, const float *restrict a, const float *restrict b, size_t n);
void ck_minimum_backward(float *restrict da, float *restrict db, const float *restrict dy, const float *restrict a,
                         const float *restrict b, size_t n);

/// y += x.
void ck_accumulate(float *restrict y, const float *restrict x, size_t n);

/// y += a x.
void ck_axpy(float *restrict y, float a, const float *restrict x, size_t n);

/// y = a x; y may be x.
void ck_scale(float *y, float a, const float *x, size_t n);

/// y = scale * x for bytes.
void ck_scale_u8(float *restrict y, const uint8_t *restrict x, float scale, size_t n);

#endif
