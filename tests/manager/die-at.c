/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the manager: kills it (as SIGKILL does: nothing is flushed or cleaned up) just
 * before its Nth call that changes a file, so that a test can have it die at every point of an
 * operation, one after the other. Counting begins when the file $DIE_ARM is there. N is $DIE_AT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

int fdatasync(int fd);

static atomic_int count;

static void step(void)
{
	const char *at = getenv("DIE_AT");
	const char *arm = getenv("DIE_ARM");

	if (at && arm && access(arm, F_OK) == 0 && atomic_fetch_add(&count, 1) + 1 == atoi(at)) {
		kill(getpid(), SIGKILL);
	}
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int rename(const char *from, const char *to)
{
	step();
	return NEXT(rename)(from, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	step();
	return NEXT(renameat2)(from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
	step();
	return NEXT(unlink)(path);
}

int rmdir(const char *path)
{
	step();
	return NEXT(rmdir)(path);
}

int mkdir(const char *path, mode_t mode)
{
	step();
	return NEXT(mkdir)(path, mode);
}

int fsync(int fd)
{
	step();
	return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	step();
	return NEXT(fdatasync)(fd);
}

int ftruncate64(int fd, off64_t size)
{
	step();
	return NEXT(ftruncate64)(fd, size);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_list args;

		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
		step();
	}
	return NEXT(open64)(path, flags, mode);
}
