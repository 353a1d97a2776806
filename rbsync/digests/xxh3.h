/* XXH3 of a message that lies in memory, with neither seed nor secret of one's own.
 *
 * Source: xxHash's specification, XXH3-64 and XXH3-128. The package xxhash computes the same; what
 * is hashed by the thousand is hashed here, without an object and a call of Python's for each.
 */
#ifndef RBSYNC_XXH3_H
#define RBSYNC_XXH3_H

#include <stdint.h>
#include <string.h>

/* Numbers stand in the message with their lowest byte first, in the digest with their highest. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE_32(number) (number)
#define LITTLE_64(number) (number)
#define BIG_64(number) __builtin_bswap64(number)
#else
#define LITTLE_32(number) __builtin_bswap32(number)
#define LITTLE_64(number) __builtin_bswap64(number)
#define BIG_64(number) (number)
#endif

typedef uint32_t u32;
typedef uint64_t u64;
typedef struct {
    u64 low, high;
} Digest;

enum { LANES = 8, STRIPE = 8 * LANES, STRIPES = 16, BLOCK = STRIPE * STRIPES, SECRET = 192 };

#define SMALL_1 0x9E3779B1u
#define SMALL_2 0x85EBCA77u
#define SMALL_3 0xC2B2AE3Du
#define PRIME_1 0x9E3779B185EBCA87u
#define PRIME_2 0xC2B2AE3D27D4EB4Fu
#define PRIME_3 0x165667B19E3779F9u
#define PRIME_4 0x85EBCA77C2B2AE63u
#define PRIME_5 0x27D4EB2F165667C5u
#define MIX_1 0x165667919E3779F9u
#define MIX_2 0x9FB21C651E98DF25u

/* The default secret. */
static const unsigned char secret[SECRET] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};

static inline u32 word(const unsigned char *at) {
    u32 found;
    memcpy(&found, at, sizeof found);
    return LITTLE_32(found);
}

static inline u64 wide(const unsigned char *at) {
    u64 found;
    memcpy(&found, at, sizeof found);
    return LITTLE_64(found);
}

static inline u64 secret_at(int offset) { return wide(secret + offset); }

#if defined(__SIZEOF_INT128__)
static inline Digest product(u64 one, u64 other) {
    unsigned __int128 all = (unsigned __int128)one * other;
    return (Digest){(u64)all, (u64)(all >> 64)};
}
#else
static inline Digest product(u64 one, u64 other) {
    u64 low = (u64)(u32)one * (u32)other, high = (one >> 32) * (other >> 32);
    u64 across = (one >> 32) * (u32)other + (low >> 32);
    u64 back = (u64)(u32)one * (other >> 32) + (u32)across;
    return (Digest){back << 32 | (u32)low, high + (across >> 32) + (back >> 32)};
}
#endif

static inline u64 folded(u64 one, u64 other) {
    Digest all = product(one, other);
    return all.low ^ all.high;
}

static inline u64 avalanche(u64 sum) {
    sum = (sum ^ sum >> 37) * MIX_1;
    return sum ^ sum >> 32;
}

static inline u64 old_avalanche(u64 sum) {
    sum = (sum ^ sum >> 33) * PRIME_2;
    sum = (sum ^ sum >> 29) * PRIME_3;
    return sum ^ sum >> 32;
}

static inline u64 turned(u64 sum, int bits) { return sum << bits | sum >> (64 - bits); }

static inline Digest of_nothing(void) {
    return (Digest){old_avalanche(secret_at(64) ^ secret_at(72)),
                    old_avalanche(secret_at(80) ^ secret_at(88))};
}

static inline Digest of_3(const unsigned char *at, u64 size) {
    u32 all = at[size - 1] | (u32)size << 8 | (u32)at[0] << 16 | (u32)at[size >> 1] << 24;
    u32 back = __builtin_bswap32(all);
    u64 low = (u64)(word(secret) ^ word(secret + 4)) ^ all;
    u64 high = (u64)(word(secret + 8) ^ word(secret + 12)) ^ (back << 13 | back >> 19);
    return (Digest){old_avalanche(low), old_avalanche(high)};
}

