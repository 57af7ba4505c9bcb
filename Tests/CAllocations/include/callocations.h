/// Counts what a program takes from the heap, by standing before glibc's allocator. For tests alone.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H
#include <stddef.h>

/// Allocations of the calling thread since it started, growth of a block as one, and the bytes asked for. Both stay 0
/// where a sanitizer has the allocator.
typedef struct {
  size_t count, bytes;
} callocations;

callocations callocations_so_far(void);

#endif
