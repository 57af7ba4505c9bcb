/// Philox 4x32-10 (Salmon et al. 2011): random numbers that are addressed, not drawn.
///
/// The key is the run's seed. The counter is an address, four words: block within the draw; step, low 32 bits; stream;
/// purpose (8 bits) in the top byte with bits 32...55 of the step below it. Nothing is carried from call to call, so a
/// checkpoint needs no generator state, and any thread may ask for any number.
#ifndef CK_RANDOM_H
#define CK_RANDOM_H
#include <stddef.h>
#include <stdint.h>

/// Where a draw lives.
typedef struct {
  uint64_t seed;
  uint64_t step;     ///< environment steps or updates, below 2^56
  uint32_t stream;   ///< hash of (task, replica, generation), or of a parameter's name
  uint8_t purpose;   ///< what the numbers are for
} ck_address;

/// One block of the generator: out[4] from counter[4] and key[2].
void ck_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/// Block `block` of the draw at `address`: four words.
void ck_random_block(uint32_t out[4], ck_address address, uint32_t block);

/// u in [0, 1): the top 24 bits of word i of the draw, times 2^-24.
void ck_random_uniform(float *u, ck_address address, size_t n);

/// Whole numbers below `limit`, all as likely as another but for limit / 2^32.  Precondition: limit >= 1.
void ck_random_below(uint32_t *numbers, ck_address address, uint32_t limit, size_t n);

/// Standard normal numbers (Box and Muller), in pairs of words, arithmetic in double.
void ck_random_normal(float *z, ck_address address, size_t n);

/// Normal numbers, redrawn where |z| > 2 (each from its own sequence of blocks).
void ck_random_truncated_normal(float *z, ck_address address, size_t n);

#endif
