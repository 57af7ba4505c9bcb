#include "ck_optimizer.h"

// A norm that is NaN gives NaN: the step that follows then shows it instead of hiding it.
float ck_clip_factor(double norm, double limit) { return norm <= limit ? 1.0f : (float)(limit / norm); }
