// How a convolution keeps the multipliers busy.
//
// A core that starts two vector multiply-adds a cycle, each of which takes four cycles, needs eight of them under way, and
// can load two vectors a cycle meanwhile. So a product is cut into blocks of a few rows by one, two or four vectors of columns
// whose sums stay in registers from the first term to the last. A term costs one load a column vector, and one number a
// row, which is an operand of the multiply-add in memory: rows + vectors loads for rows * vectors multiply-adds. Nothing is
// packed or stored in between.
//
// Rows are the windows of pixels side by side (`add_windows`), or the numbers of one window (`add_weights`).
typedef float vector __attribute__((vector_size(4 * CK_LANES), aligned(4)));
typedef int32_t lanes __attribute__((vector_size(4 * CK_LANES), aligned(4)));
typedef uint8_t bytes __attribute__((vector_size(CK_LANES), aligned(1)));

// What fits the registers: rows of two vectors; where rows are few, of four, or there would not be enough to do at once;
// and rows of one, which only 512-bit vectors need, where sixteen columns are left.
enum {
  QUAD_ROWS = CK_REGISTERS == 32 ? 6 : 0,
  PAIR_ROWS = CK_REGISTERS == 32 ? 14 : 6,
  SINGLE_ROWS = 24,
  MOST_ROWS = 24,
  MOST_VECTORS = 4,
  LEAST_COLUMNS = CK_LANES == 16 ? 16 : 2 * CK_LANES,
  // Rows that share a pointer: it, it + step and it + 2 step are addressing modes. More pointers would not fit the general
  // registers, fewer would need an addition a row.
  SHARING = 3,
  // Terms from here to the weights that are asked for in advance: rows of wide ones lie too far apart for the processor to
  // see what comes next.
  AHEAD = 8,
};

INLINE vector load(const float *x) { return *(const vector *)x; }

INLINE void store(float *x, vector value) { *(vector *)x = value; }

// max(x, 0), and NaN for NaN.
INLINE vector rectified(vector x) { return (vector)((lanes)x & ~(lanes)(x < 0)); }

// x where the mask is above 0.
INLINE vector masked(vector x, const float *mask) { return (vector)((lanes)x & (lanes)(load(mask) > 0)); }

// Keeps the compiler from deriving a pointer from its neighbour at every use.
#define IN_REGISTER(pointer) __asm__("" : "+r"(pointer))

// sum[r] += x[r, k] w[k], k < terms, for rows whose numbers lie `step` floats apart.
INLINE void add_terms(vector sum[MOST_ROWS][MOST_VECTORS], const float *at[MOST_ROWS / SHARING], size_t step, const float *w,
                      size_t w_row, const size_t rows, const size_t vectors, const size_t terms) {
  UNROLLED for (size_t k = 0; k < terms; k++) {
    vector weight[MOST_VECTORS];
    UNROLLED for (size_t v = 0; v < vectors; v++) weight[v] = load(w + k * w_row + v * CK_LANES);
    if (vectors > 1) {
      UNROLLED for (size_t v = 0; v < vectors; v++) __builtin_prefetch(w + (k + AHEAD) * w_row + v * CK_LANES);
    }
    UNROLLED for (size_t r = 0; r < rows; r++) {
      UNROLLED for (size_t v = 0; v < vectors; v++) sum[r][v] += at[r / SHARING][r % SHARING * step + k] * weight[v];
    }
  }
  UNROLLED for (size_t group = 0; group < (rows + SHARING - 1) / SHARING; group++) {
    at[group] += terms;
    IN_REGISTER(at[group]);
  }
}

// Results of `rows` windows, `vectors` vectors wide from column `first` on: both counts are constants, here and below. The
// first result lies at `place`.
INLINE void add_windows(float *y, const float *x, const float *w, const ck_windows *s, const ck_finish *finish,
                        size_t place, size_t first, const size_t rows, const size_t vectors) {
  vector sum[MOST_ROWS][MOST_VECTORS];
  UNROLLED for (size_t v = 0; v < vectors; v++) {
    const vector start = finish->bias ? load(finish->bias + first + v * CK_LANES) : (vector){0};
    UNROLLED for (size_t r = 0; r < rows; r++) sum[r][v] = start;
  }
  for (size_t line = 0; line < s->lines; line++, x += s->x_line) {
    const float *at[MOST_ROWS / SHARING];
    UNROLLED for (size_t group = 0; group < (rows + SHARING - 1) / SHARING; group++) {
      at[group] = x + group * SHARING * s->x_column;
    }
    size_t k = 0;
    for (; k + 4 <= s->length; k += 4, w += 4 * s->w_row) add_terms(sum, at, s->x_column, w, s->w_row, rows, vectors, 4);
    for (; k < s->length; k++, w += s->w_row) add_terms(sum, at, s->x_column, w, s->w_row, rows, vectors, 1);
  }
#define EACH(statement)                                                       \
  UNROLLED for (size_t r = 0; r < rows; r++) {                                \
    UNROLLED for (size_t v = 0; v < vectors; v++) {                           \
      const size_t here = place + first + r * s->y_column + v * CK_LANES;             \
      (void)here;                                                             \
      statement;                                                              \
    }                                                                         \
  }
  if (finish->relu) EACH(sum[r][v] = rectified(sum[r][v]))
  if (finish->mask) EACH(sum[r][v] = masked(sum[r][v], finish->mask + here))
  if (finish->added) EACH(sum[r][v] += load(finish->added + here))
  EACH(store(y + here, sum[r][v]))
#undef EACH
}

