KERNEL void kernel_lstm_cell_forward(float *h_new, float *c_new, float *gates, const float *c, size_t rows,
                                     size_t hidden) {
  for (size_t row = 0; row < rows; row++, h_new += hidden, c_new += hidden, c += hidden, gates += 4 * hidden) {
    float *input = gates, *cell = gates + hidden, *forget = gates + 2 * hidden, *output = gates + 3 * hidden;
    INDEPENDENT
    for (size_t j = 0; j < hidden; j++) {
      const float i = sigmoid_lane(input[j]);
      const float g = tanh_lane(cell[j]);
      const float f = sigmoid_lane(forget[j] + 1.0f);
      const float o = sigmoid_lane(output[j]);
      const float next = f * c[j] + i * g;
      input[j] = i;
      cell[j] = g;
      forget[j] = f;
      output[j] = o;
      c_new[j] = next;
      h_new[j] = o * tanh_lane(next);
    }
  }
}

KERNEL void kernel_lstm_cell_backward(float *restrict dgates, float *restrict dc, const float *restrict dh,
                                      const float *restrict gates, const float *restrict c_new,
                                      const float *restrict c, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; row++) {
    INDEPENDENT
    for (size_t j = 0; j < hidden; j++) {
      const size_t at = row * hidden + j;
      const size_t input = 4 * row * hidden + j, cell = input + hidden;
      const size_t forget = cell + hidden, output = forget + hidden;
      const float i = gates[input], g = gates[cell], f = gates[forget], o = gates[output];
      const float squashed = tanh_lane(c_new[at]);
      const float dc_new = dc[at] + dh[at] * o * (1.0f - squashed * squashed);
      dgates[input] = dc_new * g * i * (1.0f - i);
      dgates[cell] = dc_new * i * (1.0f - g * g);
      dgates[forget] = dc_new * c[at] * f * (1.0f - f);
      dgates[output] = dh[at] * squashed * o * (1.0f - o);
      dc[at] = dc_new * f;
    }
  }
}
