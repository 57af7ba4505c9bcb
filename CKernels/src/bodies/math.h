// Elementary functions without branches, so that a loop over them vectorises. Polynomials: Moshier's Cephes library.

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// exp(x) = 2^k exp(r), k = round(x / ln 2), |r| <= ln 2 / 2.
INLINE float exp_lane(float x) {
  const float low = -87.33f, high = 88.73f;
  const float raised = x < low ? low : x;
  const float bounded = raised > high ? high : raised;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits
  const float shifted = bounded * 1.44269504f + magic;
  const float k = shifted - magic;
  const float r = (bounded - k * 0.693359375f) - k * -2.12194440e-4f;  // ln 2 in two parts, the first exact
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^k in two factors, as k = 128 alone has no float. Unsigned arithmetic: NaN has arbitrary bits here.
  const uint32_t power = bits_of(shifted) - bits_of(magic);
  const uint32_t half = (uint32_t)((int32_t)power >> 1);
  const float y = p * float_of((half + 127u) << 23) * float_of((power - half + 127u) << 23);
  return x < low ? 0.0f : y;
}

// log(x) = e ln 2 + log(m), m in [sqrt(1/2), sqrt(2)).
INLINE float log_lane(float x) {
  const uint32_t offset = bits_of(x) - 0x3f3504f3u;
  const int32_t exponent = (int32_t)offset >> 23;
  const float e = (float)exponent;
  const float r = float_of(bits_of(x) - ((uint32_t)exponent << 23)) - 1.0f;
  const float square = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  p = p * r * square + e * -2.12194440e-4f - 0.5f * square;
  return r + p + e * 0.693359375f;
}

INLINE float sigmoid_lane(float x) { return 1.0f / (1.0f + exp_lane(-x)); }

// Near zero a polynomial keeps the relative accuracy that 1 - 2 / (exp(2 |x|) + 1) loses.
INLINE float tanh_lane(float x) {
  const float magnitude = fabsf(x);
  const float far = copysignf(1.0f - 2.0f / (exp_lane(2.0f * magnitude) + 1.0f), x);
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float near = p * square * x + x;
  return magnitude < 0.625f ? near : far;
}
