#include "test.h"

/// The definition, with the padding that TensorFlow calls SAME. Also gives the winner's index in the image.
static double reference(size_t *winner, uint8_t *element, const float *x, size_t row, size_t column, size_t channel,
                        size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  const long pad_top = (long)ck_same_pad_before(height, window, stride);
  const long pad_left = (long)ck_same_pad_before(width, window, stride);
  double best = -INFINITY;
  for (size_t k = 0; k < window * window; k++) {
    const long r = (long)(row * stride + k / window) - pad_top, c = (long)(column * stride + k % window) - pad_left;
    if (r < 0 || r >= (long)height || c < 0 || c >= (long)width) continue;
    const size_t at = ((size_t)r * width + (size_t)c) * channels + channel;
    if ((double)x[at] > best) best = (double)x[at], *winner = at, *element = (uint8_t)k;
  }
  return best;
}

static void test_pool(size_t images, size_t height, size_t width, size_t channels, size_t window, size_t stride,
                      int ties) {
  const size_t oh = ck_same_output(height, stride), ow = ck_same_output(width, stride);
  const size_t image = height * width * channels, ny = images * oh * ow * channels;
  float *x = noise(images * image, 1), *y = dirty(ny), *dy = noise(ny, 1), *dx = dirty(images * image);
  if (ties) {
    for (size_t i = 0; i < images * image; i++) x[i] = -(float)random_index(2) - 1;  // padding's zero would win
  }
  uint8_t *argmax = allocate(ny);
  memset(argmax, 0xff, ny);
  double *expected = allocate(images * image * sizeof *expected);
  for (size_t i = 0; i < images * image; i++) expected[i] = 0;
  ck_max_pool_forward(y, argmax, x, images, height, width, channels, window, stride);
  for (size_t i = 0; i < ny; i++) {
    const size_t channel = i % channels, column = i / channels % ow, row = i / channels / ow % oh;
    const size_t from = i / channels / ow / oh * image;
    size_t winner = 0;
    uint8_t element = 0;
    const double best =
        reference(&winner, &element, x + from, row, column, channel, height, width, channels, window, stride);
    check_close("pool", i, (double)y[i], best, 0);
    check_close("argmax", i, argmax[i], element, 0);
    expected[from + winner] += (double)dy[i];
  }
  ck_max_pool_backward(dx, dy, argmax, images, height, width, channels, window, stride);
  check_all("pool dx", dx, expected, images * image, 1e-6);
  float *again = dirty(ny);
  ck_max_pool_forward(again, NULL, x, images, height, width, channels, window, stride);
  check_true("without argmax", memcmp(again, y, ny * sizeof *y) == 0);
}

int main(void) {
  check_true("84 -> 42", ck_same_output(84, 2) == 42 && ck_same_pad_before(84, 3, 2) == 0);
  check_true("21 -> 11", ck_same_output(21, 2) == 11 && ck_same_pad_before(21, 3, 2) == 1);
  check_true("window below stride", ck_same_output(7, 3) == 3 && ck_same_pad_before(7, 1, 3) == 0);
  for (int ties = 0; ties < 2; ties++) {
    test_pool(1, 1, 1, 1, 1, 1, ties);
    test_pool(1, 1, 1, 1, 3, 2, ties);
    test_pool(2, 8, 8, 16, 3, 2, ties);
    test_pool(2, 7, 9, 5, 3, 2, ties);
    test_pool(1, 6, 5, 17, 3, 1, ties);
    test_pool(1, 9, 9, 3, 2, 3, ties);
    test_pool(1, 5, 4, 33, 5, 2, ties);
  }
  test_pool(1, 20, 20, 1, 15, 1, 0);
  return finish();
}
