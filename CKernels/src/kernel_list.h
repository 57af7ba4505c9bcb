/// Every kernel that is compiled once a level, each named once: return type, name, parameters.
///
/// From this list follow the members of the table (`kernel_table.h`) and its three instances (`kernel_bodies.h`). The
/// body of kernel `name` is the function `kernel_name` in `bodies/`.
#ifndef CK_KERNEL_LIST_H
#define CK_KERNEL_LIST_H

/// Kernels that the public headers declare, as `ck_name`; `public_kernels.c` defines them.
#define CK_PUBLIC_KERNELS(KERNEL)                                                                                      \
  KERNEL(void, relu_forward, (float *y, const float *x, size_t n))                                                     \
  KERNEL(void, relu_backward, (float *restrict dx, const float *restrict dy, const float *restrict y, size_t n))       \
  KERNEL(void, tanh_forward, (float *y, const float *x, size_t n))                                                     \
  KERNEL(void, tanh_backward, (float *restrict dx, const float *restrict dy, const float *restrict y, size_t n))       \
  KERNEL(void, sigmoid_forward, (float *y, const float *x, size_t n))                                                  \
  KERNEL(void, sigmoid_backward, (float *restrict dx, const float *restrict dy, const float *restrict y, size_t n))    \
  KERNEL(void, exp, (float *y, const float *x, size_t n))                                                              \
  KERNEL(void, log, (float *y, const float *x, size_t n))                                                              \
  KERNEL(void, add, (float *y, const float *a, const float *b, size_t n))                                              \
  KERNEL(void, multiply_forward, (float *y, const float *a, const float *b, int relu, size_t n))                       \
  KERNEL(void, multiply_backward,                                                                                      \
         (float *restrict da, float *restrict db, const float *restrict dy, const float *restrict y,                   \
          const float *restrict a, const float *restrict b, size_t n))                                                 \
  KERNEL(void, accumulate, (float *restrict y, const float *restrict x, size_t n))                                     \
  KERNEL(void, axpy, (float *restrict y, float a, const float *restrict x, size_t n))                                  \
  KERNEL(void, scale, (float *y, float a, const float *x, size_t n))                                                   \
  KERNEL(void, scale_u8, (float *restrict y, const uint8_t *restrict x, float scale, size_t n))                        \
  KERNEL(double, sum, (const float *x, size_t n))                                                                      \
  KERNEL(double, sum_squares, (const float *x, size_t n))                                                              \
  KERNEL(double, dot, (const float *x, const float *y, size_t n))                                                      \
  KERNEL(float, max_abs, (const float *x, size_t n))                                                                   \
  KERNEL(size_t, count_nonfinite, (const float *x, size_t n))                                                          \
  KERNEL(void, column_sum, (float *restrict y, const float *restrict x, size_t rows, size_t columns))                  \
  KERNEL(void, tree_sum, (float *y, const float *const *blocks, size_t count, size_t n))                               \
  KERNEL(void, softmax_forward,                                                                                        \
         (float *restrict p, const float *restrict x, const uint8_t *restrict mask, size_t rows, size_t actions))      \
  KERNEL(void, softmax_backward,                                                                                       \
         (float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows, size_t actions))         \
  KERNEL(void, log_softmax_forward,                                                                                    \
         (float *restrict log_p, const float *restrict x, const uint8_t *restrict mask, size_t rows, size_t actions))  \
  KERNEL(void, log_softmax_backward,                                                                                   \
         (float *restrict dx, const float *restrict dlog_p, const float *restrict log_p, size_t rows, size_t actions)) \
  KERNEL(void, entropy_forward, (float *restrict h, const float *restrict log_p, size_t rows, size_t actions))         \
  KERNEL(void, entropy_backward,                                                                                       \
         (float *restrict dlog_p, const float *restrict dh, const float *restrict log_p, size_t rows, size_t actions)) \
  KERNEL(void, categorical_sample,                                                                                     \
         (int *restrict action, const float *restrict log_p, const float *restrict u, size_t rows, size_t actions))    \
  KERNEL(void, squashed_normal_sample,                                                                                 \
         (float *restrict u, const float *restrict x, const float *restrict z, const uint8_t *restrict mask,           \
          size_t rows, size_t dims, ck_normal_bounds bounds))                                                          \
  KERNEL(void, squashed_normal_log_p_forward,                                                                          \
         (float *restrict log_p, const float *restrict x, const float *restrict u, const uint8_t *restrict mask,       \
          size_t rows, size_t dims, ck_normal_bounds bounds))                                                          \
  KERNEL(void, squashed_normal_log_p_backward,                                                                         \
         (float *restrict dx, const float *restrict dlog_p, const float *restrict x, const float *restrict u,          \
          const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds))                            \
  KERNEL(void, squashed_normal_entropy_forward,                                                                        \
         (float *restrict h, const float *restrict x, const uint8_t *restrict mask, size_t rows, size_t dims,          \
          ck_normal_bounds bounds))                                                                                    \
  KERNEL(void, squashed_normal_entropy_backward,                                                                       \
         (float *restrict dx, const float *restrict dh, const float *restrict x, const uint8_t *restrict mask,         \
          size_t rows, size_t dims, ck_normal_bounds bounds))                                                          \
  KERNEL(void, vtrace,                                                                                                 \
         (float *restrict vs, float *restrict advantage, const float *restrict log_rho, const float *restrict reward,  \
          const float *restrict discount, const uint8_t *restrict continues, const float *restrict value,              \
          const float *restrict next_value, const uint8_t *restrict valid, size_t steps, size_t batch,                 \
          ck_vtrace_options options))                                                                                  \
  KERNEL(void, gae,                                                                                                    \
         (float *restrict advantage, const float *restrict reward, const float *restrict discount,                     \
          const uint8_t *restrict continues, const float *restrict value, const float *restrict next_value,            \
          size_t steps, size_t batch, float lambda))                                                                   \
  KERNEL(void, n_step_return,                                                                                          \
         (float *restrict g, const float *restrict reward, const float *restrict discount,                             \
          const uint8_t *restrict continues, const float *restrict next_value, size_t steps, size_t batch))            \
  KERNEL(void, rmsprop_step,                                                                                           \
         (float *restrict p, float *restrict ms, float *restrict momentum, const float *restrict gradient, size_t n,   \
          float clip, float rate, float decay, float momentum_decay, float epsilon, int epsilon_inside))               \
  KERNEL(void, adam_step,                                                                                              \
         (float *restrict p, float *restrict m, float *restrict v, const float *restrict gradient, size_t n,           \
          float clip, float rate, float beta1, float beta2, float epsilon, size_t step))                               \
  KERNEL(void, lstm_cell_forward,                                                                                      \
         (float *h_new, float *c_new, float *gates, const float *c, size_t rows, size_t hidden))                       \
  KERNEL(void, lstm_cell_backward,                                                                                     \
         (float *restrict dgates, float *restrict dc, const float *restrict dh, const float *restrict gates,           \
          const float *restrict c_new, const float *restrict c, size_t rows, size_t hidden))                           \
  KERNEL(void, max_pool_forward,                                                                                       \
         (float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t images, size_t height,          \
          size_t width, size_t channels, size_t window, size_t stride))                                                \
  KERNEL(void, max_pool_backward,                                                                                      \
         (float *restrict dx, const float *restrict dy, const uint8_t *restrict argmax, size_t images, size_t height,  \
          size_t width, size_t channels, size_t window, size_t stride))                                                \
  KERNEL(void, mix_forward,                                                                                            \
         (float *restrict m, const float *restrict p, const float *restrict y, size_t rows, size_t targets,            \
          size_t sources, size_t width, int relu))                                                                     \
  KERNEL(void, mix_backward,                                                                                           \
         (float *restrict dp, float *restrict dy, const float *restrict dm, const float *restrict m,                   \
          const float *restrict p, const float *restrict y, size_t rows, size_t targets, size_t sources,               \
          size_t width))                                                                                               \
  KERNEL(void, task_head_forward,                                                                                      \
         (float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,                \
          const int *restrict task, size_t rows, size_t inputs))                                                       \
  KERNEL(void, task_head_backward,                                                                                     \
         (float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,                        \
          const float *restrict x, const float *restrict w, const int *restrict task, size_t rows, size_t inputs))     \
  KERNEL(void, minimum_forward, (float *restrict y, const float *restrict a, const float *restrict b, size_t n))       \
  KERNEL(void, minimum_backward,                                                                                       \
         (float *restrict da, float *restrict db, const float *restrict dy, const float *restrict a,                   \
          const float *restrict b, size_t n))                                                                          \
  KERNEL(void, polyak, (float *restrict target, const float *restrict source, float tau, size_t n))                    \
  KERNEL(void, squashed_normal_action_forward,                                                                         \
         (float *restrict action, float *restrict log_p, const float *restrict x, const float *restrict z,             \
          const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds, float correction))          \
  KERNEL(void, squashed_normal_action_backward,                                                                        \
         (float *restrict dx, const float *restrict daction, const float *restrict dlog_p, const float *restrict x,    \
          const float *restrict z, const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds,    \
          float correction))

