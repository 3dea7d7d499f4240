#include "fft.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define PASSES_MAX 16

/* cos and sin of 72° and 144°. */
#define COS_72  0.309016994374947424F
#define COS_144 (-0.809016994374947424F)
#define SIN_72  0.951056516295153572F
#define SIN_144 0.587785252292473129F

struct root {
    float re, im;
};

struct fft {
    size_t length, passes;
    size_t radix[PASSES_MAX];
    struct root *roots; /* e^(−2πik/length) */
    struct fft_point *points, *spare;
};

/* The twos first: a factor's turns are all by nothing in the last pass, and fives have the most. */
static bool factorise(struct fft *fft, size_t length)
{
    static const size_t factors[] = {2, 5};
    for (size_t i = 0; i < 2; i++) {
        for (; length % factors[i] == 0 && fft->passes < PASSES_MAX; length /= factors[i])
            fft->radix[fft->passes++] = factors[i];
    }
    return length == 1;
}

struct fft *fft_create(size_t length)
{
    struct fft *fft = calloc(1, sizeof *fft);
    if (!fft)
        return NULL;
    fft->length = length;
    fft->roots = calloc(length, sizeof *fft->roots);
    fft->points = calloc(length, sizeof *fft->points);
    fft->spare = calloc(length, sizeof *fft->spare);
    if (!fft->roots || !fft->points || !fft->spare || length == 0 || !factorise(fft, length)) {
        fft_destroy(fft);
        return NULL;
    }
    for (size_t k = 0; k < length; k++) {
        const double turn = 2 * M_PI * (double)k / (double)length;
        fft->roots[k] = (struct root){(float)cos(turn), (float)-sin(turn)};
    }
    return fft;
}

void fft_destroy(struct fft *fft)
{
    if (!fft)
        return;
    free(fft->roots);
    free(fft->points);
    free(fft->spare);
    free(fft);
}

struct fft_point *fft_input(struct fft *fft)
{
    return fft->points;
}

static inline struct fft_point add_points(struct fft_point a, struct fft_point b)
{
    return (struct fft_point){a.re + b.re, a.im + b.im};
}

static inline struct fft_point subtract(struct fft_point a, struct fft_point b)
{
    return (struct fft_point){a.re - b.re, a.im - b.im};
}

/* a·x + b·y */
static inline struct fft_point blend_points(float a, struct fft_point x, float b,
                                            struct fft_point y)
{
    return (struct fft_point){a * x.re + b * y.re, a * x.im + b * y.im};
}

static inline struct fft_point times_i(struct fft_point a)
{
    return (struct fft_point){-a.im, a.re};
}

static inline struct fft_point turn_point(struct fft_point a, struct root w)
{
    return (struct fft_point){w.re * a.re - w.im * a.im, w.re * a.im + w.im * a.re};
}

/* Two points `apart` become two `stride` apart, the second turned. */
static inline void transform_2(const struct fft_point *from, size_t apart, struct fft_point *to,
                               size_t stride, const struct root w[2])
{
    const struct fft_point a0 = from[0], a1 = from[apart];
    to[0] = add_points(a0, a1);
    to[stride] = turn_point(subtract(a0, a1), w[1]);
}

static inline void transform_5(const struct fft_point *from, size_t apart, struct fft_point *to,
                               size_t stride, const struct root w[5])
{
    const struct fft_point a0 = from[0], a1 = from[apart], a4 = from[4 * apart];
    const struct fft_point a2 = from[2 * apart], a3 = from[3 * apart];
    const struct fft_point near = add_points(a1, a4), far = add_points(a2, a3);
    const struct fft_point odd = subtract(a1, a4), odder = subtract(a2, a3);
    const struct fft_point re1 = add_points(a0, blend_points(COS_72, near, COS_144, far));
    const struct fft_point im1 = times_i(blend_points(SIN_72, odd, SIN_144, odder));
    const struct fft_point re2 = add_points(a0, blend_points(COS_144, near, COS_72, far));
    const struct fft_point im2 = times_i(blend_points(SIN_144, odd, -SIN_72, odder));
    to[0] = add_points(a0, add_points(near, far));
    to[stride] = turn_point(subtract(re1, im1), w[1]);
    to[2 * stride] = turn_point(subtract(re2, im2), w[2]);
    to[3 * stride] = turn_point(add_points(re2, im2), w[3]);
    to[4 * stride] = turn_point(add_points(re1, im1), w[4]);
}

/* The turns of the `p`th group of a pass: none where p is 0. */
static void find_turns(const struct fft *fft, size_t radix, size_t at, struct root w[5])
{
    for (size_t k = 0; k < radix; k++)
        w[k] = fft->roots[at * k];
}

static void pass_of_2(const struct fft *fft, size_t stride)
{
    struct root w[5];
    for (size_t p = 0; p < fft->length / (2 * stride); p++) {
        find_turns(fft, 2, stride * p, w);
        for (size_t q = stride * p; q < stride * (p + 1); q++)
            transform_2(fft->points + q, fft->length / 2, fft->spare + q + stride * p, stride, w);
    }
}

static void pass_of_5(const struct fft *fft, size_t stride)
{
    struct root w[5];
    for (size_t p = 0; p < fft->length / (5 * stride); p++) {
        find_turns(fft, 5, stride * p, w);
        for (size_t q = stride * p; q < stride * (p + 1); q++)
            transform_5(fft->points + q, fft->length / 5, fft->spare + q + 4 * stride * p, stride,
                        w);
    }
}

const struct fft_point *fft_forward(struct fft *fft)
{
    size_t stride = 1;
    for (size_t i = 0; i < fft->passes; i++) {
        struct fft_point *done = fft->spare;
        if (fft->radix[i] == 2)
            pass_of_2(fft, stride);
        else
            pass_of_5(fft, stride);
        stride *= fft->radix[i];
        fft->spare = fft->points;
        fft->points = done;
    }
    return fft->points;
}