// dw[k] += sum over pixels of x[pixel, k] dy[pixel], for `rows` numbers k side by side in a line of the window.
INLINE void add_weights(float *dw, const float *dy, const float *x, const ck_windows *s, const size_t rows,
                        const size_t vectors) {
  vector sum[MOST_ROWS][MOST_VECTORS];
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < vectors; v++) sum[r][v] = load(dw + r * s->w_row + v * CK_LANES);
  }
  for (size_t row = 0; row < s->rows; row++, x += s->x_row, dy += s->y_row) {
    const float *number = x, *gradient = dy;
    TWICE for (size_t column = 0; column < s->columns; column++, number += s->x_column, gradient += s->y_column) {
      vector g[MOST_VECTORS];
      UNROLLED for (size_t v = 0; v < vectors; v++) g[v] = load(gradient + v * CK_LANES);
      UNROLLED for (size_t r = 0; r < rows; r++) {
        UNROLLED for (size_t v = 0; v < vectors; v++) sum[r][v] += number[r] * g[v];
      }
    }
  }
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < vectors; v++) store(dw + r * s->w_row + v * CK_LANES, sum[r][v]);
  }
}

// A block of each number of rows that registers hold. `BLOCK(rows, vectors)` is one.
#define CASE(BLOCK, rows, vectors) \
  case rows: BLOCK(rows, vectors); break;
#define UP_TO_SIX(BLOCK, vectors)                                                          \
  CASE(BLOCK, 1, vectors) CASE(BLOCK, 2, vectors) CASE(BLOCK, 3, vectors) CASE(BLOCK, 4, vectors) \
  CASE(BLOCK, 5, vectors) CASE(BLOCK, 6, vectors)
#define UP_TO_FOURTEEN(BLOCK, vectors)                                                                \
  UP_TO_SIX(BLOCK, vectors) CASE(BLOCK, 7, vectors) CASE(BLOCK, 8, vectors) CASE(BLOCK, 9, vectors)   \
  CASE(BLOCK, 10, vectors) CASE(BLOCK, 11, vectors) CASE(BLOCK, 12, vectors) CASE(BLOCK, 13, vectors) \
  CASE(BLOCK, 14, vectors)
#define UP_TO_TWENTY_FOUR(BLOCK, vectors)                                                                   \
  UP_TO_FOURTEEN(BLOCK, vectors) CASE(BLOCK, 15, vectors) CASE(BLOCK, 16, vectors) CASE(BLOCK, 17, vectors) \
  CASE(BLOCK, 18, vectors) CASE(BLOCK, 19, vectors) CASE(BLOCK, 20, vectors) CASE(BLOCK, 21, vectors)       \
  CASE(BLOCK, 22, vectors) CASE(BLOCK, 23, vectors) CASE(BLOCK, 24, vectors)
#if CK_REGISTERS == 32
#define QUAD_BLOCKS(BLOCK) UP_TO_SIX(BLOCK, 4)
#define PAIR_BLOCKS(BLOCK) UP_TO_FOURTEEN(BLOCK, 2)
#else
#define QUAD_BLOCKS(BLOCK)
#define PAIR_BLOCKS(BLOCK) UP_TO_SIX(BLOCK, 2)
#endif
#if CK_LANES == 16
#define SINGLE_BLOCKS(BLOCK) UP_TO_TWENTY_FOUR(BLOCK, 1)
#else
#define SINGLE_BLOCKS(BLOCK)
#endif

// Vectors of a block's columns where `columns` are left, and its rows at most.
INLINE size_t block_vectors(size_t rows, size_t columns) {
  return rows <= QUAD_ROWS && columns >= 4 * CK_LANES ? 4 : columns >= 2 * CK_LANES ? 2 : 1;
}

INLINE size_t block_rows(size_t vectors) {
  return vectors == 4 ? QUAD_ROWS : vectors == 2 ? PAIR_ROWS : SINGLE_ROWS;
}

// All columns of a result of `total` rows, in blocks as equal as can be: `BLOCK` sees `first`, its first column, and
// `start`, its first row. Where fewer columns are left than the least block has, it begins earlier and makes some results
// a second time, which only results that are stored, and not added to, may be.
#define IN_BLOCKS(BLOCK, total, columns)                                                                    \
  for (size_t first = 0, vectors; first < (columns); first += vectors * CK_LANES) {                         \
    if ((columns) - first < LEAST_COLUMNS) first = (columns) - LEAST_COLUMNS;                               \
    vectors = block_vectors(total, (columns) - first);                                                      \
    const size_t blocks = ((total) + block_rows(vectors) - 1) / block_rows(vectors);                        \
    for (size_t i = 0; i < blocks; i++) {                                                                   \
      const size_t start = (total) * i / blocks, rows = (total) * (i + 1) / blocks - start;                 \
      if (vectors == 4) {                                                                                   \
        switch (rows) { QUAD_BLOCKS(BLOCK) }                                                                \
      } else if (vectors == 2) {                                                                            \
        switch (rows) { PAIR_BLOCKS(BLOCK) }                                                                \
      } else {                                                                                              \
        switch (rows) { SINGLE_BLOCKS(BLOCK) }                                                              \
      }                                                                                                     \
    }                                                                                                       \
  }