static inline Digest of_8(const unsigned char *at, u64 size) {
    u64 all = word(at) | (u64)word(at + size - 4) << 32;
    Digest sum = product(secret_at(16) ^ secret_at(24) ^ all, PRIME_1 + (size << 2));
    sum.high += sum.low << 1;
    sum.low ^= sum.high >> 3;
    sum.low = (sum.low ^ sum.low >> 35) * MIX_2;
    return (Digest){sum.low ^ sum.low >> 28, avalanche(sum.high)};
}

static inline Digest of_16(const unsigned char *at, u64 size) {
    u64 last = wide(at + size - 8);
    u64 one = secret_at(32) ^ secret_at(40) ^ wide(at) ^ last;
    u64 other = secret_at(48) ^ secret_at(56) ^ last;
    Digest sum = product(one, PRIME_1);
    sum.low += (size - 1) << 54;
    sum.high += other + (u64)(u32)other * (SMALL_2 - 1);
    sum.low ^= __builtin_bswap64(sum.high);
    Digest end = product(sum.low, PRIME_2);
    end.high += sum.high * PRIME_2;
    return (Digest){avalanche(end.low), avalanche(end.high)};
}

static inline u64 mixed(const unsigned char *at, int offset) {
    return folded(wide(at) ^ secret_at(offset), wide(at + 8) ^ secret_at(offset + 8));
}

static inline Digest mix(Digest sum, const unsigned char *one, const unsigned char *other,
                         int offset) {
    sum.low = (sum.low + mixed(one, offset)) ^ (wide(other) + wide(other + 8));
    sum.high = (sum.high + mixed(other, offset + 16)) ^ (wide(one) + wide(one + 8));
    return sum;
}

static inline Digest ended(Digest sum, u64 size) {
    u64 high = sum.low * PRIME_1 + sum.high * PRIME_4 + size * PRIME_2;
    return (Digest){avalanche(sum.low + sum.high), -avalanche(high)};
}

static inline Digest of_128(const unsigned char *at, u64 size) {
    Digest sum = {size * PRIME_1, 0};
    for (int one = (int)((size - 1) >> 5); one >= 0; one--)
        sum = mix(sum, at + 16 * one, at + size - 16 * one - 16, 32 * one);
    return ended(sum, size);
}

static inline Digest of_240(const unsigned char *at, u64 size) {
    Digest sum = {size * PRIME_1, 0};
    int pieces = (int)(size >> 5);
    for (int one = 0; one < 4; one++) sum = mix(sum, at + 32 * one, at + 32 * one + 16, 32 * one);
    sum = (Digest){avalanche(sum.low), avalanche(sum.high)};
    for (int one = 4; one < pieces; one++)
        sum = mix(sum, at + 32 * one, at + 32 * one + 16, 32 * (one - 4) + 3);
    /* The seed is taken off here, and is none. */
    return ended(mix(sum, at + size - 16, at + size - 32, 103), size);
}

#define PLAIN static inline __attribute__((always_inline))

PLAIN void take_stripe(u64 *sums, const unsigned char *at, const unsigned char *key) {
    for (int lane = 0; lane < LANES; lane++) {
        u64 own = wide(at + 8 * lane), mixed_in = own ^ wide(key + 8 * lane);
        sums[lane ^ 1] += own;
        sums[lane] += (u64)(u32)mixed_in * (mixed_in >> 32);
    }
}

PLAIN void scramble(u64 *sums) {
    const unsigned char *key = secret + SECRET - STRIPE;
    for (int lane = 0; lane < LANES; lane++)
        sums[lane] = (sums[lane] ^ sums[lane] >> 47 ^ wide(key + 8 * lane)) * SMALL_1;
}

static inline u64 merged(const u64 *sums, u64 begin, int offset) {
    for (int lane = 0; lane < LANES; lane += 2)
        begin += folded(sums[lane] ^ secret_at(offset + 8 * lane),
                        sums[lane + 1] ^ secret_at(offset + 8 * lane + 8));
    return avalanche(begin);
}

/* Takes whole blocks of a message that goes on behind them. */
PLAIN void take_blocks(u64 *sums, const unsigned char *at, const unsigned char *end) {
    for (; at < end; at += BLOCK) {
        for (int one = 0; one < STRIPES; one++)
            take_stripe(sums, at + STRIPE * one, secret + 8 * one);
        scramble(sums);
    }
}

