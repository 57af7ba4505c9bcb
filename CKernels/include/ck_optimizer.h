/// Optimiser steps over one contiguous block of parameters; `clip` multiplies the gradient first (1 for none).
#ifndef CK_OPTIMIZER_H
#define CK_OPTIMIZER_H
#include <stddef.h>

/// Factor by which a gradient of this global norm is multiplied: limit / max(norm, limit), TensorFlow's rule.
float ck_clip_factor(double norm, double limit);

/// RMSProp (Tieleman and Hinton 2012), g = clip * gradient:
///   ms <- decay ms + (1 - decay) g^2
///   epsilon_inside != 0:  step = rate g / sqrt(ms + epsilon)       TensorFlow 1, the papers; ms starts at one
///   epsilon_inside == 0:  step = rate g / (sqrt(ms) + epsilon)     PyTorch; ms starts at zero
///   momentum NULL:  p <- p - step;    otherwise  m <- momentum_decay m + step, p <- p - m
void ck_rmsprop_step(float *restrict p, float *restrict ms, float *restrict momentum, const float *restrict gradient,
                     size_t n, float clip, float rate, float decay, float momentum_decay, float epsilon,
                     int epsilon_inside);

/// Adam (Kingma and Ba 2015, algorithm 1), g = clip * gradient, `step` counts from 1:
///   m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
///   p <- p - rate (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
void ck_adam_step(float *restrict p, float *restrict m, float *restrict v, const float *restrict gradient, size_t n,
                  float clip, float rate, float beta1, float beta2, float epsilon, size_t step);

/// Polyak averaging: target += tau (source - target).
void ck_polyak(float *restrict target, const float *restrict source, float tau, size_t n);

#endif