/// Kernels that only the library itself calls, through `ck_kernels()`.
#define CK_INTERNAL_KERNELS(KERNEL)                                                                                    \
  KERNEL(void, mask_gradient,                                                                                          \
         (float *restrict dy, float *restrict db, const float *restrict y, size_t rows, size_t columns))               \
  KERNEL(void, patches,                                                                                                \
         (float *restrict patches, const float *restrict x, const ck_convolution *c, size_t first, size_t count))      \
  KERNEL(void, patches_u8,                                                                                             \
         (float *restrict patches, const uint8_t *restrict x, float scale, const ck_convolution *c, size_t first,      \
          size_t count))                                                                                               \
  KERNEL(void, add_patches,                                                                                            \
         (float *restrict dx, const float *restrict patches, const float *restrict mask, const ck_convolution *c,      \
          size_t first, size_t count))                                                                                 \
  KERNEL(void, copy_image,                                                                                             \
         (float *restrict copy, const float *restrict x, const float *restrict mask, int relu, size_t rows,            \
          size_t length, size_t copy_row))                                                                             \
  KERNEL(void, copy_image_u8,                                                                                          \
         (float *restrict copy, const uint8_t *restrict x, float scale, size_t rows, size_t length, size_t copy_row))  \
  KERNEL(void, flip_weights,                                                                                           \
         (float *restrict flipped, const float *restrict w, const ck_convolution *c, size_t first_row,                 \
          size_t first_column, size_t lines, size_t taps))                                                             \
  KERNEL(void, convolve,                                                                                               \
         (float *y, const float *x, const float *w, const ck_windows *windows, const ck_finish *finish))               \
  KERNEL(void, convolve_weights, (float *dw, const float *dy, const float *x, const ck_windows *windows))              \
  KERNEL(void, winograd_image,                                                                                         \
         (float *v, const float *x, const float *mask, int relu, const ck_tiles *s, size_t first, size_t count))       \
  KERNEL(void, winograd_results,                                                                                       \
         (float *y, const float *m, const ck_tiles *s, size_t first, size_t count, const ck_finish *finish))           \
  KERNEL(void, winograd_gradient,                                                                                      \
         (float *m, float *db, const float *dy, const float *mask, const ck_tiles *s, size_t first, size_t count))     \
  KERNEL(void, winograd_weights, (float *restrict u, const float *restrict w, size_t n))                               \
  KERNEL(void, winograd_weight_gradient, (float *restrict dw, const float *restrict du, size_t n))

#endif
