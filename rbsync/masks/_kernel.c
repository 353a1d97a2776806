/* Rings, look-up and JSON text of class-index pictures: plain C over buffers that the caller owns.
 *
 * No Python header is needed and nothing is allocated: kernel.py loads this with ctypes, which
 * releases the interpreter lock around every call. The pure twin of each function is in NumPy
 * (lookup.py, cracks.py, text.py) and gives the same output.
 */
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define API __declspec(dllexport)
#define INLINE static __forceinline
#else
#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#endif

typedef uint32_t u32;
typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__kernel(void) { return 0; }

/* Every function below is compiled once for each size of a pixel: `size` is always a constant. */
INLINE u32 load(const byte *row, i64 x, int size) {
    if (size == 1) return row[x];
    if (size == 2) return ((const uint16_t *)row)[x];
    return ((const u32 *)row)[x];
}

INLINE void store(byte *row, i64 x, int size, u32 value) {
    if (size == 1) row[x] = (byte)value;
    else if (size == 2) ((uint16_t *)row)[x] = (uint16_t)value;
    else ((u32 *)row)[x] = value;
}

INLINE u32 colour_at(const byte *pixel) {
    return pixel[0] | (u32)pixel[1] << 8 | (u32)pixel[2] << 16;
}

/* Where the run of equal pixels that begins at `i` ends; of four bytes, alpha counts as well. */
INLINE i64 run_end(const byte *colours, int step, i64 i, i64 count) {
    i64 end = i + 1;
    if (step == 3) {
        u32 colour = colour_at(colours + 3 * i);
        while (end < count && colour_at(colours + 3 * end) == colour) end++;
        return end;
    }
    u32 pixel, other;
    uint64_t two;
    memcpy(&pixel, colours + 4 * i, 4);
    for (; end + 2 <= count; end += 2) {
        memcpy(&two, colours + 4 * end, 8);
        if (two != (pixel | (uint64_t)pixel << 32)) break;
    }
    for (; end < count; end++) {
        memcpy(&other, colours + 4 * end, 4);
        if (other != pixel) break;
    }
    return end;
}

enum { MIX = 0x9e3779b1 };
#define NOBODY 0xffffffffu

/* The class of a colour, NOBODY for one that is not there: the slots are those of colour_table.py. */
INLINE u32 class_of(const u32 *slots, int bits, u32 colour) {
    u32 at = colour * (u32)MIX >> (32 - bits);
    while (slots[2 * at] != colour) {
        if (slots[2 * at] == NOBODY) return NOBODY;
        at = (at + 1) & (((u32)1 << bits) - 1);
    }
    return slots[2 * at + 1];
}

/* Colours of `step` 3 or 4 bytes -> classes. Gives the position of the first colour that is not
 * declared, or `count`. */
INLINE i64 classify(const byte *colours, int step, i64 count, const u32 *slots, int bits,
                    byte *out, int size) {
    for (i64 i = 0, end; i < count; i = end) {
        u32 value = class_of(slots, bits, colour_at(colours + i * step));
        if (value == NOBODY) return i;
        end = run_end(colours, step, i, count);
        for (i64 k = i; k < end; k++) store(out, k, size, value);
    }
    return count;
}

API i64 rb_classify(const byte *colours, int step, i64 count, const u32 *slots, int bits,
                    byte *out, int size) {
    if (size == 1) return classify(colours, step, count, slots, bits, out, 1);
    if (size == 2) return classify(colours, step, count, slots, bits, out, 2);
    return classify(colours, step, count, slots, bits, out, 4);
}

/* Whether the eight bytes from here on are those before them again. */
INLINE int repeats(const byte *data) {
    uint64_t before, here;
    memcpy(&before, data - 8, 8);
    memcpy(&here, data, 8);
    return before == here;
}

/* Marks the classes that occur in `seen`; gives 0 if there is one that has no place there. */
INLINE i64 mark(const byte *pixels, i64 count, byte *seen, i64 places, int size) {
    const i64 block = 8 / size;
    for (i64 i = 0; i < count;) {
        if (i >= block && i + block <= count && repeats(pixels + i * size)) {
            i += block;
            continue;
        }
        u32 value = load(pixels, i++, size);
        if (value >= places) return 0;
        seen[value] = 1;
    }
    return 1;
}

API i64 rb_mark(const byte *pixels, int size, i64 count, byte *seen, i64 places) {
    if (size == 1) return mark(pixels, count, seen, places, 1);
    if (size == 2) return mark(pixels, count, seen, places, 2);
    return mark(pixels, count, seen, places, 4);
}

/* Classes -> what `table` has for each, in numbers of `out_size` bytes. 0 where it has none. */
INLINE i64 renumber(const byte *pixels, i64 count, const u32 *table, i64 places, byte *out,
                    int size, int out_size) {
    const i64 block = 8 / size, step = block * out_size;
    for (i64 i = 0; i < count;) {
        if (i >= block && i + block <= count && repeats(pixels + i * size)) {
            memcpy(out + i * out_size, out + i * out_size - step, step);
            i += block;
        } else {
            const u32 class = load(pixels, i, size);
            if (class >= places) return 0;
            store(out, i, out_size, table[class]);
            i++;
        }
    }
    return 1;
}

