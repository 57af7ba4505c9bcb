/// A policy learns which of two levers pays in each of four rooms, from rewards alone.
///
/// The right lever is the XOR of the room's two coordinates, which no linear policy can express: a layer of sixteen
/// tanh units comes first. Each update plays 64 rounds, takes reward minus its mean as the advantage, and follows the
/// policy gradient with Adam; a little entropy keeps it from settling on three rooms out of four.
///
///   cc -O2 -fno-math-errno -Iinclude examples/example.c src/*.c $(pkg-config --cflags --libs openblas) -llapacke -lm
#include <ckernels.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 64, INPUTS = 2, HIDDEN = 16, LEVERS = 2, UPDATES = 300 };

/// Parameters, and in the same layout their gradients and Adam's two slots: one block each, so that a step is one call.
typedef struct {
  float w1[INPUTS * HIDDEN], b1[HIDDEN], w2[HIDDEN * LEVERS], b2[LEVERS];
} network;
enum { SIZE = sizeof(network) / sizeof(float) };

static float x[ROUNDS * INPUTS], hidden[ROUNDS * HIDDEN], logits[ROUNDS * LEVERS], log_p[ROUNDS * LEVERS];
static float uniform[ROUNDS];
static float dlog_p[ROUNDS * LEVERS], dlogits[ROUNDS * LEVERS], dhidden[ROUNDS * HIDDEN], dsum[ROUNDS * HIDDEN];
static int lever[ROUNDS];

static void forward(const network *n) {
  ck_linear_forward(hidden, x, n->w1, n->b1, ROUNDS, INPUTS, HIDDEN);
  ck_tanh_forward(hidden, hidden, ROUNDS * HIDDEN);
  ck_linear_forward(logits, hidden, n->w2, n->b2, ROUNDS, HIDDEN, LEVERS);
  ck_log_softmax_forward(log_p, logits, NULL, ROUNDS, LEVERS);
}

/// The mirror image of `forward`. Every kernel adds to its result, so all results start at zero.
static void backward(network *gradient, const network *n, const float *dchosen, const float *dentropy) {
  memset(gradient, 0, sizeof *gradient);
  memset(dlog_p, 0, sizeof dlog_p), memset(dlogits, 0, sizeof dlogits);
  memset(dhidden, 0, sizeof dhidden), memset(dsum, 0, sizeof dsum);
  ck_select_backward(dlog_p, dchosen, lever, ROUNDS, LEVERS);
  ck_entropy_backward(dlog_p, dentropy, log_p, ROUNDS, LEVERS);
  ck_log_softmax_backward(dlogits, dlog_p, log_p, ROUNDS, LEVERS);
  ck_linear_backward(dhidden, gradient->w2, gradient->b2, dlogits, hidden, n->w2, ROUNDS, HIDDEN, LEVERS);
  ck_tanh_backward(dsum, dhidden, hidden, ROUNDS * HIDDEN);
  ck_linear_backward(NULL, gradient->w1, gradient->b1, dsum, x, n->w1, ROUNDS, INPUTS, HIDDEN);
}

int main(void) {
  static network parameters, gradient, m, v;
  ck_flush_denormals();
  ck_random_normal(parameters.w1, (ck_address){.seed = 1, .stream = 1}, INPUTS * HIDDEN);
  for (int i = 0; i < ROUNDS; i++) x[2 * i] = i & 1 ? 1 : -1, x[2 * i + 1] = i & 2 ? 1 : -1;

  float mean = 0;
  for (size_t update = 1; update <= UPDATES; update++) {
    forward(&parameters);
    ck_random_uniform(uniform, (ck_address){.seed = 1, .step = update, .stream = 2}, ROUNDS);
    ck_categorical_sample(lever, log_p, uniform, ROUNDS, LEVERS);
    float reward[ROUNDS], dchosen[ROUNDS], dentropy[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) reward[i] = lever[i] == (x[2 * i] != x[2 * i + 1]) ? 1 : 0;
    mean = (float)ck_sum(reward, ROUNDS) / ROUNDS;
    for (int i = 0; i < ROUNDS; i++) dchosen[i] = -(reward[i] - mean) / ROUNDS, dentropy[i] = -0.1f / ROUNDS;
    backward(&gradient, &parameters, dchosen, dentropy);
    ck_adam_step((float *)&parameters, (float *)&m, (float *)&v, (const float *)&gradient, SIZE, 1, 0.02f, 0.9f, 0.999f,
                 1e-8f, update);
    if (update % 100 == 0) printf("update %zu: mean reward %.2f\n", update, (double)mean);
  }
  printf("%s with %s kernels\n", mean > 0.95f ? "learned" : "did not learn", ck_kernel_level_name());
  return mean > 0.95f ? 0 : 1;
}
