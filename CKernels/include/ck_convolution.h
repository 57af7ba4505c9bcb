/// Two-dimensional convolution, channels last, with the operations that surround it in residual networks.
///
/// There are three ways, and what is convolved decides which. 3x3 of stride 1 between channels in sixteens does with half the
/// multiplications (minimal filtering). Other results in sixteens (outputs in the forward pass, inputs in the gradient with
/// respect to x) come from the images directly, at the speed of large matrix products. The rest goes through a matrix of
/// patches and BLAS.
#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H
#include <stddef.h>
#include <stdint.h>

/// One convolution. Output sizes follow from the rest; `ck_convolution_make` fills them in, and leaves the flags at 0.
typedef struct {
  size_t height, width, inputs;            ///< input image `[height, width, inputs]`
  size_t kernel_height, kernel_width;      ///< weights `[kernel_height, kernel_width, inputs, outputs]`
  size_t outputs;
  size_t stride;
  size_t pad_top, pad_left, pad_bottom, pad_right;  ///< zeros around the image
  size_t output_height, output_width;
  int relu_input;   ///< max(x, 0) is convolved, for floats
  int relu_output;  ///< y = max(convolution + b, 0)
} ck_convolution;

/// Output size: floor((size + padding - kernel) / stride) + 1. Precondition: the kernel fits the padded image, stride >= 1.
ck_convolution ck_convolution_make(size_t height, size_t width, size_t inputs, size_t kernel_height,
                                   size_t kernel_width, size_t outputs, size_t stride, size_t pad_top, size_t pad_left,
                                   size_t pad_bottom, size_t pad_right);

/// Scratch floats that any of the functions below needs, whatever the number of images.
size_t ck_convolution_workspace(const ck_convolution *c);

/// What is convolved: floats, or bytes that count as `scale * byte`. The pointer to the others is NULL.
typedef struct {
  const float *floats;
  const uint8_t *bytes;
  float scale;
} ck_images;

/// y = residual + relu(conv(relu(x), w) + b), where the flags ask for the ReLUs.
///
/// y and residual `[images, output_height, output_width, outputs]`, x `[images, height, width, inputs]`, b `[outputs]`;
/// residual and b may be NULL.
void ck_convolution_forward(float *y, ck_images x, const float *w, const float *b, const float *residual,
                            float *workspace, const ck_convolution *c, size_t images);

/// dx += conv'(dy, w), dw += correlation(x, dy), db += sum of dy over images and pixels, through the ReLUs. Any of dx, dw
/// and db may be NULL; dx is, where x is bytes.
///
/// y is what the forward pass gave without a residual; it is read where `relu_output` is set. A residual's gradient is dy
/// itself.
void ck_convolution_backward(float *dx, float *dw, float *db, const float *dy, ck_images x, const float *y,
                             const float *w, float *workspace, const ck_convolution *c, size_t images);

#endif