API i64 rb_renumber(const byte *pixels, int size, i64 count, const u32 *table, i64 places,
                    byte *out, int out_size) {
    switch (size * 8 + out_size) {
    case 8 + 1: return renumber(pixels, count, table, places, out, 1, 1);
    case 16 + 1: return renumber(pixels, count, table, places, out, 2, 1);
    case 16 + 2: return renumber(pixels, count, table, places, out, 2, 2);
    case 32 + 1: return renumber(pixels, count, table, places, out, 4, 1);
    case 32 + 2: return renumber(pixels, count, table, places, out, 4, 2);
    default: return renumber(pixels, count, table, places, out, 4, 4);
    }
}

typedef struct { const byte *pixels; i64 width, height; const byte *empty; } Picture;

INLINE const byte *row_of(const Picture *p, i64 y, int size) {
    return y < 0 || y >= p->height ? p->empty : p->pixels + y * p->width * size;
}

INLINE u32 at(const Picture *p, i64 x, i64 y, int size) {
    if ((uint64_t)x >= (uint64_t)p->width || (uint64_t)y >= (uint64_t)p->height) return 0;
    return load(p->pixels, y * p->width + x, size);
}

/* The next column from x on where two rows differ: eight bytes at a time where the compiler can say
 * which of them is the first. */
INLINE i64 next_crack(const byte *above, const byte *below, i64 x, i64 width, int size) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (const i64 block = 8 / size; x + block <= width; x += block) {
        uint64_t a, b;
        memcpy(&a, above + x * size, 8);
        memcpy(&b, below + x * size, 8);
        if (a != b) return x + __builtin_ctzll(a ^ b) / (8 * size);
    }
#endif
    while (x < width && load(above, x, size) == load(below, x, size)) x++;
    return x;
}

/* The number of ring corners: every horizontal run of boundary has one at each end. */
INLINE i64 corners(const Picture *p, int size) {
    i64 runs = 0;
    for (i64 y = 0; y <= p->height; y++) {
        const byte *above = row_of(p, y - 1, size), *below = row_of(p, y, size);
        i64 x = 0;
        while ((x = next_crack(above, below, x, p->width, size)) < p->width) {
            u32 a = load(above, x, size), b = load(below, x, size);
            u32 a1 = x ? load(above, x - 1, size) : 0, b1 = x ? load(below, x - 1, size) : 0;
            runs += a && (a1 != a || b1 == a);
            runs += b && (b1 != b || a1 == b);
            x++;
        }
    }
    return 2 * runs;
}

API i64 rb_corners(const byte *pixels, int size, i64 width, i64 height, const byte *empty) {
    Picture p = {pixels, width, height, empty};
    return size == 1 ? corners(&p, 1) : size == 2 ? corners(&p, 2) : corners(&p, 4);
}

typedef struct { i64 key, position; } Saddle;

typedef struct {
    byte *marks;                 /* (height + 1, width): what of the grid was walked */
    int32_t *stack;              /* corners of the walk that is under way */
    Saddle *saddles;             /* diagonal corners that it passed once, innermost last */
    int32_t *vertices;           /* finished rings, one after the other */
    i64 *counts;
    u32 *values;
    byte *holes;
    i64 vertex_count, ring_count;
} Trace;

/* A finished ring, turned to begin at its topmost, then leftmost corner. There an exterior goes
 * right and a hole goes down, because the class lies to the right of the way. */
static void emit(Trace *t, const int32_t *ring, i64 count, u32 value) {
    i64 first = 0;
    for (i64 i = 1; i < count; i++) {
        const int32_t *v = ring + 2 * i, *best = ring + 2 * first;
        if (v[1] < best[1] || (v[1] == best[1] && v[0] < best[0])) first = i;
    }
    int32_t *out = t->vertices + 2 * t->vertex_count;
    memcpy(out, ring + 2 * first, 8 * (count - first));
    memcpy(out + 2 * (count - first), ring, 8 * first);
    t->counts[t->ring_count] = count;
    t->values[t->ring_count] = value;
    t->holes[t->ring_count++] = out[0] == out[2];
    t->vertex_count += count;
}

enum { TOP = 1, BOTTOM = 2, DIAGONAL = 4 };

/* A corner where the class meets itself on a diagonal. Passed for the second time in one walk, it
 * closes a ring of its own: all since the first pass. Such loops nest, hence the stack. */
static i64 pass_saddle(Trace *t, byte *marks, i64 vertex, int axis, i64 count, i64 *open, u32 value) {
    if (!(marks[vertex] & DIAGONAL << axis)) {
        marks[vertex] |= DIAGONAL << axis;
        t->saddles[(*open)++] = (Saddle){vertex * 2 + axis, count};
        return count;
    }
    for (;;) {
        Saddle s = t->saddles[--*open];
        marks[s.key >> 1] &= ~(DIAGONAL << (s.key & 1));
        if (s.key != vertex * 2 + axis) continue;
        emit(t, t->stack + 2 * s.position, count - s.position, value);
        return s.position;
    }
}

