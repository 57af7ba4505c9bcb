/// Two-dimensional convolution, channels last.
#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H
#include <stddef.h>
#include <stdint.h>

/// Geometry of one convolution. Output sizes follow from the rest; `ck_convolution_make` fills them in.
typedef struct {
  size_t height, width, inputs;            ///< input image `[height, width, inputs]`
  size_t kernel_height, kernel_width;      ///< weights `[kernel_height, kernel_width, inputs, outputs]`
  size_t outputs;
  size_t stride;
  size_t pad_top, pad_left, pad_bottom, pad_right;  ///< zeros around the image
  size_t output_height, output_width;
} ck_convolution;

/// Output size: floor((size + padding - kernel) / stride) + 1. Precondition: the kernel fits the padded image, stride >= 1.
ck_convolution ck_convolution_make(size_t height, size_t width, size_t inputs, size_t kernel_height,
                                   size_t kernel_width, size_t outputs, size_t stride, size_t pad_top, size_t pad_left,
                                   size_t pad_bottom, size_t pad_right);

/// Scratch floats that any of the functions below needs. It does not grow with `images`: images are processed in slices.
size_t ck_convolution_workspace(const ck_convolution *c);

/// y = conv(x, w) + b.  y `[images, output_height, output_width, outputs]`, x `[images, height, width, inputs]`,
/// b `[outputs]` or NULL.
void ck_convolution_forward(float *restrict y, const float *restrict x, const float *restrict w,
                            const float *restrict b, float *restrict workspace, const ck_convolution *c, size_t images);

/// The same for bytes: x is read as `scale * byte`.
void ck_convolution_forward_u8(float *restrict y, const uint8_t *restrict x, float scale, const float *restrict w,
                               const float *restrict b, float *restrict workspace, const ck_convolution *c,
                               size_t images);

/// dx += conv'(dy, w), dw += correlation(x, dy), db += sum of dy over images and pixels. Any of dx, dw, db may be NULL.
void ck_convolution_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                             const float *restrict x, const float *restrict w, float *restrict workspace,
                             const ck_convolution *c, size_t images);

/// The same for bytes, which have no gradient of their own.
void ck_convolution_backward_u8(float *restrict dw, float *restrict db, const float *restrict dy,
                                const uint8_t *restrict x, float scale, float *restrict workspace,
                                const ck_convolution *c, size_t images);

#endif
