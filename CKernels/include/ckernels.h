/// The kernels of Polymath: the arithmetic of multi-task deep reinforcement learning, in C11 over OpenBLAS.
///
/// Memory. Every buffer belongs to the caller. No kernel allocates, keeps a pointer after it returns, prints, or
/// touches a global (the dispatch table of `ck_dispatch.h` is written once, before `main`). Scratch space is an argument
/// whose size a `..._workspace` function gives, in floats. Buffers don't overlap unless a comment says that they may.
///
/// Layout. Row-major float32. Images are channels last, `[N, H, W, C]`. Sequences are time-major, `[T, B, ...]`.
/// Linear weights are `[in, out]`, convolution weights `[kernel_h, kernel_w, in, out]`. A mask or a flag is one byte, 0 or 1.
///
/// Naming. `ck_<operation>_forward` and `ck_<operation>_backward` stand side by side. Outputs come first, then inputs,
/// then sizes, then scalars. `dx` is the gradient of the loss with respect to `x`. **Backward adds** into its outputs,
/// so that a value used twice needs no bookkeeping; forward overwrites. A gradient that may be NULL is skipped.
///
/// Numbers. Inputs are finite unless a comment says otherwise. The order of every summation is fixed by the sizes and
/// by the kernel level, so equal inputs give equal bits on any thread. sgemm rounds differently for other
/// batch sizes, at other positions within a batch, and on other OpenBLAS cores.
///
/// Threads. Any number of threads may call any kernel on buffers of their own: parallelism is above the kernels. OpenBLAS
/// is therefore told, before `main`, to use the calling thread only; its own threads would wait for each other in busy
/// loops, and change bits. A thread sets its floating-point mode once with `ck_flush_denormals`.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_activation.h"
#include "ck_convolution.h"
#include "ck_dispatch.h"
#include "ck_heads.h"
#include "ck_linear.h"
#include "ck_modules.h"
#include "ck_normal.h"
#include "ck_optimizer.h"
#include "ck_pooling.h"
#include "ck_random.h"
#include "ck_recurrent.h"
#include "ck_reduce.h"
#include "ck_scan.h"
#include "ck_softmax.h"
#include "ck_solve.h"

#endif