/* Once round, the class on the right hand, with a right turn wherever there is one (so that
 * pixels that share only a corner stay apart). Headings: 0 right, 1 down, 2 left, 3 up. */
INLINE void walk(const Picture *p, Trace *t, i64 x, i64 y, int heading, u32 value, int size) {
    static const int step_x[4] = {1, 0, -1, 0}, step_y[4] = {0, 1, 0, -1};
    static const int right_x[4] = {0, -1, -1, 0}, right_y[4] = {0, 0, -1, -1};
    const i64 start_x = x, start_y = y, width = p->width;
    const int start = heading;
    i64 count = 0, open = 0;
    do {
        if (!(heading & 1)) t->marks[y * width + x - (heading >> 1)] |= heading ? BOTTOM : TOP;
        x += step_x[heading];
        y += step_y[heading];
        int turned = (heading + 3) & 3;
        int left_is_class = at(p, x + right_x[turned], y + right_y[turned], size) == value;
        if (at(p, x + right_x[heading], y + right_y[heading], size) != value) {
            if (left_is_class)
                count = pass_saddle(t, t->marks, y * width + x, heading & 1, count, &open, value);
            turned = (heading + 1) & 3;
        } else if (!left_is_class) {
            continue;
        }
        t->stack[2 * count] = (int32_t)x;
        t->stack[2 * count++ + 1] = (int32_t)y;
        heading = turned;
    } while (x != start_x || y != start_y || heading != start);
    while (open) {
        Saddle s = t->saddles[--open];
        t->marks[s.key >> 1] &= ~(DIAGONAL << (s.key & 1));
    }
    emit(t, t->stack, count, value);
}

/* Whether a pixel that differs from the one above differs from its other neighbours as well. */
INLINE int is_alone(const Picture *p, i64 x, i64 y, u32 value, int size) {
    return at(p, x - 1, y, size) != value && at(p, x + 1, y, size) != value &&
           at(p, x, y + 1, size) != value;
}

/* The ring of one pixel, which noise is made of, without a walk. */
static void emit_square(const Picture *p, Trace *t, i64 x, i64 y, u32 value) {
    const int32_t left = (int32_t)x, top = (int32_t)y;
    const int32_t ring[8] = {left, top, left + 1, top, left + 1, top + 1, left, top + 1};
    memcpy(t->vertices + 2 * t->vertex_count, ring, sizeof ring);
    t->vertex_count += 4;
    t->counts[t->ring_count] = 4;
    t->values[t->ring_count] = value;
    t->holes[t->ring_count++] = 0;
    t->marks[(y + 1) * p->width + x] |= BOTTOM;
}

INLINE i64 trace(const Picture *p, Trace *t, int size) {
    for (i64 y = 0; y <= p->height; y++) {
        const byte *above = row_of(p, y - 1, size), *below = row_of(p, y, size);
        const byte *marks = t->marks + y * p->width;
        i64 x = 0;
        while ((x = next_crack(above, below, x, p->width, size)) < p->width) {
            u32 a = load(above, x, size), b = load(below, x, size);
            if (b && !(marks[x] & TOP)) {
                if (is_alone(p, x, y, b, size)) emit_square(p, t, x, y, b);
                else walk(p, t, x, y, 0, b, size);
            }
            if (a && !(marks[x] & BOTTOM)) walk(p, t, x + 1, y, 2, a, size);
            x++;
        }
    }
    return t->ring_count;
}

API i64 rb_trace(const byte *pixels, int size, i64 width, i64 height, const byte *empty,
                 byte *marks, int32_t *stack, Saddle *saddles, int32_t *vertices, i64 *counts,
                 u32 *values, byte *holes) {
    Picture p = {pixels, width, height, empty};
    Trace t = {marks, stack, saddles, vertices, counts, values, holes, 0, 0};
    return size == 1 ? trace(&p, &t, 1) : size == 2 ? trace(&p, &t, 2) : trace(&p, &t, 4);
}

static byte *write_number(byte *out, u32 number) {
    int digits = 1;
    for (u32 rest = number; rest >= 10; rest /= 10) digits++;
    for (int i = digits - 1; i >= 0; i--, number /= 10) out[i] = (byte)('0' + number % 10);
    return out + digits;
}

/* "[[x,y],...],[...]" of `rings` rings, and where the text of each ends; gives the number of bytes
 * written. */
API i64 rb_write_rings(const int32_t *vertices, const i64 *firsts, const i64 *counts, i64 rings,
                       byte *out, i64 *ends) {
    byte *p = out;
    for (i64 r = 0; r < rings; r++) {
        const int32_t *v = vertices + 2 * firsts[r];
        if (r) *p++ = ',';
        *p++ = '[';
        for (i64 i = 0; i < counts[r]; i++, v += 2) {
            if (i) *p++ = ',';
            *p++ = '[';
            p = write_number(p, (u32)v[0]);
            *p++ = ',';
            p = write_number(p, (u32)v[1]);
            *p++ = ']';
        }
        *p++ = ']';
        ends[r] = p - out;
    }
    return p - out;
}
