// Preloaded into the daemon (LD_PRELOAD): every write and sync of a file comes 0 to 8 ms late. kill -9 leaves the page cache whole, so on a
// quick machine what was acknowledged too early is written a few microseconds later anyway, and no kill would hit the gap.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <time.h>

static void be_late(void) {
  static atomic_uint calls;
  const unsigned n = atomic_fetch_add(&calls, 1) * 2654435761u;  // Knuth's multiplicative hash: no two neighbours alike
  const struct timespec pause = {0, (long)(n >> 16) % 8000 * 1000};
  nanosleep(&pause, 0);
}

#define LATE(result, name, parameters, arguments)                     \
  result name parameters {                                            \
    static result(*real) parameters;                                  \
    if (real == 0) real = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
    be_late();                                                        \
    return real arguments;                                            \
  }

LATE(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t offset), (fd, bytes, size, offset))
LATE(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t offset), (fd, bytes, size, offset))
LATE(int, fdatasync, (int fd), (fd))
