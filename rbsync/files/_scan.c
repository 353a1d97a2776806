/* The content of a folder in one call, and of small files in it: plain C over buffers of the caller.
 *
 * compiled_scan.py loads it with ctypes, which releases the interpreter lock around the call, so
 * that two threads list two folders at once, or hash the files of two. The pure twins are
 * `pure_scan` in listing.py, which lists the same in the same order, and `hash_files` in hashing.py.
 */
#if defined(_WIN32)
void *PyInit__scan(void) { return 0; }
#else
/* Where a long has 32 bits, a folder could not be listed for one file of 2 GiB, or one of 2040. */
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../digests/xxh3.h"

_Static_assert(sizeof(off_t) == sizeof(int64_t), "large files could not be listed");

#define API __attribute__((visibility("default")))

typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__scan(void) { return 0; }

#if defined(__APPLE__)
#define MTIME st_mtimespec
#define CTIME st_ctimespec
#else
#define MTIME st_mtim
#define CTIME st_ctim
#endif

enum { SECOND = 1000000000 };

/* Nanoseconds; what is before the year 1677 or past 2262 is at that end, as `clipped` in
 * file_facts.py has it. Disks that keep 64 bits of seconds have such times of a wrong clock. */
static i64 nanoseconds(struct timespec at) {
    i64 seconds = at.tv_sec, rest = at.tv_nsec, all;
    /* In the first second that fits, what counts up from its beginning begins outside. */
    if (seconds < 0) seconds++, rest -= SECOND;
    if (__builtin_mul_overflow(seconds, SECOND, &all) || __builtin_add_overflow(all, rest, &all))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return all;
}

enum { TOO_SMALL = -1 };

typedef struct {
    byte *at;
    i64 size, used;
} Text;

static int put(Text *text, const char *name) {
    i64 length = (i64)strlen(name) + 1;
    if (text->used + length > text->size) return TOO_SMALL;
    memcpy(text->at + text->used, name, (size_t)length);
    text->used += length;
    return 0;
}

static int put_kind(Text *rest, const char *kind, const char *name) {
    return put(rest, kind) || put(rest, name) ? TOO_SMALL : 0;
}

static int put_link(int folder, Text *rest, const char *name) {
    char target[PATH_MAX + 1];
    i64 length = readlinkat(folder, name, target, PATH_MAX);
    if (length < 0) return errno;
    target[length] = 0;
    return put_kind(rest, "l", name) || put(rest, target) ? TOO_SMALL : 0;
}

static void put_stat(i64 *own, const struct stat *found) {
    own[0] = found->st_size;
    own[1] = nanoseconds(found->MTIME);
    own[2] = nanoseconds(found->CTIME);
    own[3] = (i64)((uint64_t)found->st_ino & INT64_MAX);
}

static int put_file(int folder, Text *names, i64 *stats, i64 room, i64 *count, const char *name) {
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW)) return errno;
    if (*count >= room || put(names, name)) return TOO_SMALL;
    put_stat(stats + 4 * (*count)++, &found);
    return 0;
}

/* The kind of an entry; some disks do not tell it with the name. -1 where errno says why not. */
static int kind_of(int folder, const struct dirent *entry) {
    struct stat found;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type;
    if (fstatat(folder, entry->d_name, &found, AT_SYMLINK_NOFOLLOW)) return -1;
    if (S_ISREG(found.st_mode)) return DT_REG;
    if (S_ISDIR(found.st_mode)) return DT_DIR;
    return S_ISLNK(found.st_mode) ? DT_LNK : DT_FIFO;
}

/* Lists an open folder: files in `names` and `stats` (size, mtime, ctime, inode), what else there
 * is in `rest` (d, l or o, the name, and of a link its target). `lengths` takes the files, and the
 * bytes of names and rest. Returns 0, the system's error, or TOO_SMALL. */
API int scan_folder(int descriptor, byte *names, i64 names_size, i64 *stats, i64 room, byte *rest,
                    i64 rest_size, i64 *lengths) {
    Text own = {names, names_size, 0}, others = {rest, rest_size, 0};
    i64 count = 0;
    int failed = 0, copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return errno;
    DIR *folder = fdopendir(copy);
    if (!folder) {
        failed = errno;
        close(copy);
        return failed;
    }
    while (!failed) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            failed = errno;
            break;
        }
        const char *name = entry->d_name;
        if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
        switch (kind_of(copy, entry)) {
            case -1: failed = errno; break;
            case DT_REG: failed = put_file(copy, &own, stats, room, &count, name); break;
            case DT_DIR: failed = put_kind(&others, "d", name); break;
            case DT_LNK: failed = put_link(copy, &others, name); break;
            default: failed = put_kind(&others, "o", name);
        }
        /* Editors write a new file beside the old and rename it: it may be gone by now. */
        if (failed == ENOENT) failed = 0;
    }
    closedir(folder);
    lengths[0] = count;
    lengths[1] = own.used;
    lengths[2] = others.used;
    return failed;
}

