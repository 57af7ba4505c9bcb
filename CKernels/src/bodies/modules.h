// A row's modules are a few thousand numbers, which stay in the first cache while the row is worked on. Sums of a few
// modules pass along the width side by side in registers, so that a number is loaded once for all of them.
enum { MIXED = 4, MIX_PAIR = 2, MIX_VECTORS = CK_REGISTERS == 32 ? 4 : 2 };

// One mixture: out[i] = sum_j weight(i, j) in[j], where weight(i, j) = p[i * p_out + j * p_in].
typedef struct {
  const float *p, *in;
  const float *mask;  // numbers of `in` count where it is above 0; NULL where all do
  size_t p_out, p_in, ins, width;
  int adds, relu;
} mixture;

// Without a branch that nobody can predict.
INLINE float masked_number(const float *x, const float *mask, size_t at) {
  const float number = x[at], flag = mask ? mask[at] : 1.0f;
  return flag > 0.0f ? number : 0.0f;
}

// `outs` results, `vectors` vectors wide, from column k on: both counts are constants.
INLINE void mix_vectors(float *out, const float *p, const mixture *s, size_t k, const size_t outs,
                        const size_t vectors) {
  vector sum[MIXED][MIX_VECTORS];
  UNROLLED for (size_t i = 0; i < outs; i++) {
    UNROLLED for (size_t v = 0; v < vectors; v++) {
      sum[i][v] = s->adds ? load(out + i * s->width + k + v * CK_LANES) : (vector){0};
    }
  }
  for (size_t j = 0; j < s->ins; j++) {
    UNROLLED for (size_t v = 0; v < vectors; v++) {
      const size_t here = j * s->width + k + v * CK_LANES;
      const vector number = s->mask ? masked(load(s->in + here), s->mask + here) : load(s->in + here);
      UNROLLED for (size_t i = 0; i < outs; i++) sum[i][v] += p[i * s->p_out + j * s->p_in] * number;
    }
  }
  UNROLLED for (size_t i = 0; i < outs; i++) {
    UNROLLED for (size_t v = 0; v < vectors; v++) {
      store(out + i * s->width + k + v * CK_LANES, s->relu ? rectified(sum[i][v]) : sum[i][v]);
    }
  }
}

INLINE void mix_modules(float *out, const float *p, const mixture *s, const size_t outs) {
  size_t k = 0;
  for (; k + MIX_VECTORS * CK_LANES <= s->width; k += MIX_VECTORS * CK_LANES) {
    mix_vectors(out, p, s, k, outs, MIX_VECTORS);
  }
  for (; k + CK_LANES <= s->width; k += CK_LANES) mix_vectors(out, p, s, k, outs, 1);
  const float least = s->relu ? 0.0f : -INFINITY;
  for (; k < s->width; k++) {
    UNROLLED for (size_t i = 0; i < outs; i++) {
      float sum = s->adds ? out[i * s->width + k] : 0.0f;
      for (size_t j = 0; j < s->ins; j++) {
        sum += p[i * s->p_out + j * s->p_in] * masked_number(s->in, s->mask, j * s->width + k);
      }
      out[i * s->width + k] = sum < least ? least : sum;
    }
  }
}

// All of `total` modules, a few at a time: `GROUP(first, count)` works on those from `first` on; `count` is a constant.
#define IN_GROUPS(GROUP, total)                              \
  for (size_t first = 0; first < (total); first += MIXED) {  \
    switch ((total) - first) {                               \
      case 1: GROUP(first, 1); break;                        \
      case 2: GROUP(first, 2); break;                        \
      case 3: GROUP(first, 3); break;                        \
      default: GROUP(first, MIXED);                          \
    }                                                        \
  }

INLINE void mix_row(float *out, const mixture *s, size_t outs) {
#define MIX(first, count) mix_modules(out + first * s->width, s->p + first * s->p_out, s, count)
  IN_GROUPS(MIX, outs)
#undef MIX
}

