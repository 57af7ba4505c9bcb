/// How a worker's process begins, with nothing of its host but four descriptors.
#ifndef CWORKERS_CHILD_H
#define CWORKERS_CHILD_H
#include <sys/types.h>

#include "cworkers.h"

/// Descriptors that the child is given lie above its fixed numbers, so that no dup2 there overwrites one still needed.
enum { FIRST_FREE = CWORKERS_DONE + 1 };

/// Starts the process. `given` are its ends, in the order of their fixed numbers, each at least `FIRST_FREE`.
int cworkers_spawn(pid_t *pid, const cworkers_program *program, const int given[4]);

#endif
