// The public kernels: each jumps through the table of the level that runs.
#include "kernel_table.h"

void ck_relu_forward(float *y, const float *x, size_t n) { ck_kernels()->relu_forward(y, x, n); }
void ck_relu_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  ck_kernels()->relu_backward(dx, dy, y, n);
}
void ck_tanh_forward(float *y, const float *x, size_t n) { ck_kernels()->tanh_forward(y, x, n); }
void ck_tanh_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  ck_kernels()->tanh_backward(dx, dy, y, n);
}
void ck_sigmoid_forward(float *y, const float *x, size_t n) { ck_kernels()->sigmoid_forward(y, x, n); }
void ck_sigmoid_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  ck_kernels()->sigmoid_backward(dx, dy, y, n);
}
void ck_exp(float *y, const float *x, size_t n) { ck_kernels()->exp(y, x, n); }
void ck_log(float *y, const float *x, size_t n) { ck_kernels()->log(y, x, n); }
void ck_add(float *y, const float *a, const float *b, size_t n) { ck_kernels()->add(y, a, b, n); }
void ck_multiply_forward(float *y, const float *a, const float *b, int relu, size_t n) {
  ck_kernels()->multiply_forward(y, a, b, relu, n);
}
void ck_multiply_backward(float *restrict da, float *restrict db, const float *restrict dy, const float *restrict y,
                          const float *restrict a, const float *restrict b, size_t n) {
  ck_kernels()->multiply_backward(da, db, dy, y, a, b, n);
}
void ck_accumulate(float *restrict y, const float *restrict x, size_t n) { ck_kernels()->accumulate(y, x, n); }
void ck_axpy(float *restrict y, float a, const float *restrict x, size_t n) { ck_kernels()->axpy(y, a, x, n); }
void ck_scale(float *y, float a, const float *x, size_t n) { ck_kernels()->scale(y, a, x, n); }
void ck_scale_u8(float *restrict y, const uint8_t *restrict x, float scale, size_t n) {
  ck_kernels()->scale_u8(y, x, scale, n);
}
double ck_sum(const float *x, size_t n) { return ck_kernels()->sum(x, n); }
double ck_sum_squares(const float *x, size_t n) { return ck_kernels()->sum_squares(x, n); }
double ck_dot(const float *x, const float *y, size_t n) { return ck_kernels()->dot(x, y, n); }
float ck_max_abs(const float *x, size_t n) { return ck_kernels()->max_abs(x, n); }
size_t ck_count_nonfinite(const float *x, size_t n) { return ck_kernels()->count_nonfinite(x, n); }
void ck_column_sum(float *restrict y, const float *restrict x, size_t rows, size_t columns) {
  ck_kernels()->column_sum(y, x, rows, columns);
}
void ck_tree_sum(float *y, const float *const *blocks, size_t count, size_t n) {
  ck_kernels()->tree_sum(y, blocks, count, n);
}
void ck_softmax_forward(float *restrict p, const float *restrict x, const uint8_t *restrict mask, size_t rows,
                        size_t actions) {
  ck_kernels()->softmax_forward(p, x, mask, rows, actions);
}
void ck_softmax_backward(float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows,
                         size_t actions) {
  ck_kernels()->softmax_backward(dx, dp, p, rows, actions);
}
void ck_log_softmax_forward(float *restrict log_p, const float *restrict x, const uint8_t *restrict mask, size_t rows,
                            size_t actions) {
  ck_kernels()->log_softmax_forward(log_p, x, mask, rows, actions);
}
void ck_log_softmax_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict log_p, size_t rows,
                             size_t actions) {
  ck_kernels()->log_softmax_backward(dx, dlog_p, log_p, rows, actions);
}
void ck_entropy_forward(float *restrict h, const float *restrict log_p, size_t rows, size_t actions) {
  ck_kernels()->entropy_forward(h, log_p, rows, actions);
}
void ck_entropy_backward(float *restrict dlog_p, const float *restrict dh, const float *restrict log_p, size_t rows,
                         size_t actions) {
  ck_kernels()->entropy_backward(dlog_p, dh, log_p, rows, actions);
}
void ck_categorical_sample(int *restrict action, const float *restrict log_p, const float *restrict u, size_t rows,
                           size_t actions) {
  ck_kernels()->categorical_sample(action, log_p, u, rows, actions);
}
void ck_squashed_normal_sample(float *restrict u, const float *restrict x, const float *restrict z,
                               const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds) {
  ck_kernels()->squashed_normal_sample(u, x, z, mask, rows, dims, bounds);
}
void ck_squashed_normal_log_p_forward(float *restrict log_p, const float *restrict x, const float *restrict u,
                                      const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds) {
  ck_kernels()->squashed_normal_log_p_forward(log_p, x, u, mask, rows, dims, bounds);
}
void ck_squashed_normal_log_p_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict x,
                                       const float *restrict u, const uint8_t *restrict mask, size_t rows, size_t dims,
                                       ck_normal_bounds bounds) {
  ck_kernels()->squashed_normal_log_p_backward(dx, dlog_p, x, u, mask, rows, dims, bounds);
}
void ck_squashed_normal_entropy_forward(float *restrict h, const float *restrict x, const uint8_t *restrict mask,
                                        size_t rows, size_t dims, ck_normal_bounds bounds) {
  ck_kernels()->squashed_normal_entropy_forward(h, x, mask, rows, dims, bounds);
}
void ck_squashed_normal_entropy_backward(float *restrict dx, const float *restrict dh, const float *restrict x,
                                         const uint8_t *restrict mask, size_t rows, size_t dims,
                                         ck_normal_bounds bounds) {
  ck_kernels()->squashed_normal_entropy_backward(dx, dh, x, mask, rows, dims, bounds);
}
void ck_vtrace(float *restrict vs, float *restrict advantage, const float *restrict log_rho,
               const float *restrict reward, const float *restrict discount, const uint8_t *restrict continues,
               const float *restrict value, const float *restrict next_value, const uint8_t *restrict valid,
               size_t steps, size_t batch, ck_vtrace_options options) {
  ck_kernels()->vtrace(vs, advantage, log_rho, reward, discount, continues, value, next_value, valid, steps, batch,
               options);
}
void ck_gae(float *restrict advantage, const float *restrict reward, const float *restrict discount,
            const uint8_t *restrict continues, const float *restrict value, const float *restrict next_value,
            size_t steps, size_t batch, float lambda) {
  ck_kernels()->gae(advantage, reward, discount, continues, value, next_value, steps, batch, lambda);
}
void ck_n_step_return(float *restrict g, const float *restrict reward, const float *restrict discount,
                      const uint8_t *restrict continues, const float *restrict next_value, size_t steps, size_t batch) {
  ck_kernels()->n_step_return(g, reward, discount, continues, next_value, steps, batch);
}
void ck_rmsprop_step(float *restrict p, float *restrict ms, float *restrict momentum, const float *restrict gradient,
                     size_t n, float clip, float rate, float decay, float momentum_decay, float epsilon,
                     int epsilon_inside) {
  ck_kernels()->rmsprop_step(p, ms, momentum, gradient, n, clip, rate, decay, momentum_decay, epsilon, epsilon_inside);
}
void ck_adam_step(float *restrict p, float *restrict m, float *restrict v, const float *restrict gradient, size_t n,
                  float clip, float rate, float beta1, float beta2, float epsilon, size_t step) {
  ck_kernels()->adam_step(p, m, v, gradient, n, clip, rate, beta1, beta2, epsilon, step);
}
void ck_lstm_cell_forward(float *h_new, float *c_new, float *gates, const float *c, size_t rows, size_t hidden) {
  ck_kernels()->lstm_cell_forward(h_new, c_new, gates, c, rows, hidden);
}
void ck_lstm_cell_backward(float *restrict dgates, float *restrict dc, const float *restrict dh,
                           const float *restrict gates, const float *restrict c_new, const float *restrict c,
                           size_t rows, size_t hidden) {
  ck_kernels()->lstm_cell_backward(dgates, dc, dh, gates, c_new, c, rows, hidden);
}
void ck_max_pool_forward(float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t images,
                         size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  ck_kernels()->max_pool_forward(y, argmax, x, images, height, width, channels, window, stride);
}
void ck_max_pool_backward(float *restrict dx, const float *restrict dy, const uint8_t *restrict argmax, size_t images,
                          size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  ck_kernels()->max_pool_backward(dx, dy, argmax, images, height, width, channels, window, stride);
}
void ck_mix_forward(float *restrict m, const float *restrict p, const float *restrict y, size_t rows, size_t targets,
                    size_t sources, size_t width, int relu) {
  ck_kernels()->mix_forward(m, p, y, rows, targets, sources, width, relu);
}
void ck_mix_backward(float *restrict dp, float *restrict dy, const float *restrict dm, const float *restrict m,
                     const float *restrict p, const float *restrict y, size_t rows, size_t targets, size_t sources,
                     size_t width) {
  ck_kernels()->mix_backward(dp, dy, dm, m, p, y, rows, targets, sources, width);
}
void ck_task_head_forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                          const int *restrict task, size_t rows, size_t inputs) {
  ck_kernels()->task_head_forward(y, x, w, b, task, rows, inputs);
}
void ck_task_head_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                           const float *restrict x, const float *restrict w, const int *restrict task, size_t rows,
                           size_t inputs) {
  ck_kernels()->task_head_backward(dx, dw, db, dy, x, w, task, rows, inputs);
}
void ck_minimum_forward(float *restrict y, const float *restrict a, const float *restrict b, size_t n) {
  ck_kernels()->minimum_forward(y, a, b, n);
}
void ck_minimum_backward(float *restrict da, float *restrict db, const float *restrict dy, const float *restrict a,
                         const float *restrict b, size_t n) {
  ck_kernels()->minimum_backward(da, db, dy, a, b, n);
}
void ck_polyak(float *restrict target, const float *restrict source, float tau, size_t n) {
  ck_kernels()->polyak(target, source, tau, n);
}
void ck_squashed_normal_action_forward(float *restrict action, float *restrict log_p, const float *restrict x,
                                       const float *restrict z, const uint8_t *restrict mask, size_t rows, size_t dims,
                                       ck_normal_bounds bounds, float correction) {
  ck_kernels()->squashed_normal_action_forward(action, log_p, x, z, mask, rows, dims, bounds, correction);
}
void ck_squashed_normal_action_backward(float *restrict dx, const float *restrict daction, const float *restrict dlog_p,
                                        const float *restrict x, const float *restrict z, const uint8_t *restrict mask,
                                        size_t rows, size_t dims, ck_normal_bounds bounds, float correction) {
  ck_kernels()->squashed_normal_action_backward(dx, daction, dlog_p, x, z, mask, rows, dims, bounds, correction);
}
