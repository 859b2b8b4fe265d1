/* A file system without file locks, as some network shares are: LD_PRELOAD makes every lock fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
static int handle(const char *name, int fd, int cmd, void *arg) {
  if (cmd == F_SETLK || cmd == F_SETLKW) { errno = getenv("NOLOCK_ENOLCK") ? ENOLCK : EOPNOTSUPP; return -1; }
  int (*real)(int, int, void *) = dlsym(RTLD_NEXT, name); return real(fd, cmd, arg);
}
int fcntl(int fd, int cmd, ...) { va_list a; va_start(a, cmd); void *p = va_arg(a, void *); va_end(a); return handle("fcntl", fd, cmd, p); }
int fcntl64(int fd, int cmd, ...) { va_list a; va_start(a, cmd); void *p = va_arg(a, void *); va_end(a); return handle("fcntl64", fd, cmd, p); }
