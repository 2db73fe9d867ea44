/* What a process does to the files below one folder: counted, written down, and ended at a number.

   Loaded before the C library (LD_PRELOAD), so that it sees Python, Rust (the table library), SQLite
   and C++ alike. It is idle until watch_begin() is called:

   1. Each change (create, write, truncate, rename, unlink, mkdir, rmdir, link) and each flush is one
      line of a log: an operation, the file's inode, and what replay needs (see powercut.py).
   2. Before the change of a given number the process is killed (SIGKILL); 0 kills never.
   3. What is unlinked or replaced keeps a name in a folder aside: a power cut may bring it back.

   Not seen: writes of stdio's own buffers and of memory maps; powercut.py notices files that changed
   without a line. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char root[PATH_MAX], aside[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static long kill_before, seen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int watch_begin(const char *folder, const char *log, const char *kept, long number) {
  snprintf(root, sizeof root, "%s", folder);
  snprintf(aside, sizeof aside, "%s", kept);
  root_length = strlen(root);
  kill_before = number;
  seen = 0;
  log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  return log_fd;
}

long watch_count(void) { return seen; }

static int inside(const char *path) {
  return log_fd >= 0 && strncmp(path, root, root_length) == 0 &&
         (path[root_length] == '/' || path[root_length] == 0);
}

/* The whole path of a name relative to a folder's descriptor. */
static void whole(int at, const char *name, char *out) {
  char folder[PATH_MAX] = "";
  if (name[0] != '/') {
    if (at == AT_FDCWD) {
      if (!getcwd(folder, sizeof folder)) folder[0] = 0;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      ssize_t n = readlink(link, folder, sizeof folder - 1);
      folder[n < 0 ? 0 : n] = 0;
    }
    snprintf(out, PATH_MAX, "%.2000s/%.2000s", folder, name);
  } else {
    snprintf(out, PATH_MAX, "%.4000s", name);
  }
}

static int of_descriptor(int fd, char *out) {
  char link[64];
  if (log_fd < 0 || fd < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, out, PATH_MAX - 1);
  if (n < 0) return 0;
  out[n] = 0;
  char *gone = strstr(out, " (deleted)");
  if (gone) *gone = 0;
  return inside(out);
}

static unsigned long inode_of(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 ? s.st_ino : 0;
}

/* One more change is about to happen. */
static void before(void) {
  pthread_mutex_lock(&lock);
  if (++seen == kill_before) kill(getpid(), SIGKILL);
  pthread_mutex_unlock(&lock);
}

static void line(const char *format, ...) {
  char text[2 * PATH_MAX + 100];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (syscall(SYS_write, log_fd, text, n) != n) _exit(99);
}

static void keep(const char *path) {
  char kept[PATH_MAX + 32];
  unsigned long inode = inode_of(path);
  if (!inode) return;
  snprintf(kept, sizeof kept, "%s/%lu", aside, inode);
  syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0);
}

static int opened(int at, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  int (*real)(int, const char *, int, ...) = REAL(openat);
  if (log_fd < 0 || !(flags & (O_CREAT | O_TRUNC))) return real(at, name, flags, mode);
  int error = errno;
  whole(at, name, path);
  if (!inside(path)) return errno = error, real(at, name, flags, mode);
  int is_new = inode_of(path) == 0;
  if (is_new || (flags & O_TRUNC)) before();
  errno = error;
  int fd = real(at, name, flags, mode);
  if (fd >= 0 && is_new) line("C\t%lu\t%s\n", inode_of(path), path);
  if (fd >= 0 && !is_new && (flags & O_TRUNC)) line("T\t%lu\t0\n", inode_of(path));
  return fd;
}

#define MODE_OF(flags)                                     \
  mode_t mode = 0;                                         \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                   \
    va_list args;                                          \
    va_start(args, flags);                                 \
    mode = va_arg(args, mode_t);                           \
    va_end(args);                                          \
  }
int open(const char *p, int f, ...) { MODE_OF(f) return opened(AT_FDCWD, p, f, mode); }
int open64(const char *p, int f, ...) { MODE_OF(f) return opened(AT_FDCWD, p, f | O_LARGEFILE, mode); }
int openat(int at, const char *p, int f, ...) { MODE_OF(f) return opened(at, p, f, mode); }
int openat64(int at, const char *p, int f, ...) { MODE_OF(f) return opened(at, p, f | O_LARGEFILE, mode); }
int creat(const char *p, mode_t m) { return opened(AT_FDCWD, p, O_CREAT | O_WRONLY | O_TRUNC, m); }

static unsigned long inode_of_descriptor(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 ? s.st_ino : 0;
}

/* Where a write at the present position goes; -1 where it is none of ours. */
static off_t place(int fd) {
  char path[PATH_MAX];
  if (log_fd < 0 || fd == log_fd) return -1;
  int error = errno;
  off_t at = -1;
  if (of_descriptor(fd, path)) {
    int flags = fcntl(fd, F_GETFL);
    struct stat s;
    at = (flags & O_APPEND) && fstat(fd, &s) == 0 ? s.st_size : lseek(fd, 0, SEEK_CUR);
    before();
  }
  errno = error;
  return at;
}