/* Takes the rest, which is a block at most, and the last stripe of the whole message. */
PLAIN Digest take_end(u64 *sums, const unsigned char *at, const unsigned char *end,
                      const unsigned char *last, u64 size) {
    for (int one = 0; end - at > STRIPE; one++, at += STRIPE)
        take_stripe(sums, at, secret + 8 * one);
    take_stripe(sums, last, secret + SECRET - STRIPE - 7);
    return (Digest){merged(sums, size * PRIME_1, 11),
                    merged(sums, ~(size * PRIME_2), SECRET - STRIPE - 11)};
}

#define FIRST_SUMS {SMALL_3, PRIME_1, PRIME_2, PRIME_3, PRIME_4, SMALL_2, PRIME_5, SMALL_1}

/* Whole blocks by registers of all widths: which there are is known at run time alone. */
static void take_anywhere(u64 *sums, const unsigned char *at, const unsigned char *end) {
    u64 own[LANES];
    memcpy(own, sums, sizeof own);
    take_blocks(own, at, end);
    memcpy(sums, own, sizeof own);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define BY_4 __attribute__((target("avx2")))
#define BY_8 __attribute__((target("avx512f")))
#define SWAPPED _MM_PERM_BADC /* the halves of each pair */

BY_4 PLAIN __m256i load_4(const void *at) { return _mm256_loadu_si256((const __m256i *)at); }

BY_4 PLAIN __m256i take_4(__m256i sums, const unsigned char *at, const unsigned char *key) {
    __m256i own = load_4(at), mixed_in = _mm256_xor_si256(own, load_4(key));
    __m256i products = _mm256_mul_epu32(mixed_in, _mm256_srli_epi64(mixed_in, 32));
    return _mm256_add_epi64(_mm256_add_epi64(sums, _mm256_shuffle_epi32(own, SWAPPED)), products);
}

BY_4 PLAIN __m256i scramble_4(__m256i sums, const unsigned char *key) {
    __m256i prime = _mm256_set1_epi64x(SMALL_1), kept = _mm256_srli_epi64(sums, 47);
    sums = _mm256_xor_si256(_mm256_xor_si256(sums, kept), load_4(key));
    __m256i high = _mm256_mul_epu32(_mm256_srli_epi64(sums, 32), prime);
    return _mm256_add_epi64(_mm256_mul_epu32(sums, prime), _mm256_slli_epi64(high, 32));
}

BY_4 static void take_by_4(u64 *sums, const unsigned char *at, const unsigned char *end) {
    __m256i low = load_4(sums), high = load_4(sums + 4);
    for (; at < end; at += BLOCK) {
        for (int one = 0; one < STRIPES; one++) {
            low = take_4(low, at + STRIPE * one, secret + 8 * one);
            high = take_4(high, at + STRIPE * one + 32, secret + 8 * one + 32);
        }
        low = scramble_4(low, secret + SECRET - STRIPE);
        high = scramble_4(high, secret + SECRET - STRIPE + 32);
    }
    _mm256_storeu_si256((__m256i *)sums, low);
    _mm256_storeu_si256((__m256i *)(sums + 4), high);
}

BY_8 static void take_by_8(u64 *sums, const unsigned char *at, const unsigned char *end) {
    const __m512i prime = _mm512_set1_epi64(SMALL_1);
    __m512i all = _mm512_loadu_si512(sums);
    for (; at < end; at += BLOCK) {
        for (int one = 0; one < STRIPES; one++) {
            __m512i own = _mm512_loadu_si512(at + STRIPE * one);
            __m512i mixed_in = _mm512_xor_si512(own, _mm512_loadu_si512(secret + 8 * one));
            __m512i products = _mm512_mul_epu32(mixed_in, _mm512_srli_epi64(mixed_in, 32));
            all = _mm512_add_epi64(all, _mm512_shuffle_epi32(own, SWAPPED));
            all = _mm512_add_epi64(all, products);
        }
        __m512i key = _mm512_loadu_si512(secret + SECRET - STRIPE);
        all = _mm512_xor_si512(_mm512_xor_si512(all, _mm512_srli_epi64(all, 47)), key);
        __m512i high = _mm512_mul_epu32(_mm512_srli_epi64(all, 32), prime);
        all = _mm512_add_epi64(_mm512_mul_epu32(all, prime), _mm512_slli_epi64(high, 32));
    }
    _mm512_storeu_si512(sums, all);
}

static void take_here(u64 *sums, const unsigned char *at, const unsigned char *end) {
    if (__builtin_cpu_supports("avx512f")) take_by_8(sums, at, end);
    else if (__builtin_cpu_supports("avx2")) take_by_4(sums, at, end);
    else take_anywhere(sums, at, end);
}
#else
#define take_here take_anywhere
#endif

static Digest of_many(const unsigned char *at, u64 size) {
    u64 sums[LANES] = FIRST_SUMS;
    const unsigned char *end = at + size, *rest = at + (size - 1) / BLOCK * BLOCK;
    if (rest > at) take_here(sums, at, rest);
    return take_end(sums, rest, end, end - STRIPE, size);
}

static inline Digest xxh3_128(const unsigned char *at, u64 size) {
    if (size > 240) return of_many(at, size);
    if (size > 128) return of_240(at, size);
    if (size > 16) return of_128(at, size);
    if (size > 8) return of_16(at, size);
    if (size > 3) return of_8(at, size);
    return size ? of_3(at, size) : of_nothing();
}

/* Its lower half is the digest of 64 bits only for messages of some lengths. */
static inline u64 half_of_8(const unsigned char *at, u64 size) {
    u64 sum = secret_at(8) ^ secret_at(16) ^ (word(at + size - 4) | (u64)word(at) << 32);
    sum = (sum ^ turned(sum, 49) ^ turned(sum, 24)) * MIX_2;
    sum = (sum ^ ((sum >> 35) + size)) * MIX_2;
    return sum ^ sum >> 28;
}

static inline u64 half_of_16(const unsigned char *at, u64 size) {
    u64 low = secret_at(24) ^ secret_at(32) ^ wide(at);
    u64 high = secret_at(40) ^ secret_at(48) ^ wide(at + size - 8);
    return avalanche(size + __builtin_bswap64(low) + high + folded(low, high));
}

static inline u64 half_of_128(const unsigned char *at, u64 size) {
    u64 sum = size * PRIME_1;
    for (int one = (int)((size - 1) >> 5); one >= 0; one--)
        sum += mixed(at + 16 * one, 32 * one) + mixed(at + size - 16 * one - 16, 32 * one + 16);
    return avalanche(sum);
}

static inline u64 half_of_240(const unsigned char *at, u64 size) {
    u64 sum = size * PRIME_1;
    int pieces = (int)(size >> 4);
    for (int one = 0; one < 8; one++) sum += mixed(at + 16 * one, 16 * one);
    sum = avalanche(sum);
    for (int one = 8; one < pieces; one++) sum += mixed(at + 16 * one, 16 * (one - 8) + 3);
    return avalanche(sum + mixed(at + size - 16, 119));
}

static inline u64 xxh3_64(const unsigned char *at, u64 size) {
    if (size > 240 || (size && size < 4)) return xxh3_128(at, size).low;
    if (size > 128) return half_of_240(at, size);
    if (size > 16) return half_of_128(at, size);
    if (size > 8) return half_of_16(at, size);
    return size ? half_of_8(at, size) : old_avalanche(secret_at(56) ^ secret_at(64));
}

/* A message of more than a block that comes piece by piece: each but the last is of whole blocks, and
 * none is empty. */
typedef struct {
    u64 sums[LANES], size;
    unsigned char last[STRIPE];
} Stream;

static inline void begin_stream(Stream *stream) {
    *stream = (Stream){FIRST_SUMS, 0, {0}};
}

static inline void take_piece(Stream *stream, const unsigned char *at, u64 size) {
    take_here(stream->sums, at, at + size);
    memcpy(stream->last, at + size - STRIPE, STRIPE);
    stream->size += size;
}

static inline Digest take_last(Stream *stream, const unsigned char *at, u64 size) {
    const unsigned char *rest = at + (size - 1) / BLOCK * BLOCK, *end = at + size;
    u64 kept = size < STRIPE ? STRIPE - size : 0;
    take_here(stream->sums, at, rest);
    memmove(stream->last, stream->last + STRIPE - kept, kept);
    memcpy(stream->last + kept, end - (STRIPE - kept), STRIPE - kept);
    return take_end(stream->sums, rest, end, stream->last, stream->size + size);
}

/* A digest as it is written: the high half first, each with its highest byte first. */
static inline void put_digest(unsigned char *at, Digest digest) {
    u64 high = BIG_64(digest.high), low = BIG_64(digest.low);
    memcpy(at, &high, sizeof high);
    memcpy(at + sizeof high, &low, sizeof low);
}
#endif
