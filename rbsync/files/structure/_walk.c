/* Pictures that lie in memory, walked to their end in one call: plain C over a buffer of the caller.
 *
 * compiled_walk.py loads it with ctypes. Each walk knows the common form of its kind alone and says
 * WHOLE of that; all else is UNSURE, and the modules beside this file say what is wrong, if
 * anything. So nothing is refused here, and the two can differ in speed only.
 */
#include <stdint.h>

#if defined(_WIN32)
void *PyInit__walk(void) { return 0; }
#else
#include <string.h>

#define API __attribute__((visibility("default")))

typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__walk(void) { return 0; }

enum { UNSURE = 0, WHOLE = 1 };

static uint32_t big(const byte *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little(const byte *at) {
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* Checksums of PNG (its annex D): tables[n] is that of a byte with n zeros behind it. */
static uint32_t tables[8][256];

__attribute__((constructor)) static void make_tables(void) {
    for (uint32_t one = 0; one < 256; one++) {
        uint32_t sum = one;
        for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xEDB88320u ^ sum >> 1 : sum >> 1;
        tables[0][one] = sum;
    }
    for (int zeros = 1; zeros < 8; zeros++)
        for (int one = 0; one < 256; one++) {
            uint32_t last = tables[zeros - 1][one];
            tables[zeros][one] = last >> 8 ^ tables[0][last & 255];
        }
}

static uint32_t sum_by_tables(uint32_t sum, const byte *at, i64 length) {
    for (; length >= 8; at += 8, length -= 8) {
        uint32_t low = sum ^ little(at), high = little(at + 4);
        sum = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
              tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
              tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    for (; length > 0; at++, length--) sum = sum >> 8 ^ tables[0][(sum ^ *at) & 255];
    return sum;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define FOLDED __attribute__((target("pclmul,sse4.1")))

/* Multiplies both halves by the powers of x that move them over what follows, and adds that. */
FOLDED static __m128i fold(__m128i sum, __m128i powers, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(sum, powers, 0x00);
    __m128i high = _mm_clmulepi64_si128(sum, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

FOLDED static __m128i load(const byte *at) { return _mm_loadu_si128((const __m128i *)at); }

#if defined(__GNUC__) && __GNUC__ >= 9
#define FOLDED_BY_4 __attribute__((target("vpclmulqdq,avx512f")))
enum { WIDE = 256 };

FOLDED_BY_4 static __m512i fold_4(__m512i sums, __m512i powers, __m512i next) {
    __m512i low = _mm512_clmulepi64_epi128(sums, powers, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(sums, powers, 0x11);
    return _mm512_xor_si512(_mm512_xor_si512(low, high), next);
}

/* Folds what begins with the 64 bytes that are in `own` into those, as far as 256 go; returns how
 * many bytes that were. With a large picture in the page cache this is half of all that is done. */
FOLDED_BY_4 static i64 fold_wide(__m128i *own, const byte *at, i64 length) {
    const __m512i by_256 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x1322D1430, 0x11542778A));
    const __m512i by_64 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x1C6E41596, 0x154442BD4));
    __m512i all[4] = {_mm512_loadu_si512(own), _mm512_loadu_si512(at + 64),
                      _mm512_loadu_si512(at + 128), _mm512_loadu_si512(at + 192)};
    i64 used = WIDE;
    for (; used + WIDE <= length; used += WIDE)
        for (int one = 0; one < 4; one++)
            all[one] = fold_4(all[one], by_256, _mm512_loadu_si512(at + used + 64 * one));
    for (int one = 1; one < 4; one++) all[0] = fold_4(all[0], by_64, all[one]);
    _mm512_storeu_si512(own, all[0]);
    return used;
}

static int has_wide(void) {
    return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f");
}
#else
enum { WIDE = 64 };
#define fold_wide(own, at, length) WIDE
#define has_wide() 0
#endif

/* The sum of whole blocks of 16 bytes, 64 at least, by products without carry (V. Gopal and
 * others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"). With tables
 * it takes longer than reading and hashing the file. */
FOLDED static uint32_t sum_by_products(uint32_t sum, const byte *at, i64 length) {
    const __m128i by_64 = _mm_set_epi64x(0x1C6E41596, 0x154442BD4);
    const __m128i by_16 = _mm_set_epi64x(0x0CCAA009E, 0x1751997D0);
    const __m128i by_8 = _mm_set_epi64x(0, 0x163CD6124);
    const __m128i divisor = _mm_set_epi64x(0x1F7011641, 0x1DB710641);
    const __m128i low = _mm_set_epi32(0, -1, 0, -1);
    __m128i own[4];
    for (int one = 0; one < 4; one++) own[one] = load(at + 16 * one);
    own[0] = _mm_xor_si128(own[0], _mm_cvtsi32_si128((int)sum));
    i64 used = length >= WIDE && has_wide() ? fold_wide(own, at, length) : 64;
    for (at += used, length -= used; length >= 64; at += 64, length -= 64)
        for (int one = 0; one < 4; one++) own[one] = fold(own[one], by_64, load(at + 16 * one));
    __m128i all = own[0];
    for (int one = 1; one < 4; one++) all = fold(all, by_16, own[one]);
    for (; length >= 16; at += 16, length -= 16) all = fold(all, by_16, load(at));
    all = _mm_xor_si128(_mm_srli_si128(all, 8), _mm_clmulepi64_si128(all, by_16, 0x10));
    all = _mm_xor_si128(_mm_srli_si128(all, 4),
                        _mm_clmulepi64_si128(_mm_and_si128(all, low), by_8, 0x00));
    __m128i whole = _mm_clmulepi64_si128(_mm_and_si128(all, low), divisor, 0x10);
    whole = _mm_clmulepi64_si128(_mm_and_si128(whole, low), divisor, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(all, whole), 1);
}

static uint32_t sum_of(uint32_t sum, const byte *at, i64 length) {
    if (length >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        i64 blocks = length & ~(i64)15;
        sum = sum_by_products(sum, at, blocks);
        at += blocks;
        length -= blocks;
    }
    return sum_by_tables(sum, at, length);
}
#else
#define sum_of sum_by_tables
#endif

API uint32_t checksum(uint32_t sum, const byte *at, i64 length) {
    return ~sum_of(~sum, at, length);
}

/* Bit 5 of the first letter of an ancillary chunk; no decoder is stopped by a damaged one. */
enum { ANCILLARY = 32, FRAME = 12, SIGNATURE = 8, HEADER = 13 };

static int is_name(const byte *at) {
    for (int one = 0; one < 4; one++)
        if ((unsigned)((at[one] | 32) - 'a') > 25) return 0;
    return 1;
}

/* A walk over a PNG that comes piece by piece: the chunk it is in. A file larger than one buffer is
 * read once for its digest, and reading it again would take as long as that. */
typedef struct {
    i64 left;        /* bytes of the chunk's name and data that are still to come */
    uint32_t sum;    /* of those that came */
    int32_t held;    /* bytes of `frame` that came: a checksum (after the first chunk), length, name */
    int32_t needed;  /* whether the chunk stops decoders when it is damaged */
    int32_t pixels, ending;
    byte frame[FRAME];
} Png;

enum { COMING = 2 };

static int start_png(Png *png, const byte *file, i64 size) {
    if (size < SIGNATURE + FRAME + HEADER) return UNSURE;
    if (big(file + SIGNATURE) != HEADER || memcmp(file + SIGNATURE + 4, "IHDR", 4)) return UNSURE;
    memset(png, 0, sizeof *png);
    png->held = 4; /* no checksum stands before the first chunk */
    return big(file + SIGNATURE + 8) && big(file + SIGNATURE + 12) ? COMING : UNSURE;
}

/* Takes what lies between the data of two chunks. */
static int next_chunk(Png *png) {
    const byte *name = png->frame + 8;
    if (png->needed && png->sum != big(png->frame)) return UNSURE;
    if (!is_name(name)) return UNSURE;
    png->pixels |= !memcmp(name, "IDAT", 4);
    png->ending = !memcmp(name, "IEND", 4);
    png->needed = !(*name & ANCILLARY);
    png->sum = checksum(0, name, 4);
    png->left = big(png->frame + 4);
    png->held = 0;
    return COMING;
}

/* The sum of IEND is the last that is needed; what follows it may be anything. */
static int end_png(const Png *png) {
    return png->pixels && png->sum == big(png->frame) ? WHOLE : UNSURE;
}

static i64 smaller(i64 one, i64 other) { return one < other ? one : other; }

static int feed_png(Png *png, const byte *at, i64 size) {
    int state = COMING;
    while (size && state == COMING) {
        i64 taken;
        if (png->left) {
            taken = smaller(png->left, size);
            if (png->needed) png->sum = checksum(png->sum, at, taken);
            png->left -= taken;
        } else {
            i64 wanted = (png->ending ? 4 : FRAME) - png->held;
            taken = smaller(wanted, size);
            memcpy(png->frame + png->held, at, (size_t)taken);
            png->held += (int32_t)taken;
            if (taken == wanted) state = png->ending ? end_png(png) : next_chunk(png);
        }
        at += taken;
        size -= taken;
    }
    return state;
}

/* A PNG whose chunks come to IEND, with pixels among them and none of the needed ones damaged.
 * COMING after a piece that is not the last; `room` keeps the walk between them. */
API int walk_png_piece(Png *room, const byte *piece, i64 size, int is_first) {
    if (is_first) {
        if (start_png(room, piece, size) == UNSURE) return UNSURE;
        piece += SIGNATURE;
        size -= SIGNATURE;
    }
    return feed_png(room, piece, size);
}

API int walk_png(const byte *file, i64 size) {
    Png png;
    return walk_png_piece(&png, file, size, 1);
}

enum { TAIL = 64, SCAN = 0xDA, END = 0xD9 };

/* C4, C8 and CC lie among the frames and are tables. */
static int is_frame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static int ends(const byte *file, i64 size) {
    for (i64 at = size - TAIL; at + 1 < size; at++)
        if (file[at] == 0xFF && file[at + 1] == END) return WHOLE;
    return UNSURE;
}

/* A JPEG with a frame, a scan, and EOI at its very end. */
API int walk_jpeg(const byte *file, i64 size) {
    int framed = 0;
    for (i64 at = 2; at + 4 <= size;) {
        int marker = file[at + 1], length = file[at + 2] << 8 | file[at + 3];
        /* Fill bytes and markers without a length are rare: left to the other walk. */
        if (file[at] != 0xFF || marker == 0xFF || marker == 1 || length < 2) return UNSURE;
        if (marker >= 0xD0 && marker <= END) return UNSURE;
        i64 next = at + 2 + length;
        if (next > size) return UNSURE;
        if (is_frame(marker)) {
            if (length < 8 || !(file[at + 7] | file[at + 8]) || !file[at + 9]) return UNSURE;
            framed = 1;
        }
        if (marker == SCAN) return framed && size - TAIL > next ? ends(file, size) : UNSURE;
        at = next;
    }
    return UNSURE;
}

/* A BMP of a common header (40 bytes and more), rows of a fixed length, and all of them. */
API int walk_bmp(const byte *file, i64 size) {
    if (size < 34) return UNSURE;
    i64 begin = little(file + 10), width = (int32_t)little(file + 18);
    i64 height = (int32_t)little(file + 22);
    uint32_t header = little(file + 14), packed = little(file + 30);
    int depth = file[28] | file[29] << 8;
    if (header != 40 && header != 108 && header != 124) return UNSURE;
    if (width <= 0 || !height || (packed && packed != 3)) return UNSURE;
    if (depth != 1 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
        return UNSURE;
    i64 stride = (width * depth + 31) / 32 * 4;
    /* A header may tell of 2^31 rows of 2^33 bytes: that product has no room in 64 bits, and what is
     * left of it may be less than a file of 100 bytes has. */
    return stride <= (size - begin) / (height < 0 ? -height : height) ? WHOLE : UNSURE;
}
#endif
