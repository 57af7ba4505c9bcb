// Products of rows that overlap, as the windows of a convolution do, with a matrix: sixteen columns at a time, all sums
// in registers.
typedef float vector __attribute__((vector_size(4 * CK_LANES), aligned(4)));

// A block of sums: its columns, registers a row, and rows. Eight registers of sums hide the latency of multiply-add.
enum { COLUMNS = 16, VECTORS = COLUMNS / CK_LANES, ROWS = CK_LANES == 4 ? 2 : CK_LANES == 8 ? 4 : 8 };

// Where the operands lie. A row of x is `lines` pieces of `length` values, the lines of a window; each has a row of w.
typedef struct {
  size_t lines, length;
  size_t x_row, x_line;  // floats from row to row, and from line to line within a row
  size_t w_row, y_row;
} product_shape;

// y[r, 0...15] += sum over k of x[r, k] w[k, 0...15] for `rows` rows, a constant.
INLINE void add_product_block(float *restrict y, const float *restrict x, const float *restrict w,
                              const product_shape *s, const size_t rows) {
  vector sum[ROWS][VECTORS];
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < VECTORS; v++) sum[r][v] = *(const vector *)(y + r * s->y_row + v * CK_LANES);
  }
  for (size_t line = 0; line < s->lines; line++, x += s->x_line) {
    for (size_t k = 0; k < s->length; k++, w += s->w_row) {
      vector weight[VECTORS];
      UNROLLED for (size_t v = 0; v < VECTORS; v++) weight[v] = *(const vector *)(w + v * CK_LANES);
      UNROLLED for (size_t r = 0; r < rows; r++) {
        UNROLLED for (size_t v = 0; v < VECTORS; v++) sum[r][v] += x[r * s->x_row + k] * weight[v];
      }
    }
  }
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < VECTORS; v++) *(vector *)(y + r * s->y_row + v * CK_LANES) = sum[r][v];
  }
}

// Any number of rows: full blocks, then one of each power of two that is left.
INLINE void add_product_rows(float *restrict y, const float *restrict x, const float *restrict w,
                             const product_shape *s, size_t rows) {
  for (; rows >= ROWS; rows -= ROWS, y += ROWS * s->y_row, x += ROWS * s->x_row) add_product_block(y, x, w, s, ROWS);
  // Conditions on ROWS are constants: no code is made for blocks that this level never leaves.
  if (ROWS > 4 && rows & 4) add_product_block(y, x, w, s, 4), y += 4 * s->y_row, x += 4 * s->x_row;
  if (ROWS > 2 && rows & 2) add_product_block(y, x, w, s, 2), y += 2 * s->y_row, x += 2 * s->x_row;
  if (rows & 1) add_product_block(y, x, w, s, 1);
}
