// Minimal filtering F(4, 3) along the rows of an image: four results of a filter of three taps for six multiplications
// instead of twelve (Winograd 1980; Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", section 4):
//
//   y = A^T [(G g) (B^T d)]
//
// for a tile d of six pixels and taps g, element by element: a product of polynomials by their values at six points. With
// a = sqrt(1/2), b = sqrt(2) and the points 0, a, -a, b, -b and infinity,
//
//         1    0  -5/2   0   1  0           1    0    0
//         0   -2a  -2    a   1  0         -2/3 -2a/3 -1/3              1   1   1   1   1  0
//   B^T = 0    2a  -2   -a   1  0     G = -2/3  2a/3 -1/3        A^T = 0   a  -a   b  -b  0
//         0  -b/2 -1/2   b   1  0          1/6   b/6  1/3              0  1/2 1/2  2   2  0
//         0   b/2 -1/2  -b   1  0          1/6  -b/6  1/3              0  a/2 -a/2 2b -2b 1
//         0    1    0  -5/2  0  1           0    0    1
//
// In root mean square these points round 1.5 times as much as plain products do; the paper's 0, 1, -1, 2, -2 would 2.1 times
// (on points: Barabasz et al. 2020, "Error analysis and improving the accuracy of Winograd convolution").
//
// What is summed between the brackets, over channels and over the rows of the kernel, is a convolution down the columns for
// each of the six elements, which has a plane of its own: `[tiles across, rows, channels]`. So a window of three pixels, one
// below the other, is one piece of memory. (Filtering down the columns as well would save as many multiplications again, but
// with 16 or 32 channels moving data then costs more than they do.)
#define A 0.70710678f
#define B 1.41421356f

// v = B^T d of a row of tiles, of which each shares two pixels with the next.
INLINE void transform_row(float *v, size_t plane, size_t next, const float *x, const float *mask, const ck_tiles *s,
                          size_t first, size_t count, const int relu) {
  for (size_t k = 0; k < s->channels; k += CK_LANES) {
    vector d[6];
#define PIXEL(place, tile)                                                                  \
  do {                                                                                      \
    const size_t column = 4 * (tile) + place - s->left, at = column * s->channels + k;      \
    d[place] = column < s->width ? load(x + at) : (vector){0}; /* it wraps at the left */   \
    if (relu) d[place] = rectified(d[place]);                                               \
    if (mask && column < s->width) d[place] = masked(d[place], mask + at);                  \
  } while (0)
    PIXEL(0, first);
    PIXEL(1, first);
    float *to = v + k;
    for (size_t tile = first; tile < first + count; tile++, to += next) {
      PIXEL(2, tile);
      PIXEL(3, tile);
      PIXEL(4, tile);
      PIXEL(5, tile);
      const vector even_a = d[4] - 2.0f * d[2], odd_a = A * (d[3] - 2.0f * d[1]);
      const vector even_b = d[4] - 0.5f * d[2], odd_b = B * (d[3] - 0.5f * d[1]);
      store(to, d[0] - 2.5f * d[2] + d[4]);
      store(to + plane, even_a + odd_a);
      store(to + 2 * plane, even_a - odd_a);
      store(to + 3 * plane, even_b + odd_b);
      store(to + 4 * plane, even_b - odd_b);
      store(to + 5 * plane, d[1] - 2.5f * d[3] + d[5]);
      d[0] = d[4], d[1] = d[5];
    }
#undef PIXEL
  }
}

KERNEL void kernel_winograd_image(float *v, const float *x, const float *mask, int relu, const ck_tiles *s,
                                  size_t first, size_t count) {
  const size_t rows = s->result_height + 2, next = rows * s->channels, plane = count * next;
  for (size_t i = 0; i < rows; i++, v += s->channels) {
    const size_t row = i - s->top, at = row * s->width * s->channels;  // wraps above the image
    if (row >= s->height) {
      for (size_t tile = 0; tile < 6 * count; tile++) memset(v + tile * next, 0, s->channels * sizeof *v);
    } else if (mask) {
      transform_row(v, plane, next, x + at, mask + at, s, first, count, 0);
    } else if (relu) {
      transform_row(v, plane, next, x + at, NULL, s, first, count, 1);
    } else {
      transform_row(v, plane, next, x + at, NULL, s, first, count, 0);
    }
  }
}