KERNEL void kernel_mix_forward(float *restrict m, const float *restrict p, const float *restrict y, size_t rows,
                               size_t targets, size_t sources, size_t width, int relu) {
  for (size_t row = 0; row < rows; row++) {
    const mixture s = {.p = p + row * targets * sources, .in = y + row * sources * width, .p_out = sources, .p_in = 1,
                       .ins = sources, .width = width, .relu = relu};
    mix_row(m + row * targets * width, &s, targets);
  }
}

INLINE float sum_of_lanes(vector x) {
  typedef float four __attribute__((vector_size(16)));
  four part[CK_LANES / 4];
  memcpy(part, &x, sizeof part);
  UNROLLED for (size_t half = CK_LANES / 8; half > 0; half /= 2) {
    UNROLLED for (size_t i = 0; i < half; i++) part[i] += part[i + half];
  }
  return (part[0][0] + part[0][2]) + (part[0][1] + part[0][3]);
}

// dp[i, j] += <dm[i], y[j]> of `targets` modules i and `sources` modules j: both counts are constants. A row of dp has
// `dp_row` numbers.
INLINE void add_products(float *dp, const float *dm, const float *mask, const float *y, size_t dp_row, size_t width,
                         const size_t targets, const size_t sources) {
  vector sum[MIXED][MIX_PAIR];
  float rest[MIXED][MIX_PAIR] = {{0}};
  UNROLLED for (size_t i = 0; i < targets; i++) {
    UNROLLED for (size_t j = 0; j < sources; j++) sum[i][j] = (vector){0};
  }
  size_t k = 0;
  for (; k + CK_LANES <= width; k += CK_LANES) {
    UNROLLED for (size_t i = 0; i < targets; i++) {
      const float *const at = dm + i * width + k;
      const vector gradient = mask ? masked(load(at), mask + i * width + k) : load(at);
      UNROLLED for (size_t j = 0; j < sources; j++) sum[i][j] += gradient * load(y + j * width + k);
    }
  }
  for (; k < width; k++) {
    UNROLLED for (size_t i = 0; i < targets; i++) {
      const float gradient = masked_number(dm, mask, i * width + k);
      UNROLLED for (size_t j = 0; j < sources; j++) rest[i][j] += gradient * y[j * width + k];
    }
  }
  UNROLLED for (size_t i = 0; i < targets; i++) {
    UNROLLED for (size_t j = 0; j < sources; j++) dp[i * dp_row + j] += sum_of_lanes(sum[i][j]) + rest[i][j];
  }
}

// dp of a row, for `targets` modules and all of the others.
INLINE void add_all_products(float *dp, const float *dm, const float *mask, const float *y, size_t all_sources,
                             size_t width, const size_t targets) {
  size_t j = 0;
  for (; j + MIX_PAIR <= all_sources; j += MIX_PAIR) {
    add_products(dp + j, dm, mask, y + j * width, all_sources, width, targets, MIX_PAIR);
  }
  if (j < all_sources) add_products(dp + j, dm, mask, y + j * width, all_sources, width, targets, 1);
}

KERNEL void kernel_mix_backward(float *restrict dp, float *restrict dy, const float *restrict dm,
                                const float *restrict m, const float *restrict p, const float *restrict y, size_t rows,
                                size_t targets, size_t sources, size_t width) {
  for (size_t row = 0; row < rows; row++) {
    const size_t at_p = row * targets * sources, at_m = row * targets * width, at_y = row * sources * width;
    const float *mask = m ? m + at_m : NULL;
    if (dp) {
#define PRODUCTS(first, count)                                                                              \
  add_all_products(dp + at_p + first * sources, dm + at_m + first * width, mask ? mask + first * width : NULL, \
                   y + at_y, sources, width, count)
      IN_GROUPS(PRODUCTS, targets)
#undef PRODUCTS
    }
    if (dy) {
      const mixture s = {.p = p + at_p, .in = dm + at_m, .mask = mask, .p_out = 1, .p_in = sources, .ins = targets,
                         .width = width, .adds = 1};
      mix_row(dy + at_y, &s, sources);
    }
  }
}