/* Reads one file whole, if it is a plain one with bytes that fits and holds still; -1 if not. */
static i64 read_file(int folder, const char *name, byte *room, i64 size, i64 *stats) {
    struct stat found;
    i64 after[4], got = 0, more = 1;
    /* A pipe that somebody left in the folder would be waited for without O_NONBLOCK. */
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return -1;
    if (fstat(file, &found) || !S_ISREG(found.st_mode) || !found.st_size || found.st_size > size) {
        close(file);
        return -1;
    }
    put_stat(stats, &found);
    while (got < stats[0] && more > 0) {
        more = read(file, room + got, (size_t)(stats[0] - got));
        got += more > 0 ? more : 0;
    }
    int failed = fstat(file, &found);
    close(file);
    put_stat(after, &found);
    return failed || got < stats[0] || memcmp(stats, after, sizeof after) ? -1 : got;
}

/* The beginning of files of a kind, and who tells that such a file is whole; nobody where that need
 * not be told. hashing.py has the kinds and the walks. */
typedef struct {
    i64 length;
    byte start[8];
    i64 code;
    int (*walk)(const byte *file, i64 size);
} Known;

enum { UNSURE = 254, WHOLE = 1, PREAMBLE = 128, DIGEST = 16 };

/* The code of a file's kind, where it is one of the common ones and surely whole. */
static byte sure_kind(const Known *known, i64 count, const byte *file, i64 size) {
    /* What stands before this is anything, also the beginning of another kind. */
    if (size >= PREAMBLE + 4 && !memcmp(file + PREAMBLE, "DICM", 4)) return UNSURE;
    for (; count; known++, count--) {
        if (size < known->length || memcmp(file, known->start, (size_t)known->length)) continue;
        return !known->walk || known->walk(file, size) == WHOLE ? (byte)known->code : UNSURE;
    }
    return UNSURE;
}

/* Whether nobody waits for what is read; null where somebody surely does. */
static int has_gone(const int *flag) { return flag && __atomic_load_n(flag, __ATOMIC_RELAXED); }

/* Reads and hashes files of an open folder, whose names end in zeros. `stats` takes four numbers of
 * each (as of scan_folder), `digests` XXH3 of 128 bits unless it is null, `kinds` a code. Files of a
 * kind that is UNSURE are left in the room, one behind the other for as long as they fit: the caller
 * looks at them. A file that is not to be had so has the size -1, and the caller reads it. Returns
 * the number of files that were done: fewer, or none, once nobody waits. */
API i64 hash_files(int folder, const char *names, i64 count, const Known *known, i64 kinds_known,
                   byte *room, i64 size, i64 *stats, byte *digests, byte *kinds, const int *gone) {
    i64 used = 0, done = 0;
    for (; done < count && !has_gone(gone); done++, names += strlen(names) + 1) {
        byte *file = room + used;
        i64 *own = stats + 4 * done, got = read_file(folder, names, file, size - used, own);
        /* It may fit once the room is empty. */
        if (got < 0 && used && size - used < size / 2) return done;
        kinds[done] = UNSURE;
        if (got < 0) {
            own[0] = -1;
            continue;
        }
        if (digests) {
            put_digest(digests + DIGEST * done, xxh3_128(file, (u64)got));
            kinds[done] = sure_kind(known, kinds_known, file, got);
        }
        /* Most are known, and are read over each other where the processor has them at hand. */
        if (kinds[done] == UNSURE) used += got;
    }
    return done;
}

enum { PIECE = 1 << 18, COMING = 2 };

/* Looks at a file piece by piece; returns COMING for as long as it wants more. */
typedef int (*Walk)(void *room, const byte *piece, i64 size, int is_first);

/* Fills a room from an open file. Returns 0, or why it cannot: -1 at the end of the file. */
static int fill(int file, byte *room, i64 size) {
    for (i64 got = 0, more; got < size; got += more) {
        more = read(file, room + got, (size_t)(size - got));
        if (more < 0 && errno == EINTR) more = 0;
        else if (more <= 0) return more ? errno : -1;
    }
    return 0;
}

/* Hashes an open file of so many bytes, more than are in the room, of which the first are there: a
 * multiple of 1,024. Who walks may be nobody; the state of the walk is written to `state`. Returns 0,
 * the error of the system, -1 for a file that has become shorter, or -2 once nobody waits. */
API int hash_rest(int file, i64 size, byte *room, i64 got, Walk walk, void *walk_room, int *state,
                  byte *digest, const int *gone) {
    Stream stream;
    int first = 1;
    begin_stream(&stream);
    for (i64 left = size;; got = left < PIECE ? left : PIECE) {
        int failed = has_gone(gone) ? -2 : first ? 0 : fill(file, room, got);
        if (failed) return failed;
        if (walk && (first || *state == COMING)) *state = walk(walk_room, room, got, first);
        first = 0;
        left -= got;
        if (!left) break;
        take_piece(&stream, room, (u64)got);
    }
    put_digest(digest, take_last(&stream, room, (u64)got));
    return 0;
}
#endif