// y = A^T m.
KERNEL void kernel_winograd_results(float *y, const float *m, const ck_tiles *s, size_t first, size_t count,
                                    const ck_finish *finish) {
  const size_t plane = count * s->result_height * s->results;
  for (size_t column = 4 * first; column < 4 * (first + count); column += 4) {
    for (size_t row = 0; row < s->result_height; row++) {
      for (size_t k = 0; k < s->results; k += CK_LANES, m += CK_LANES) {
        vector e[6];
        UNROLLED for (size_t i = 0; i < 6; i++) e[i] = load(m + i * plane);
        const vector bias = finish->bias ? load(finish->bias + k) : (vector){0};
        const vector sum_a = e[1] + e[2], sum_b = e[3] + e[4];
        const vector difference_a = A * (e[1] - e[2]), difference_b = B * (e[3] - e[4]);
        const vector result[4] = {bias + e[0] + sum_a + sum_b, bias + difference_a + difference_b,
                                  bias + 0.5f * sum_a + 2.0f * sum_b,
                                  bias + 0.5f * difference_a + 2.0f * difference_b + e[5]};
        UNROLLED for (size_t j = 0; j < 4; j++) {
          if (column + j >= s->result_width) continue;  // the rest of a tile
          const size_t here = (row * s->result_width + column + j) * s->results + k;
          vector value = result[j];
          if (finish->relu) value = rectified(value);
          if (finish->mask) value = masked(value, finish->mask + here);
          if (finish->added) value += load(finish->added + here);
          store(y + here, value);
        }
      }
    }
  }
}

// m = A dy, what the gradient of y means for the products; db += the sum of dy.
KERNEL void kernel_winograd_gradient(float *m, float *db, const float *dy, const float *mask, const ck_tiles *s,
                                     size_t first, size_t count) {
  const size_t plane = count * s->result_height * s->results;
  for (size_t column = 4 * first; column < 4 * (first + count); column += 4) {
    for (size_t row = 0; row < s->result_height; row++) {
      for (size_t k = 0; k < s->results; k += CK_LANES, m += CK_LANES) {
        vector d[4];
        UNROLLED for (size_t j = 0; j < 4; j++) {
          const size_t here = (row * s->result_width + column + j) * s->results + k;
          d[j] = (vector){0};
          if (column + j >= s->result_width) continue;
          d[j] = mask ? masked(load(dy + here), mask + here) : load(dy + here);
        }
        const vector even_a = d[0] + 0.5f * d[2], odd_a = A * (d[1] + 0.5f * d[3]);
        const vector even_b = d[0] + 2.0f * d[2], odd_b = B * (d[1] + 2.0f * d[3]);
        store(m, d[0]);
        store(m + plane, even_a + odd_a);
        store(m + 2 * plane, even_a - odd_a);
        store(m + 3 * plane, even_b + odd_b);
        store(m + 4 * plane, even_b - odd_b);
        store(m + 5 * plane, d[3]);
        if (db) store(db + k, load(db + k) + ((d[0] + d[1]) + (d[2] + d[3])));
      }
    }
  }
}

// u = G g; w `[3, 3, n]`, u `[6, 3, n]`.
KERNEL void kernel_winograd_weights(float *u, const float *w, size_t n) {
  for (size_t line = 0; line < 3; line++, u += n, w += 3 * n) {
    for (size_t k = 0; k < n; k += CK_LANES) {
      const vector left = load(w + k), middle = load(w + n + k), right = load(w + 2 * n + k);
      const vector even_a = left + 0.5f * right, even_b = left + 2.0f * right;
      store(u + k, left);
      store(u + 3 * n + k, (even_a + A * middle) * (-2 / 3.0f));
      store(u + 6 * n + k, (even_a - A * middle) * (-2 / 3.0f));
      store(u + 9 * n + k, (even_b + B * middle) * (1 / 6.0f));
      store(u + 12 * n + k, (even_b - B * middle) * (1 / 6.0f));
      store(u + 15 * n + k, right);
    }
  }
}

// dg += G^T du.
KERNEL void kernel_winograd_weight_gradient(float *dw, const float *du, size_t n) {
  for (size_t line = 0; line < 3; line++, du += n, dw += 3 * n) {
    for (size_t k = 0; k < n; k += CK_LANES) {
      vector e[6];
      UNROLLED for (size_t i = 0; i < 6; i++) e[i] = load(du + 3 * i * n + k);
      const vector sum_a = (e[1] + e[2]) * (-2 / 3.0f), sum_b = (e[3] + e[4]) * (1 / 6.0f);
      const vector difference_a = (e[1] - e[2]) * (-2 / 3.0f), difference_b = (e[3] - e[4]) * (1 / 6.0f);
      store(dw + k, load(dw + k) + (e[0] + sum_a + sum_b));
      store(dw + n + k, load(dw + n + k) + (A * difference_a + B * difference_b));
      store(dw + 2 * n + k, load(dw + 2 * n + k) + (0.5f * sum_a + 2.0f * sum_b + e[5]));
    }
  }
}
#undef A
#undef B