static void wrote(int fd, off_t at, ssize_t n) {
  if (at >= 0 && n > 0) line("W\t%lu\t%ld\t%ld\n", inode_of_descriptor(fd), (long)at, (long)n);
}

ssize_t write(int fd, const void *data, size_t size) {
  off_t at = place(fd);
  ssize_t n = REAL(write)(fd, data, size);
  wrote(fd, at, n);
  return n;
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  off_t at = place(fd);
  ssize_t n = REAL(writev)(fd, parts, count);
  wrote(fd, at, n);
  return n;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t where) {
  off_t at = place(fd);
  ssize_t n = REAL(pwrite)(fd, data, size, where);
  wrote(fd, at < 0 ? -1 : where, n);
  return n;
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t where) { return pwrite(fd, data, size, where); }
ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  off_t at = place(to);
  ssize_t n = REAL(sendfile)(to, from, offset, count);
  wrote(to, at, n);
  return n;
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t count) { return sendfile(to, from, offset, count); }
ssize_t copy_file_range(int from, off_t *a, int to, off_t *b, size_t count, unsigned flags) {
  off_t at = b ? (place(to) < 0 ? -1 : *b) : place(to);
  ssize_t n = REAL(copy_file_range)(from, a, to, b, count, flags);
  wrote(to, at, n);
  return n;
}
int ftruncate(int fd, off_t size) {
  off_t at = place(fd);
  int done = REAL(ftruncate)(fd, size);
  if (at >= 0 && done == 0) line("T\t%lu\t%ld\n", inode_of_descriptor(fd), (long)size);
  return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int flushed(int fd, int (*real)(int)) {
  char path[PATH_MAX];
  if (of_descriptor(fd, path)) {
    before();
    int done = real(fd);
    struct stat s;
    if (done == 0 && fstat(fd, &s) == 0)
      line(S_ISDIR(s.st_mode) ? "D\t%lu\t%s\n" : "F\t%lu\t%s\n", (unsigned long)s.st_ino, path);
    return done;
  }
  return real(fd);
}
int fsync(int fd) { return flushed(fd, REAL(fsync)); }
int fdatasync(int fd) { return flushed(fd, REAL(fdatasync)); }

static int renamed(int at, const char *a, int to, const char *b, unsigned flags) {
  char one[PATH_MAX], two[PATH_MAX];
  if (log_fd < 0) return syscall(SYS_renameat2, at, a, to, b, flags);
  whole(at, a, one);
  whole(to, b, two);
  int ours = inside(one) || inside(two);
  unsigned long inode = ours ? inode_of(one) : 0;
  if (ours) before(), keep(two);
  int done = syscall(SYS_renameat2, at, a, to, b, flags);
  if (ours && done == 0) {
    int error = errno;
    line("R\t%lu\t%s\t%s\n", inode, one, two);
    errno = error;
  }
  return done;
}
int rename(const char *a, const char *b) { return renamed(AT_FDCWD, a, AT_FDCWD, b, 0); }
int renameat(int at, const char *a, int to, const char *b) { return renamed(at, a, to, b, 0); }
int renameat2(int at, const char *a, int to, const char *b, unsigned f) { return renamed(at, a, to, b, f); }

static int unlinked(int at, const char *name, int flags) {
  char path[PATH_MAX];
  if (log_fd < 0) return syscall(SYS_unlinkat, at, name, flags);
  whole(at, name, path);
  int ours = inside(path);
  unsigned long inode = ours ? inode_of(path) : 0;
  if (ours && inode) {
    before();
    if (!(flags & AT_REMOVEDIR)) keep(path);
  }
  int done = syscall(SYS_unlinkat, at, name, flags);
  if (ours && done == 0) line("U\t%lu\t%s\n", inode, path);
  return done;
}
int unlink(const char *p) { return unlinked(AT_FDCWD, p, 0); }
int unlinkat(int at, const char *p, int f) { return unlinked(at, p, f); }
int rmdir(const char *p) { return unlinked(AT_FDCWD, p, AT_REMOVEDIR); }
int remove(const char *p) {
  struct stat s;
  return lstat(p, &s) == 0 && S_ISDIR(s.st_mode) ? rmdir(p) : unlink(p);
}

int mkdirat(int at, const char *name, mode_t mode) {
  char path[PATH_MAX];
  if (log_fd < 0) return syscall(SYS_mkdirat, at, name, mode);
  whole(at, name, path);
  int ours = inside(path) && inode_of(path) == 0;
  if (ours) before();
  int done = syscall(SYS_mkdirat, at, name, mode);
  if (ours && done == 0) line("M\t%lu\t%s\n", inode_of(path), path);
  return done;
}
int mkdir(const char *p, mode_t m) { return mkdirat(AT_FDCWD, p, m); }

int linkat(int at, const char *a, int to, const char *b, int flags) {
  char path[PATH_MAX];
  if (log_fd < 0) return syscall(SYS_linkat, at, a, to, b, flags);
  whole(to, b, path);
  int ours = inside(path);
  if (ours) before();
  int done = syscall(SYS_linkat, at, a, to, b, flags);
  if (ours && done == 0) line("C\t%lu\t%s\n", inode_of(path), path);
  return done;
}
int link(const char *a, const char *b) { return linkat(AT_FDCWD, a, AT_FDCWD, b, 0); }
