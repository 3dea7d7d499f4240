#include "ble/sim_random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void sim_random_seed(struct sim_random *random, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    uint64_t mixed = splitmix64(&state) ^ (stream * UINT64_C(0xd1342543de82ef95));

    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix64(&mixed);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

uint64_t sim_random_bits(struct sim_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double sim_random_between(struct sim_random *random, double low, double high)
{
    return low + (high - low) * ((double)(sim_random_bits(random) >> 11) * 0x1p-53);
}

bool sim_random_chance(struct sim_random *random, double probability)
{
    return sim_random_between(random, 0, 1) < probability;
}

double sim_random_normal(struct sim_random *random)
{
    double sum = 0;

    /* Twelve uniforms of 16 bits: variance 12 / 12 (Irwin-Hall). */
    for (int draw = 0; draw < 3; draw++) {
        uint64_t bits = sim_random_bits(random);
        for (int part = 0; part < 4; part++, bits >>= 16)
            sum += ((double)(bits & 0xffff) + 0.5) * 0x1p-16;
    }
    return sum - 6;
}

double sim_random_wait(struct sim_random *random, double mean)
{
    return -mean * log(1 - sim_random_between(random, 0, 1));
}
